"""What may be learnt from a flag once people have looked at it, and what not."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pipeline.domain.decision import FOUR_EYES, Verdict
from pipeline.domain.flag import FlagOrigin, FlagStatus


class Lesson(StrEnum):
    """What a piece of ground teaches."""

    TARGET = "target"
    """It is what is looked for."""
    LOOK_ALIKE = "look_alike"
    """The model took it for that, and it is not."""
    CLEAR = "clear"
    """Drawn at random from ground that the model called clear, and so it is."""


TARGETS: Final = frozenset(
    {
        FlagStatus.CONFIRMED,
        FlagStatus.VISIT_PLANNED,
        FlagStatus.NO_ACCESS,
        FlagStatus.VERIFIED,
        FlagStatus.ALREADY_REMOVED,
    }
)
"""Two readers said so, and nobody who was there says otherwise: a visit without access says nothing."""
SEEN_FALSE: Final = frozenset({FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE})
"""A field team was there and found something else."""


def lesson_of(status: FlagStatus, origin: FlagOrigin, verdicts: Sequence[Verdict]) -> Lesson | None:
    """What a flag teaches, by where it stands and the verdicts in force; None where nothing is known well enough.

    A rejection teaches only when two readers gave it. Controls never teach: they ask about readers.
    """
    if origin is FlagOrigin.CONTROL:
        return None
    if status in TARGETS:
        return Lesson.TARGET
    rejected_twice = status is FlagStatus.REJECTED and verdicts.count(Verdict.REJECT) >= FOUR_EYES
    if status in SEEN_FALSE or rejected_twice:
        return Lesson.CLEAR if origin is FlagOrigin.AUDIT else Lesson.LOOK_ALIKE
    return None
