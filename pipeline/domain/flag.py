"""A flag: a candidate plot put before people. A flag is a question; only people answer it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pipeline.domain.plot import CandidatePlot

FlagId = NewType("FlagId", str)


class FlagStatus(StrEnum):
    """Where a flag stands. A scan can make nothing but ``unreviewed`` flags."""

    UNREVIEWED = "unreviewed"
    """No person has looked yet."""


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
