"""Plots, not cells: what people are asked about, how many are found, and what may be claimed from that.

Axes: y = cell row, x = cell column.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from scipy.stats import beta

from pipeline.domain.model import Calibration, Thresholds
from pipeline.learning.chips import IGNORED
from pipeline.learning.evaluate import ScoredGround

LEAST_SHARE_INSIDE: Final = 0.5
"""A label with less of its area on a ground is counted elsewhere."""
LEAST_SHARE_OF_CELL: Final = 0.05
"""A label touches a cell that it covers this much of; and always the cell it covers most."""
LEAST_SHARE_ASSESSABLE: Final = 0.5
"""A plot of which less is assessable is uncovered ground, neither found nor missed."""
SQUARE_METRES_PER_HECTARE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A labelled target on a ground: the rows and columns of the cells it touches."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``hits`` of ``n``, with its exact 95 % interval (Clopper and Pearson, 1934)."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share itself; not a number of nothing."""
        return self.hits / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Two-sided 95 % bounds."""
        low = float(beta.ppf(0.025, self.hits, self.n - self.hits + 1)) if self.hits else 0.0
        high = float(beta.ppf(0.975, self.hits + 1, self.n - self.hits)) if self.hits < self.n else 1.0
        return low, high

    @property
    def at_least(self) -> float:
        """The one-sided 95 % lower bound."""
        return float(beta.ppf(0.05, self.hits, self.n - self.hits + 1)) if self.hits else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotNumbers:
    """How many labelled plots were found, and how many candidates were plots."""

    recall: Share
    precision: Share
    area_m2: float

    @property
    def false_per_hectare(self) -> float:
        """Candidates on clear ground for each hectare flown."""
        return (self.precision.n - self.precision.hits) / (self.area_m2 / SQUARE_METRES_PER_HECTARE)


def plots_of(scored: ScoredGround) -> tuple[Plot, ...]:
    """The labelled targets that lie mostly on this ground."""
    size = scored.ground.size
    frame = shapely.box(0, 0, size.width_px, size.height_px)
    parts = [(outline, shapely.intersection(outline, frame)) for outline in scored.ground.targets]
    return tuple(
        _plot(part, scored.cell_px) for outline, part in parts if part.area >= LEAST_SHARE_INSIDE * outline.area > 0
    )


def _plot(outline: shapely.Geometry, cell_px: int) -> Plot:
    """The cells that an outline inside the ground touches."""
    left, top, right, bottom = outline.bounds
    across = slice(int(left // cell_px), math.ceil(right / cell_px))
    down = slice(int(top // cell_px), math.ceil(bottom / cell_px))
    rows, columns = np.mgrid[down, across].reshape(2, -1)
    cells = shapely.box(columns * cell_px, rows * cell_px, (columns + 1) * cell_px, (rows + 1) * cell_px)
    covered = shapely.area(shapely.intersection(cells, outline))
    touched = covered >= min(LEAST_SHARE_OF_CELL * cell_px**2, covered.max())
    return Plot(rows=rows[touched], columns=columns[touched])


def assessable_plots(scored: ScoredGround) -> tuple[Plot, ...]:
    """The plots that the model is asked about: at least half of their cells are assessable."""
    return tuple(
        plot
        for plot in plots_of(scored)
        if scored.assessable_yx[plot.rows, plot.columns].mean() >= LEAST_SHARE_ASSESSABLE
    )


def plot_scores(scored: ScoredGround, calibration: Calibration) -> npt.NDArray[np.float64]:
    """The highest probability among the cells of each plot on assessable ground; float64 [plots]."""
    probability_yx = scored.probabilities(calibration)
    return np.array([probability_yx[plot.rows, plot.columns].max() for plot in assessable_plots(scored)], float)


def measure_plots(scored: Sequence[ScoredGround], calibration: Calibration, thresholds: Thresholds) -> PlotNumbers:
    """Recall over labelled plots and precision over candidates, on all grounds together."""
    scores = np.concatenate([plot_scores(one, calibration) for one in scored])
    candidates = [_candidates(one, calibration, thresholds) for one in scored]
    return PlotNumbers(
        recall=Share(hits=int((scores >= thresholds.high).sum()), n=len(scores)),
        precision=Share(hits=sum(right for right, _ in candidates), n=sum(n for _, n in candidates)),
        area_m2=sum(one.area_m2 for one in scored),
    )


def _candidates(scored: ScoredGround, calibration: Calibration, thresholds: Thresholds) -> tuple[int, int]:
    """How many candidates touch labelled target, and how many there are: cells >= low around a cell >= high."""
    probability_yx = scored.probabilities(calibration)
    groups_yx, _ = ndimage.label(probability_yx >= thresholds.low, structure=np.ones((3, 3)))
    raised = set(np.unique(groups_yx[probability_yx >= thresholds.high])) - {0}
    some_target_yx = (scored.truth_yx > 0) | (scored.truth_yx == IGNORED)
    right = raised & set(np.unique(groups_yx[some_target_yx]))
    return len(right), len(raised)


def claim(recall: Share, target: float) -> str:
    """What may be said about recall: a claim with 95 % confidence, or how many plots are missing for one."""
    if recall.at_least >= target:
        return f"At least {target:.0%} of plots on ground like this are found (95 % confidence, n = {recall.n})."
    needed = plots_for_claim(target)
    if recall.n < needed:
        return (
            f"No recall is claimed: {recall.n} held-out plots cannot prove {target:.0%}; "
            f"it takes at least {needed} without a miss, so {needed - recall.n} are missing."
        )
    return (
        f"No recall is claimed: {recall.hits} of {recall.n} plots found does not prove {target:.0%} "
        "with 95 % confidence."
    )


def plots_for_claim(target: float) -> int:
    """The fewest plots that can prove a recall of ``target`` with 95 % confidence, when none is missed."""
    return math.ceil(math.log(0.05) / math.log(target))
