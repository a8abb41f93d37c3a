"""Freshness: which ground was looked at on which day, and on which day before that.

Plane coordinates in metres of an equal-area projection, so that areas add up. A *look* is ground on a day. Each look
makes *moves*: ground that had last been looked at on ``previous`` is looked at again on ``day``. Ground that was looked
at in a window of days was, on exactly one of them, looked at for the first time in the window; so what a window has is
the sum of the moves with their day in it and their previous one before it, however often it was flown.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.errors import InvalidInputError

NEVER: Final = date.min
"""The previous day of ground that was looked at for the first time."""
UNITS_IN_M2: Final = 100
"""Areas are counted in whole square decimetres: whole numbers add up exactly."""
NOISE_M2: Final = 1e-3
"""Less than this is what is lost where outlines are cut with each other in floating point."""


class LookKind(StrEnum):
    """What a look is made of."""

    SEEN = "seen"
    """Imagery that was assessed: clear or flagged."""
    IMAGED = "imaged"
    """Imagery, assessable or not."""
    SKIPPED = "skipped"
    """Ground that was planned and could not be flown."""


class Level(StrEnum):
    """How much is known of ground; each level holds all of the one before."""

    SEEN = "seen"
    IMAGED = "imaged"
    TRIED = "tried"
    """Imaged, or planned and not flown for a reason."""


LEVELS: Final[Mapping[LookKind, tuple[Level, ...]]] = {
    LookKind.SEEN: (Level.SEEN,),
    LookKind.IMAGED: (Level.IMAGED, Level.TRIED),
    LookKind.SKIPPED: (Level.TRIED,),
}
"""The levels to which a look of each kind counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins.

        Raises:
            InvalidInputError: It does.
        """
        if self.first > self.last:
            raise InvalidInputError(f"the window ends on {self.last}, before it begins on {self.first}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Ground that was looked at on a day."""

    day: date
    ground: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a new look: when this ground was looked at before, ``NEVER`` for not at all, and when next."""

    ground: BaseGeometry
    previous: date
    following: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``area_m2`` last looked at on ``previous`` is looked at again on ``day``; what a late look undoes is negative."""

    day: date
    previous: date
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Ground in the four states of a survey area, in whole square decimetres that sum to ``total``."""

    seen: int
    not_assessable: int
    could_not_be_flown: int
    not_flown: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.seen + self.not_assessable + self.could_not_be_flown + self.not_flown

    @property
    def uncovered(self) -> int:
        """What nobody has seen."""
        return self.total - self.seen

    @property
    def seen_share(self) -> float:
        """The covered share, in [0, 1]; never more than the truth, and 1 only where all of it was seen."""
        return self.seen / self.total if self.total else 0.0

    def area_m2(self, state: str) -> float:
        """The ground in one of the states, ``total`` or ``uncovered``, in square metres."""
        return int(getattr(self, state)) / UNITS_IN_M2


def pieces_of(look: Look, others: Sequence[Look]) -> tuple[Piece, ...]:
    """A new look in pieces by when the ground was looked at before and after; without what was on that day already."""
    touching = [other for other in others if other.ground.intersects(look.ground)]
    today = [other.ground for other in touching if other.day == look.day]
    ground = shapely.difference(look.ground, shapely.union_all(today)) if today else look.ground
    earlier = sorted({other.day for other in touching if other.day < look.day}, reverse=True)
    later = sorted({other.day for other in touching if other.day > look.day})
    pieces = []
    for previous, part in _dealt(ground, earlier, touching):
        for following, rest in _dealt(part, later, touching):
            pieces.append(Piece(ground=rest, previous=previous or NEVER, following=following))
    return tuple(pieces)


def _dealt(
    ground: BaseGeometry, days: Sequence[date], looks: Sequence[Look]
) -> Iterable[tuple[date | None, BaseGeometry]]:
    """What of ``ground`` belongs to the first of ``days`` that looked at it; None for what no day did."""
    rest = ground
    for day in days:
        that_day = shapely.union_all([look.ground for look in looks if look.day == day])
        if (part := shapely.intersection(rest, that_day)).area > 0:
            yield day, part
            rest = shapely.difference(rest, that_day)
    if rest.area > 0:
        yield None, rest


def moves_of(day: date, pieces: Iterable[Piece], region: BaseGeometry) -> tuple[Move, ...]:
    """How the pieces of a look on ``day`` change what is known of ``region``."""
    moves = []
    shapely.prepare(region)
    for piece in pieces:
        ground = piece.ground if region.covers(piece.ground) else shapely.intersection(piece.ground, region)
        if not (area_m2 := float(ground.area)):
            continue
        moves.append(Move(day=day, previous=piece.previous, area_m2=area_m2))
        if piece.following is not None:
            moves.append(Move(day=piece.following, previous=piece.previous, area_m2=-area_m2))
            moves.append(Move(day=piece.following, previous=day, area_m2=area_m2))
    return tuple(moves)


def ground_of(area_m2: float, levels: Mapping[Level, float]) -> Ground:
    """The four states of an area from what each level holds of it, in square metres.

    Each level is rounded down, so that no ground counts as more than it is, and what is left is not flown.
    """
    total = round(area_m2 * UNITS_IN_M2)
    seen, imaged, tried = (_down(levels.get(level, 0.0), area_m2, total) for level in Level)
    imaged = max(imaged, seen)
    tried = max(tried, imaged)
    return Ground(
        seen=seen,
        not_assessable=imaged - seen,
        could_not_be_flown=tried - imaged,
        not_flown=total - tried,
    )


def _down(part_m2: float, whole_m2: float, total: int) -> int:
    """A part in square decimetres, rounded down; all of ``total`` where nothing but rounding is missing."""
    if part_m2 >= whole_m2 - NOISE_M2:
        return total
    return min(max(0, math.floor(part_m2 * UNITS_IN_M2)), total)
