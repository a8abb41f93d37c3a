"""Two models on the same plots: what one finds and the other does not, and how sure the difference is.

A plot on ground that a model calls not assessable is not found by it: uncovered ground finds nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from pipeline.domain.coverage import HECTARE_M2
from pipeline.domain.interval import wilson
from pipeline.learning.evaluate import Judged
from pipeline.learning.plots import flags_on, labelled, lies_inside, tally_at_threshold

RESAMPLES: Final = 10_000
FEWEST_GROUNDS: Final = 5
"""Of fewer grounds a bootstrap tells nothing."""
SEED: Final = 20_261_126

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundPair:
    """One ground under both models: bool [plots] of what each found, in one order, and false flags of each.

    ``whole`` says that all of it is labelled; elsewhere a flag on unknown ground is neither true nor false, so that
    false flags are counted on whole grounds alone. ``champion_idle_m2`` and ``challenger_idle_m2`` are the ground that
    flags cover where no target lies, those that touch one too: a single flag over everything finds all plots and is
    not false.
    """

    name: str
    area_m2: float
    whole: bool
    champion_found: npt.NDArray[np.bool_]
    challenger_found: npt.NDArray[np.bool_]
    champion_false: int
    challenger_false: int
    champion_idle_m2: float = 0.0
    challenger_idle_m2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How often both models, one of them, or none found a plot."""

    both: int
    gained: int
    lost: int
    neither: int

    @property
    def n(self) -> int:
        """How many plots there are."""
        return self.both + self.gained + self.lost + self.neither

    @property
    def difference(self) -> float:
        """The challenger's recall less the champion's; not a number of no plots."""
        return (self.gained - self.lost) / self.n if self.n else math.nan

    @property
    def chance(self) -> float:
        """How probable a difference as large is between equals: McNemar's test (1947), exact, two-sided."""
        unlike = self.gained + self.lost
        return float(binomtest(self.gained, unlike, 0.5).pvalue) if unlike else 1.0

    @property
    def interval(self) -> Interval:
        """95 % bounds of ``difference``: Newcombe (1998), Statistics in Medicine 17, method 10; [-1, 1] of nothing."""
        if not self.n:
            return -1.0, 1.0
        new, old = wilson(self.both + self.gained, self.n), wilson(self.both + self.lost, self.n)
        above_new, below_new = new.high - new.hits / self.n, new.hits / self.n - new.low
        above_old, below_old = old.high - old.hits / self.n, old.hits / self.n - old.low
        low = math.sqrt(max(0.0, below_new**2 - 2 * self._phi * below_new * above_old + above_old**2))
        high = math.sqrt(max(0.0, above_new**2 - 2 * self._phi * above_new * below_old + below_old**2))
        return max(-1.0, self.difference - low), min(1.0, self.difference + high)

    @property
    def _phi(self) -> float:
        """The correlation of the two, with Newcombe's correction."""
        found, missed = self.both + self.gained, self.lost + self.neither
        of_old, missed_old = self.both + self.lost, self.gained + self.neither
        if not found * missed * of_old * missed_old:
            return 0.0
        cross = float(self.both * self.neither - self.gained * self.lost)
        cross = max(cross - self.n / 2, 0.0) if cross > 0 else cross
        return cross / math.sqrt(found * missed * of_old * missed_old)


def pair(champion: Judged, challenger: Judged) -> GroundPair:
    """The same ground, judged by both."""
    ground = champion.scored.ground
    return GroundPair(
        name=ground.source.field if ground.source else ground.path.name,
        area_m2=champion.scored.area_m2,
        whole=not ground.unknowns,
        champion_found=_found(champion),
        challenger_found=_found(challenger),
        champion_false=_false(champion),
        challenger_false=_false(challenger),
        champion_idle_m2=_idle_m2(champion),
        challenger_idle_m2=_idle_m2(challenger),
    )


def tabulate(pairs: Sequence[GroundPair]) -> Table:
    """All plots of some grounds."""
    none = [np.zeros(0, bool)]
    old = np.concatenate(none + [one.champion_found for one in pairs])
    new = np.concatenate(none + [one.challenger_found for one in pairs])
    counts = [int(np.count_nonzero(which)) for which in (old & new, new & ~old, old & ~new, ~old & ~new)]
    return Table(both=counts[0], gained=counts[1], lost=counts[2], neither=counts[3])


def false_difference(pairs: Sequence[GroundPair]) -> tuple[float, Interval | None]:
    """The challenger's false flags a hectare less the champion's, on whole grounds, and its 95 % bounds.

    The bounds are of a bootstrap by ground (Efron, 1979; percentiles), None of fewer than ``FEWEST_GROUNDS``.
    """
    whole = [one for one in pairs if one.whole]
    more = np.array([one.challenger_false - one.champion_false for one in whole], float)
    hectares = np.array([one.area_m2 / HECTARE_M2 for one in whole], float)
    difference = float(more.sum() / hectares.sum()) if whole else math.nan
    if len(whole) < FEWEST_GROUNDS:
        return difference, None
    drawn = np.random.default_rng(SEED).integers(len(whole), size=(RESAMPLES, len(whole)))
    low, high = np.quantile(more[drawn].sum(axis=1) / hectares[drawn].sum(axis=1), (0.025, 0.975))
    return difference, (float(low), float(high))


def _found(judged: Judged) -> npt.NDArray[np.bool_]:
    """Which plots that lie mostly on the ground a flag touches, assessable or not; bool [plots]."""
    every = replace(labelled(judged.scored), counted=lies_inside(judged.scored))
    return tally_at_threshold(judged, every).found


def _false(judged: Judged) -> int:
    counted = tally_at_threshold(judged, labelled(judged.scored))
    return counted.flags - counted.right


def _idle_m2(judged: Judged) -> float:
    """The ground of flags on which no labelled target lies, in square metres."""
    scored, set_to = judged.scored, judged.thresholds
    levels_yx = scored.levels(judged.calibration)
    flags = flags_on(levels_yx, low_level=set_to.low_level, high_level=set_to.high_level)
    flagged = np.isin(flags.numbers_rc.ravel(), flags.raised)
    flagged[labelled(scored).cell] = False
    return float(np.count_nonzero(flagged) * scored.cell_px**2 * scored.pixel_area_m2)
