"""Retention: how long the imagery of a flight is kept, and what keeps it longer (section 6 of the rules of the survey).

Imagery is what shows land as it looked. What was found by it, where, by which model, and the sha256 of every original
stay for good.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import RUNNING, Flight

SETTLED: Final = frozenset({FlagStatus.REJECTED})
"""Nothing is asked any more, and nobody goes there."""
WAITING: Final = frozenset({FlagStatus.UNREVIEWED, FlagStatus.IN_REVIEW, FlagStatus.DISPUTED})
"""People have not answered yet."""


class Keeps(StrEnum):
    """What keeps the imagery of a flight, whatever its age."""

    WORK = "work"
    """The machine works on it."""
    QUESTION = "question"
    """Something of it still waits for verdicts: a flag, or ground that was drawn to be read."""
    FINDING = "finding"
    """People confirmed a flag of it, wherever that led."""
    KNOWN_GROUND = "known_ground"
    """Readers are measured by ground of it."""
    AGE = "age"
    """It is not old enough."""


def ends_at(flight: Flight, *, days: float) -> datetime:
    """The time up to which imagery is kept at least, in UTC."""
    return flight.received_at + timedelta(days=days)


def what_keeps(
    flight: Flight, statuses: Iterable[FlagStatus], *, known_ground: bool, days: float, now: datetime
) -> Keeps | None:
    """What keeps the imagery of a flight; None where it is let go.

    ``statuses`` are of all that readers were asked about it but of known ground, ``days`` how long imagery is kept.
    """
    stand = set(statuses)
    if flight.state in RUNNING:
        return Keeps.WORK
    if stand - SETTLED:
        return Keeps.QUESTION if stand & WAITING else Keeps.FINDING
    if known_ground:
        return Keeps.KNOWN_GROUND
    return Keeps.AGE if now < ends_at(flight, days=days) else None
