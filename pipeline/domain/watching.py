"""Watching the watchers: how good a reader is, told by ground of which the truth is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.domain.decision import Verdict
from pipeline.domain.interval import Share, wilson

LEAST_CONTROLS: Final = 100
"""Below so many controls nobody is compared with anybody (section 3 of the rules of the survey)."""


class Truth(StrEnum):
    """What is known of a piece of ground."""

    TARGET = "target"
    """What is looked for grows there."""
    CLEAR = "clear"
    """It does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a reader did on controls, by the first verdict on each.

    ``hits`` is the share of targets that were confirmed, ``false_alarms`` that of clear ground that was; an ``unsure``
    on a target is no hit, and one on clear ground no false alarm: it sends the flag to a third reader, which costs time
    but finds nothing by itself.
    """

    hits: Share
    false_alarms: Share
    unsure: int

    @property
    def controls(self) -> int:
        """How many controls it rests on."""
        return self.hits.n + self.false_alarms.n

    @property
    def missing(self) -> int:
        """How many more controls are needed before this reader may be compared with others; 0: none."""
        return max(0, LEAST_CONTROLS - self.controls)


def is_hit(truth: Truth, verdict: Verdict) -> bool:
    """Whether a verdict is right: a target confirmed, clear ground not."""
    return (verdict is Verdict.CONFIRM) == (truth is Truth.TARGET)


def marks(readings: Iterable[tuple[Truth, Verdict]]) -> Marks:
    """The marks of one reader, with 95 % Wilson intervals."""
    given = list(readings)
    targets = [verdict for truth, verdict in given if truth is Truth.TARGET]
    clear = [verdict for truth, verdict in given if truth is Truth.CLEAR]
    return Marks(
        hits=wilson(targets.count(Verdict.CONFIRM), len(targets)),
        false_alarms=wilson(clear.count(Verdict.CONFIRM), len(clear)),
        unsure=sum(verdict is Verdict.UNSURE for _, verdict in given),
    )
