"""A flag: a candidate plot put before people. A flag is a question; only people answer it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from pipeline.domain.plot import CandidatePlot

FlagId = NewType("FlagId", str)


class FlagStatus(StrEnum):
    """Where a flag stands. A scan can make nothing but ``unreviewed`` flags."""

    UNREVIEWED = "unreviewed"
    """No person has looked yet."""
    IN_REVIEW = "in_review"
    """Offered to a reviewer at least once; too few verdicts to say more."""
    REJECTED = "rejected"
    """Not worth a visit, by verdict."""
    CONFIRMED = "confirmed"
    """Worth a visit, by the verdicts of two reviewers."""
    DISPUTED = "disputed"
    """Reviewers are unsure or disagree; a third one decides."""
    VISIT_PLANNED = "visit_planned"
    """A field team will go and see."""
    VERIFIED = "verified"
    """Seen on the ground: it is what was asked about."""
    ABSENT = "absent"
    """Seen on the ground: nothing is there."""
    LOOK_ALIKE = "look_alike"
    """Seen on the ground: something else that looks like it."""
    NO_ACCESS = "no_access"
    """The ground could not be reached. This is not a negative."""
    ALREADY_REMOVED = "already_removed"
    """It was there, and is gone."""


class FlagOrigin(StrEnum):
    """Why something is put before readers. No reader is told."""

    SCAN = "scan"
    """The model asks."""
    CONTROL = "control"
    """Ground of which the truth is known: it asks how good the reader is, and is never visited."""
    AUDIT = "audit"
    """Ground that the model called clear, drawn at random: it asks what the model misses."""


ALLOWED: Final[dict[FlagStatus, frozenset[FlagStatus]]] = {
    FlagStatus.UNREVIEWED: frozenset({FlagStatus.IN_REVIEW}),
    FlagStatus.IN_REVIEW: frozenset({FlagStatus.REJECTED, FlagStatus.CONFIRMED, FlagStatus.DISPUTED}),
    FlagStatus.REJECTED: frozenset(),
    FlagStatus.CONFIRMED: frozenset({FlagStatus.VISIT_PLANNED}),
    FlagStatus.DISPUTED: frozenset({FlagStatus.REJECTED, FlagStatus.CONFIRMED}),
    FlagStatus.VISIT_PLANNED: frozenset(
        {
            FlagStatus.VERIFIED,
            FlagStatus.ABSENT,
            FlagStatus.LOOK_ALIKE,
            FlagStatus.NO_ACCESS,
            FlagStatus.ALREADY_REMOVED,
        }
    ),
    FlagStatus.VERIFIED: frozenset(),
    FlagStatus.ABSENT: frozenset(),
    FlagStatus.LOOK_ALIKE: frozenset(),
    FlagStatus.NO_ACCESS: frozenset({FlagStatus.VISIT_PLANNED}),
    FlagStatus.ALREADY_REMOVED: frozenset(),
}
"""The life of a flag."""

OUTCOMES: Final = ALLOWED[FlagStatus.VISIT_PLANNED]
"""What a visit may find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A candidate plot with the model and threshold that raised it."""

    id: FlagId
    plot: CandidatePlot
    model: str
    threshold: float
    status: FlagStatus = FlagStatus.UNREVIEWED


def raise_flags(plots: tuple[CandidatePlot, ...], *, model: str, threshold: float) -> tuple[Flag, ...]:
    """One unreviewed flag for each plot, numbered from the north west in reading order."""
    ordered = sorted(plots, key=lambda plot: (-plot.outline.bounds[3], plot.outline.bounds[0]))
    return tuple(
        Flag(id=FlagId(f"F{number:05d}"), plot=plot, model=model, threshold=threshold)
        for number, plot in enumerate(ordered, start=1)
    )
