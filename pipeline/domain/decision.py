"""Decisions: what people say of a flag, and what follows from it. Nothing but decisions confirms or rejects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.people import PersonId

DecisionId = NewType("DecisionId", str)

FOUR_EYES: Final = 2
"""Distinct reviewers who must say ``confirm`` before anything is confirmed."""
ADJUDICATOR: Final = 3
"""The reader, counted from 1, whose verdict may end a dispute."""


class Verdict(StrEnum):
    """What a reviewer says of a flag."""

    CONFIRM = "confirm"
    """A field team should go and see."""
    REJECT = "reject"
    """Not worth a visit."""
    UNSURE = "unsure"
    """Cannot be told from the picture."""


CORRECTED: Final[dict[FlagStatus, frozenset[FlagStatus]]] = {
    FlagStatus.REJECTED: frozenset({FlagStatus.IN_REVIEW, FlagStatus.DISPUTED, FlagStatus.CONFIRMED}),
    FlagStatus.CONFIRMED: frozenset({FlagStatus.DISPUTED, FlagStatus.REJECTED}),
    FlagStatus.DISPUTED: frozenset({FlagStatus.IN_REVIEW}),
}
"""Ways that only a reviewer's correction of an own verdict opens, and only before a visit is planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was on screen: sha256 of the pictures shown, the model and its threshold."""

    pictures_sha256: str
    model: str
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict, as it was given. ``reader`` counts the flag's reviewers from 1; a correction keeps its reader.

    ``supersedes`` is the decision of the same person that this one corrects.
    """

    id: DecisionId
    flag: FlagId
    person: PersonId
    reader: int
    verdict: Verdict
    reason: str
    note: str
    evidence: Evidence
    seconds_looked: float
    decided_at: datetime
    supersedes: DecisionId | None = None


def standing(verdicts: Sequence[Verdict], *, second_read: bool) -> FlagStatus:
    """Where a flag stands by the verdicts in force, one for each reader, in the order of the readers.

    ``confirmed`` takes two readers who say so. One ``reject`` rejects, unless the flag is one of those that are read a
    second time. ``unsure`` and disagreement make a dispute, which the third or a later reader ends: with ``reject``, or
    with ``confirm`` where that is the second one. A flag that nobody has judged is in review.
    """
    if not verdicts:
        return FlagStatus.IN_REVIEW
    confirms = verdicts.count(Verdict.CONFIRM)
    if confirms == len(verdicts):
        return FlagStatus.CONFIRMED if confirms >= FOUR_EYES else FlagStatus.IN_REVIEW
    if verdicts.count(Verdict.REJECT) == len(verdicts):
        return FlagStatus.IN_REVIEW if second_read and len(verdicts) < FOUR_EYES else FlagStatus.REJECTED
    if len(verdicts) >= ADJUDICATOR and verdicts[-1] is Verdict.REJECT:
        return FlagStatus.REJECTED
    if len(verdicts) >= ADJUDICATOR and verdicts[-1] is Verdict.CONFIRM and confirms >= FOUR_EYES:
        return FlagStatus.CONFIRMED
    return FlagStatus.DISPUTED
