"""Work a person waits for: what is being done, how much is done, how much there is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one stage of a long job is; ``done`` and ``total`` count in ``unit``."""

    stage: str
    done: int
    total: int
    unit: str = "steps"


Report: TypeAlias = Callable[[Progress], None]
"""Receives every step of a long job; must return quickly. It may raise StoppedError: the job ends there, resumable."""


def say_nothing(progress: Progress) -> None:
    """Report to nobody."""
    del progress
