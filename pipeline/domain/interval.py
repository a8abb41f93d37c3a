"""Intervals: how sure a share is that was counted."""

import math
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidInputError

Z_95: Final = 1.959963984540054
"""Standard normal quantile of 97.5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``hits`` of ``n``, with the bounds between which the true share lies with 95 % confidence."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share itself, in [0, 1]; None of nothing."""
        return self.hits / self.n if self.n else None


def wilson(hits: int, n: int, z: float = Z_95) -> Share:
    """A share with Wilson's score interval (Wilson, 1927), good for few and extreme counts; [0, 1] of nothing.

    Raises:
        InvalidInputError: There are more hits than tries, or fewer than none.
    """
    if not 0 <= hits <= n:
        raise InvalidInputError(f"{hits} hits of {n} cannot be")
    if n == 0:
        return Share(hits=0, n=0, low=0.0, high=1.0)
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return Share(hits=hits, n=n, low=low, high=high)
