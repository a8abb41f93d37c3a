"""What every threshold would find and what it would cost, at the levels that a scan can tell apart.

Axes: l = level, p = plot.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.model import SCORE_LEVELS, Calibration
from pipeline.learning.evaluate import Judged, ScoredGround
from pipeline.learning.plots import PlotNumbers, Share, flags_on, labelled, tally

LEVELS: Final = tuple(range(1, SCORE_LEVELS))
"""Every level a plot may start at; a threshold is below 1, so 254 itself is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What each level of ``LEVELS`` finds on a ground: bool [l, p], and how many flags there are and touch, int [l]."""

    found_lp: npt.NDArray[np.bool_]
    flags_l: npt.NDArray[np.intp]
    right_l: npt.NDArray[np.intp]

    def plot_levels(self) -> npt.NDArray[np.intp]:
        """The highest level at which each plot is still found, 0 for none; intp [p]."""
        return np.asarray((self.found_lp * np.array(LEVELS)[:, None]).max(axis=0, initial=0), np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one threshold finds and costs."""

    threshold: float
    numbers: PlotNumbers


def sweep(scored: ScoredGround, calibration: Calibration, *, low_ratio: float) -> Sweep:
    """What each level finds when plots grow over cells of at least ``low_ratio`` of it."""
    levels_yx, labels = scored.levels(calibration), labelled(scored)
    tallies = [
        tally(flags_on(levels_yx, low_level=low_level(level, low_ratio), high_level=level), labels) for level in LEVELS
    ]
    return Sweep(
        found_lp=np.array([one.found for one in tallies], bool),
        flags_l=np.array([one.flags for one in tallies], np.intp),
        right_l=np.array([one.right for one in tallies], np.intp),
    )


def low_level(high_level: int, low_ratio: float) -> int:
    """The level a plot grows over when it starts at ``high_level``."""
    return max(1, math.floor(high_level * low_ratio + 1e-6))


def threshold_at(level: int) -> float:
    """The least probability, rounded up to a millionth, that a scan rounds down to ``level``."""
    return math.ceil(level / SCORE_LEVELS * 1e6) / 1e6


def trade_off(judged: Sequence[Judged]) -> tuple[Setting, ...]:
    """What each level finds and costs over all grounds, from the highest down, where anything changes."""
    sweeps = [sweep(one.scored, one.calibration, low_ratio=one.thresholds.low / one.thresholds.high) for one in judged]
    area_m2 = sum(one.scored.area_m2 for one in judged)
    plots = sum(one.found_lp.shape[1] for one in sweeps)
    found_l = sum(one.found_lp.sum(axis=1) for one in sweeps)
    flags_l, right_l = sum(one.flags_l for one in sweeps), sum(one.right_l for one in sweeps)
    counts = np.stack([found_l, flags_l, right_l], axis=1)
    changed = np.append((np.diff(counts, axis=0) != 0).any(axis=1), [True])
    return tuple(
        Setting(
            threshold=threshold_at(LEVELS[at]),
            numbers=PlotNumbers(
                recall=Share(hits=int(counts[at, 0]), n=plots),
                precision=Share(hits=int(counts[at, 2]), n=int(counts[at, 1])),
                area_m2=area_m2,
            ),
        )
        for at in np.flatnonzero(changed)[::-1]
    )
