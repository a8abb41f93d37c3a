"""Misses: how much of the ground that a model called clear is not, told by places drawn at random."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ONE_SIDE: Final = 0.025
"""The chance that may be left beyond each bound."""

HALVINGS: Final = 60
"""Steps to a bound: as fine as a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A place that was read: one of ``drawn`` of ``cells`` clear cells, and whether two readers found something.

    All ``drawn`` places of its stratum were read: else it would stand for fewer cells than it should.
    """

    cells: int
    drawn: int
    found: bool

    @property
    def weight(self) -> float:
        """How many cells it stands for (Horvitz and Thompson, 1952): the inverse of its chance to be drawn."""
        return self.cells / self.drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Misses:
    """The share of clear ground that holds something, in [0, 1], with its 95 % bounds; ``n`` places were read."""

    share: float | None
    low: float
    high: float
    n: int
    found: int


def misses(audited: Iterable[Audited]) -> Misses:
    """The Horvitz-Thompson estimate, with bounds that hold for any strata and any number of finds, none included.

    They are Chernoff's (Hoeffding, 1963, theorem 1) for as many places as the heaviest lets the others count: sum of
    weights / largest weight. A weighted sum of finds strays from its mean no more than a binomial of that many places
    does (Jensen's inequality on each place's moments, then that of the means), drawn with or without replacement.
    """
    places = list(audited)
    if not places:
        return Misses(share=None, low=0.0, high=1.0, n=0, found=0)
    total = math.fsum(place.weight for place in places)
    share = min(1.0, math.fsum(place.weight for place in places if place.found) / total)
    worth = total / max(place.weight for place in places)
    return Misses(
        share=share,
        low=1 - _highest(1 - share, worth),
        high=_highest(share, worth),
        n=len(places),
        found=sum(place.found for place in places),
    )


def _highest(share: float, worth: float) -> float:
    """The largest true share of which ``worth`` places may still show ``share`` or less."""
    near, far = share, 1.0
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        if worth * _divergence(share, middle) <= -math.log(ONE_SIDE):
            near = middle
        else:
            far = middle
    return far


def _divergence(seen: float, true: float) -> float:
    """Kullback and Leibler's, of a coin that shows ``seen`` from one that is ``true``."""
    if seen == true:
        return 0.0
    if true >= 1:
        return math.inf
    heads = seen * math.log(seen / true) if seen > 0 else 0.0
    tails = (1 - seen) * math.log((1 - seen) / (1 - true)) if seen < 1 else 0.0
    return heads + tails
