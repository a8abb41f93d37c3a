"""Charts: numbers to places on a drawing. The server draws; nothing runs in the reader's browser.

Places are in units of the drawing, right and down from its upper left corner. A chart never stands alone: the same
numbers are in a table beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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
    """Everything the template draws, placed. ``rungs`` are heights with the value that stands there."""

    bars: tuple[Mark, ...] = ()
    dots: tuple[Mark, ...] = ()
    rungs: tuple[tuple[float, float], ...]
    slots: tuple[float, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be drawn."""
        return not self.bars and not self.dots


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


def round_above(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... that is not below ``value``, at least 1."""
    power = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(step * power for step in STEPS if step * power >= value)


def _slots(count: int) -> tuple[float, ...]:
    """The middles of ``count`` equal parts of the width."""
    return tuple(round(LEFT + (RIGHT - LEFT) * (at + 0.5) / count, 1) for at in range(count))


def _height(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0), 1)
