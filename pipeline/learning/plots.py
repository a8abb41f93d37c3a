"""Plots, not cells: which labelled plots a scan would flag, and which flags are false.

A label is found when a flag touches it; a flag is false when it touches none. Flags are made as a scan makes them: by
the same levels, the same hysteresis, the same neighbours. A flag touches a label exactly when one of its cells does.

Axes: y = cell row, x = cell column; pairs of a cell and a label that touch are flat arrays [pairs].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.stats import beta

from pipeline.domain.assessability import Reason
from pipeline.domain.claim import plots_for, proven_share
from pipeline.domain.coverage import HECTARE_M2
from pipeline.domain.model import Calibration, Thresholds
from pipeline.imagery.regions import Regions, grow
from pipeline.learning.evaluate import Judged, ScoredGround

LEAST_SHARE_INSIDE: Final = 0.5
"""A label with less of its area on a ground is counted elsewhere; a flag that touches it is still not false."""
LEAST_SHARE_ASSESSABLE: Final = 0.5
"""A plot of which fewer cells are assessable is uncovered ground, neither found nor missed."""
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The labelled targets of a ground and the cells they touch.

    ``counted`` is bool [labels]: which lie mostly on this ground and are assessable for the most part; the model is
    asked about these. ``given_up`` counts those on ground that is not assessable: uncovered, neither found nor missed.
    ``cell`` (number in reading order) and ``label`` are intp [pairs].
    """

    outlines: tuple[shapely.Geometry, ...]
    counted: npt.NDArray[np.bool_]
    given_up: int
    cell: npt.NDArray[np.intp]
    label: npt.NDArray[np.intp]

    @property
    def plots(self) -> tuple[shapely.Geometry, ...]:
        """The outlines that count, in model pixels."""
        return tuple(outline for outline, counts in zip(self.outlines, self.counted, strict=True) if counts)

    def highest(self, values_yx: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The highest value among the cells of each counted plot; [plots]."""
        best = np.zeros(len(self.outlines), values_yx.dtype)
        np.maximum.at(best, self.label, values_yx.ravel()[self.cell])
        return best[self.counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was found on a ground: bool [plots] in the order of ``Labelled.plots``, and how many flags touch a label."""

    found: npt.NDArray[np.bool_]
    flags: int
    right: int


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
        return self.bounds(CONFIDENCE)

    @property
    def at_least(self) -> float:
        """The one-sided 95 % lower bound."""
        return proven_share(self.hits, self.n, confidence=CONFIDENCE)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Two-sided bounds at a confidence."""
        tail = (1 - confidence) / 2
        low = float(beta.ppf(tail, self.hits, self.n - self.hits + 1)) if self.hits else 0.0
        high = float(beta.ppf(1 - tail, self.hits + 1, self.n - self.hits)) if self.hits < self.n else 1.0
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotNumbers:
    """How many labelled plots were found, and how many flags touch one, on how much flown ground.

    ``given_up`` plots, and the share ``given_up_ground`` of cells, were not assessable: uncovered, not missed.
    """

    recall: Share
    precision: Share
    area_m2: float
    given_up: int = 0
    given_up_ground: float = 0.0

    @property
    def false_flags(self) -> int:
        """Flags that touch no labelled target."""
        return self.precision.n - self.precision.hits

    @property
    def false_per_hectare(self) -> float:
        """False flags for each hectare flown."""
        return self.false_flags / (self.area_m2 / HECTARE_M2)

    @property
    def false_per_true(self) -> float:
        """False flags for each one that touches a target; infinite where none does, not a number of no flag."""
        if not self.precision.n:
            return math.nan
        return self.false_flags / self.precision.hits if self.precision.hits else math.inf

    @property
    def f1(self) -> float:
        """The harmonic mean of recall and precision."""
        return _harmonic(self.recall.value, self.precision.value)

    @property
    def f1_interval(self) -> tuple[float, float]:
        """95 % bounds, on the safe side: both shares at 97.5 % each, so that both hold at once with 95 % (Dunn, 1961).

        F1 rises with either, so its bounds are those of the worst and the best pair. Unlike a bootstrap it does not
        shrink to a point where nothing was missed.
        """
        each = 1 - (1 - CONFIDENCE) / 2
        low, high = zip(self.recall.bounds(each), self.precision.bounds(each), strict=True)
        return _harmonic(*low), _harmonic(*high)


def labelled(scored: ScoredGround) -> Labelled:
    """The labelled targets of a scored ground."""
    outlines = scored.ground.targets
    pairs = [(cells, np.full(len(cells), n)) for n, one in enumerate(outlines) for cells in [_touched(one, scored)]]
    inside = lies_inside(scored)
    seen = np.array([_share_assessable(cells, scored) >= LEAST_SHARE_ASSESSABLE for cells, _ in pairs], bool)
    none = np.zeros(0, np.intp)
    return Labelled(
        outlines=outlines,
        counted=inside & seen,
        given_up=int(np.count_nonzero(inside & ~seen)),
        cell=np.concatenate([none, *(cells for cells, _ in pairs)]),
        label=np.concatenate([none, *(labels for _, labels in pairs)]),
    )


def lies_inside(scored: ScoredGround) -> npt.NDArray[np.bool_]:
    """Which labelled targets of a ground lie mostly on it; bool [labels]."""
    frame = shapely.box(0, 0, scored.ground.size.width_px, scored.ground.size.height_px)
    return np.array(
        [
            shapely.area(shapely.intersection(one, frame)) >= LEAST_SHARE_INSIDE * one.area > 0
            for one in scored.ground.targets
        ],
        bool,
    )


def _touched(outline: shapely.Geometry, scored: ScoredGround) -> npt.NDArray[np.intp]:
    """The numbers of the cells that an outline touches, by a shared edge or corner too; intp [cells]."""
    rows, columns = scored.logits_yx.shape
    size, cell_px = scored.ground.size, scored.cell_px
    left, top, right, bottom = outline.bounds
    across = np.arange(max(0, math.ceil(left / cell_px) - 1), min(columns, math.floor(right / cell_px) + 1))
    down = np.arange(max(0, math.ceil(top / cell_px) - 1), min(rows, math.floor(bottom / cell_px) + 1))
    row, column = (grid.ravel() for grid in np.meshgrid(down, across, indexing="ij"))
    ends = np.minimum((column + 1) * cell_px, size.width_px), np.minimum((row + 1) * cell_px, size.height_px)
    cells = shapely.box(column * cell_px, row * cell_px, *ends)
    touches = shapely.intersects(cells, outline)
    return np.asarray((row * columns + column)[touches], np.intp)


def _share_assessable(cells: npt.NDArray[np.intp], scored: ScoredGround) -> float:
    """How many of some cells are assessable, in [0, 1]; none of no cell."""
    return float(scored.assessable_yx.ravel()[cells].mean()) if len(cells) else 0.0


def flags_on(levels_yx: npt.NDArray[np.uint8], *, low_level: int, high_level: int) -> Regions:
    """The flags that a scan makes of stored scores: cells >= low around at least one >= high."""
    return grow(levels_yx >= low_level, levels_yx >= high_level)


def tally(flags: Regions, labels: Labelled) -> Tally:
    """Count flags against labels."""
    raised = np.zeros(int(flags.numbers_rc.max(initial=0)) + 1, bool)
    raised[flags.raised] = True
    at = flags.numbers_rc.ravel()[labels.cell]
    hit = raised[at]
    found = np.zeros(len(labels.outlines), bool)
    found[labels.label[hit]] = True
    return Tally(found=found[labels.counted], flags=len(flags.raised), right=len(np.unique(at[hit])))


def tally_at_threshold(judged: Judged, labels: Labelled) -> Tally:
    """What the model's own thresholds find on a ground."""
    levels_yx, set_to = judged.scored.levels(judged.calibration), judged.thresholds
    return tally(flags_on(levels_yx, low_level=set_to.low_level, high_level=set_to.high_level), labels)


def measure_plots(scored: Sequence[ScoredGround], calibration: Calibration, thresholds: Thresholds) -> PlotNumbers:
    """Recall over labelled plots and precision over flags, on all grounds together."""
    return count_plots([Judged(scored=one, calibration=calibration, thresholds=thresholds) for one in scored])


def count_plots(judged: Sequence[Judged]) -> PlotNumbers:
    """Recall and precision over all grounds, each at the thresholds of the model that judged it."""
    labels = [labelled(one.scored) for one in judged]
    tallies = [tally_at_threshold(one, its) for one, its in zip(judged, labels, strict=True)]
    return PlotNumbers(
        recall=Share(
            hits=sum(int(np.count_nonzero(one.found)) for one in tallies), n=sum(len(one.found) for one in tallies)
        ),
        precision=Share(hits=sum(one.right for one in tallies), n=sum(one.flags for one in tallies)),
        area_m2=sum(one.scored.area_m2 for one in judged),
        given_up=sum(its.given_up for its in labels),
        given_up_ground=given_up_ground([one.scored for one in judged]),
    )


def given_up_ground(scored: Sequence[ScoredGround]) -> float:
    """The share of the cells with imagery that the model was not asked about, in [0, 1]."""
    flown = sum(np.count_nonzero(one.why_yx != Reason.SLIVER) for one in scored)
    asked = sum(np.count_nonzero(one.assessable_yx) for one in scored)
    return 1 - asked / flown if flown else 0.0


def claim(recall: Share, target: float) -> str:
    """What counting on ground kept for counting says: a claim with 95 % confidence, or how many plots are missing."""
    if recall.at_least >= target:
        return f"At least {target:.0%} of plots on ground like this are found (95 % confidence, n = {recall.n})."
    needed = plots_for(target)
    if recall.n < needed:
        return (
            f"No recall is claimed: {recall.n} held-out plots cannot prove {target:.0%}; "
            f"it takes at least {needed} without a miss, so {needed - recall.n} are missing."
        )
    return (
        f"No recall is claimed: {recall.hits} of {recall.n} plots found does not prove {target:.0%} "
        "with 95 % confidence."
    )


def _harmonic(first: float, second: float) -> float:
    """The harmonic mean of two shares; 0 where one is."""
    return 2 * first * second / (first + second) if first + second else 0.0
