"""Drift: whether a flight is unlike the flights before it, by what can be measured of all of them.

A flight is held against the last flights that the same model scanned before it. How far it lies from their median is
told in robust deviations (1.4826 times their median absolute deviation, which of normal numbers is the standard
deviation), so that a few odd flights among them hide nothing.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

BASELINE: Final = 50
"""A flight is held against at most so many before it: the seasons go on, and slow change raises no alarm."""
LEAST_BEFORE: Final = 20
"""With fewer flights before it nothing is said of a flight."""
LIMIT: Final = 6.0
"""Robust deviations beyond which a flight stands out. Drawn by chance from one kind of ground, 0.05 % of 20,000
did after 20 flights and none after 50 (normal), 0.4 % and 0.2 % (Student's t with 5 degrees of freedom)."""
ROBUST: Final = 1.4826
LEAST_SCORE: Final = 1e-4
"""Smaller mean scores are not told apart: a cell's score is kept in steps of 1/254."""


class Measure(StrEnum):
    """What is measured of every flight."""

    SCORE = "score"
    """Mean score of the cells that were assessed, in [0, 1]."""
    RED = "red"
    """Mean of the imagery's red, 0 to 255; so are the next two of their colour."""
    GREEN = "green"
    BLUE = "blue"
    GSD = "gsd"
    """Ground sampling distance in metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A flight by one measure: ``value``, and between which values it would not stand out, None before enough flights.

    ``before`` is how many flights that rests on; ``deviation`` how many robust deviations it lies from their median.
    """

    value: float
    before: int
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    deviation: float | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether the flight stands out."""
        return self.deviation is not None and abs(self.deviation) > LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """How a measure is compared: scores and distances by their ratio, colours by their difference."""

    there: Callable[[float], float]
    back: Callable[[float], float]
    least_spread: float


SCALES: Final = {
    Measure.SCORE: _Scale(there=lambda score: math.log(max(score, LEAST_SCORE)), back=math.exp, least_spread=0.1),
    Measure.RED: _Scale(there=float, back=float, least_spread=2.0),
    Measure.GREEN: _Scale(there=float, back=float, least_spread=2.0),
    Measure.BLUE: _Scale(there=float, back=float, least_spread=2.0),
    Measure.GSD: _Scale(there=math.log, back=math.exp, least_spread=0.02),
}
"""``least_spread`` is what a deviation counts at least: flights that are all alike must not make the next one odd."""


def course(measure: Measure, values: Sequence[float | None]) -> tuple[Point | None, ...]:
    """Each flight, oldest first, against those before it; None where nothing was measured."""
    scale = SCALES[measure]
    seen: list[float] = []
    points: list[Point | None] = []
    for value in values:
        if value is None:
            points.append(None)
            continue
        points.append(_point(scale, value, seen[-BASELINE:]))
        seen.append(scale.there(value))
    return tuple(points)


def _point(scale: _Scale, value: float, before: Sequence[float]) -> Point:
    if len(before) < LEAST_BEFORE:
        return Point(value=value, before=len(before))
    middle = median(before)
    spread = max(ROBUST * median(abs(one - middle) for one in before), scale.least_spread)
    return Point(
        value=value,
        before=len(before),
        middle=scale.back(middle),
        low=scale.back(middle - LIMIT * spread),
        high=scale.back(middle + LIMIT * spread),
        deviation=(scale.there(value) - middle) / spread,
    )
