"""Change: what became of candidate plots since an earlier flight over the same ground.

Outlines lie in one plane, in metres; those of the earlier flight are moved by the shift of its picture already. A plot
is a question about the ground at each of the two times, so a change is one too: a plot that vanished is not asked about
any more, which is no proof that nothing grows there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.flag import FlagStatus

LEAST_CARRIED: Final = 8
"""Fewer patches that find each other are no measure of how two pictures lie."""
MOST_RESIDUAL_M: Final = 0.5
"""Less than the side of a cell at the ground sampling distances that models know."""
SAME: Final = 0.1
"""Two outlines are of the same plot where they share so much of the smaller one."""
WHOLLY: Final = 0.9
"""Ground was seen where so much of a plot was; what counts as seen ends up to 0.75 m inside of what was."""
NO_PLOTS: Final = frozenset({FlagStatus.REJECTED, FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE})
"""People said of these that they are none: they neither appear nor vanish."""


class Word(StrEnum):
    """What is said of a plot."""

    NEW = "new"
    """Its ground was seen before, and nothing was asked about there."""
    STILL_THERE = "still_there"
    """It was asked about before, and is again."""
    VANISHED = "vanished"
    """It was asked about before; its ground was seen again, and nothing is asked about there."""
    NOT_SEEN_THEN = "not_seen_then"
    """The earlier flight did not see its ground, or not all of it."""
    NOT_SEEN_NOW = "not_seen_now"
    """The later flight did not see its ground, or not all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How an earlier picture lies on a later one: moved east and north by so many metres, it fits.

    ``tried`` patches were compared, ``carried`` of them found each other; four of five of these lie within
    ``residual_m`` of the shift, which is their median.
    """

    east_m: float
    north_m: float
    residual_m: float
    tried: int
    carried: int

    @property
    def doubt(self) -> str | None:
        """Why nothing may be said of change; None where something may."""
        if self.carried < LEAST_CARRIED:
            return (
                f"the two pictures could not be laid on each other: {self.carried} of {self.tried} patches found each "
                f"other, and at least {LEAST_CARRIED} are needed"
            )
        if self.residual_m > MOST_RESIDUAL_M:
            return (
                f"laid on each other, the two pictures still differ by {self.residual_m:.2f} m, and more than "
                f"{MOST_RESIDUAL_M} m is too much"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A candidate plot of one flight, by its number there."""

    label: str
    status: FlagStatus
    outline: BaseGeometry
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a plot: as it is ``now``, and those of ``then`` on the same ground."""

    word: Word
    now: Plot | None
    then: tuple[Plot, ...]

    @property
    def plots(self) -> tuple[Plot, ...]:
        """All plots that it is about, the later one first."""
        return self.then if self.now is None else (self.now, *self.then)

    @property
    def area_m2(self) -> float:
        """The area of the plot as it is now, else as it was then."""
        return self.now.area_m2 if self.now else sum(plot.area_m2 for plot in self.then)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The candidate plots of a flight, and the ground on which it could see some."""

    plots: Sequence[Plot]
    seen: BaseGeometry


def changes_between(now: Survey, then: Survey, *, reach_m: float) -> tuple[Change, ...]:
    """What became of each plot, the largest first within each word.

    Plots nearer than ``reach_m``, by which the pictures still differ, are taken for the same.
    """
    after = [plot for plot in now.plots if plot.status not in NO_PLOTS]
    before = [plot for plot in then.plots if plot.status not in NO_PLOTS]
    matched: set[str] = set()
    found = []
    for plot in after:
        same = tuple(one for one in before if _is_same(plot, one, reach_m))
        matched.update(one.label for one in same)
        found.append(Change(word=_word_of(plot, same, then.seen), now=plot, then=same))
    for plot in before:
        if plot.label not in matched:
            word = Word.VANISHED if _is_wholly_in(plot, now.seen) else Word.NOT_SEEN_NOW
            found.append(Change(word=word, now=None, then=(plot,)))
    order = list(Word)
    return tuple(sorted(found, key=lambda change: (order.index(change.word), -change.area_m2)))


def _word_of(plot: Plot, same: tuple[Plot, ...], seen_then: BaseGeometry) -> Word:
    if same:
        return Word.STILL_THERE
    return Word.NEW if _is_wholly_in(plot, seen_then) else Word.NOT_SEEN_THEN


def _is_same(one: Plot, other: Plot, reach_m: float) -> bool:
    if shapely.distance(one.outline, other.outline) > reach_m:
        return False
    shared = shapely.intersection(shapely.buffer(one.outline, reach_m), other.outline).area
    return bool(shared >= SAME * min(one.outline.area, other.outline.area))


def _is_wholly_in(plot: Plot, seen: BaseGeometry) -> bool:
    return bool(shapely.intersection(plot.outline, seen).area >= WHOLLY * plot.outline.area)
