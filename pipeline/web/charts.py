"""Charts: numbers to places on a drawing. The server draws; nothing runs in the reader's browser.

Places are in units of the drawing, right and down from its upper left corner. A chart never stands alone: the same
numbers are in a table beside it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pipeline.domain.drift import Point
from pipeline.domain.interval import Share

LEFT, TOP, RIGHT, BOTTOM = 42, 10, 300, 140
"""Of a drawing of 320 x 165: on a phone a unit is a pixel, and letters stay as large as they are."""
BAR_SHARE: Final = 0.64
"""Of its slot a bar is so wide."""
SHARES: Final = (0.0, 0.5, 1.0)
STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A value at its place: a bar reaches down to the bottom, a dot has its interval from ``low`` to ``high``."""

    x: float
    y: float
    wide: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything the template draws, placed. ``rungs`` are heights with the value that stands there.

    ``alarms`` are dots that stand out; ``bands`` outline where dots are expected, as paths.
    """

    bars: tuple[Mark, ...] = ()
    dots: tuple[Mark, ...] = ()
    alarms: tuple[Mark, ...] = ()
    bands: tuple[str, ...] = ()
    rungs: tuple[tuple[float, float], ...]
    slots: tuple[float, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be drawn."""
        return not (self.bars or self.dots or self.alarms)


def bars(values: Sequence[float | None]) -> Chart:
    """A bar for each value, none for what is None or 0, from 0 to a round number above the largest."""
    top = round_above(max((value for value in values if value), default=1.0))
    slots = _slots(len(values))
    wide = (RIGHT - LEFT) / max(1, len(values)) * BAR_SHARE
    drawn = tuple(
        Mark(x=round(x - wide / 2, 1), y=_height(value / top), wide=round(wide, 1))
        for x, value in zip(slots, values, strict=True)
        if value
    )
    rungs = tuple((_height(step / 2), top * step / 2) for step in range(3))
    return Chart(bars=drawn, rungs=rungs, slots=slots)


def dots(shares: Sequence[Share]) -> Chart:
    """A dot with its interval for each share, none for a share of nothing, from 0 to 1."""
    slots = _slots(len(shares))
    drawn = tuple(
        Mark(x=x, y=_height(share.value), low=_height(share.low), high=_height(share.high))
        for x, share in zip(slots, shares, strict=True)
        if share.value is not None
    )
    return Chart(dots=drawn, rungs=tuple((_height(share), share) for share in SHARES), slots=slots)


def trace(points: Sequence[Point | None], *, by_ratio: bool) -> Chart:
    """A dot for each point, what stands out apart, over where they are expected; ``by_ratio``: on a logarithmic scale.

    Heights reach from the lowest value or bound to the highest one; what is not above 0 has no ratio, and lies below.
    """
    slots = _slots(len(points))
    placed = [(x, point) for x, point in zip(slots, points, strict=True) if point is not None]
    known = [number for _, point in placed for number in (point.value, point.low, point.high) if number is not None]
    known = [number for number in known if number > 0 or not by_ratio]
    if not known:
        return Chart(rungs=(), slots=slots)
    there, back = (math.log, math.exp) if by_ratio else (float, float)
    low, high = there(min(known)), there(max(known))
    room = max((high - low) * 0.06, 1e-3 if by_ratio else 0.5)
    low, high = low - room, high + room

    def height(value: float) -> float:
        return _height((there(value) - low) / (high - low)) if value > 0 or not by_ratio else float(BOTTOM)

    marks = [(point.is_alarming, Mark(x=x, y=height(point.value))) for x, point in placed]
    return Chart(
        dots=tuple(mark for stands_out, mark in marks if not stands_out),
        alarms=tuple(mark for stands_out, mark in marks if stands_out),
        bands=tuple(_bands(placed, height)),
        rungs=tuple((_height(share), back(low + (high - low) * share)) for share in SHARES),
        slots=slots,
    )


def round_above(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... that is not below ``value``, at least 1."""
    power = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(step * power for step in STEPS if step * power >= value)


def _bands(placed: Sequence[tuple[float, Point]], height: Callable[[float], float]) -> list[str]:
    """The outline of each run of points that are expected somewhere, as a path."""
    half = (placed[-1][0] - placed[0][0]) / max(1, 2 * (len(placed) - 1)) or BAR_SHARE
    found = []
    for expected, run in groupby(placed, key=lambda one: one[1].low is not None):
        if not expected:
            continue
        upper: list[str] = []
        lower: list[str] = []
        for x, point in run:
            for side in (x - half, x + half):
                upper.append(f"{side:.1f} {height(point.high or 0.0)}")
                lower.append(f"{side:.1f} {height(point.low or 0.0)}")
        found.append(f"M{'L'.join((*upper, *lower[::-1]))}Z")
    return found


def _slots(count: int) -> tuple[float, ...]:
    """The middles of ``count`` equal parts of the width."""
    return tuple(round(LEFT + (RIGHT - LEFT) * (at + 0.5) / count, 1) for at in range(count))


def _height(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0), 1)
