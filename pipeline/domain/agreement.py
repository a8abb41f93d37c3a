"""Agreement of two readers beyond chance: Cohen's kappa and Gwet's AC1, with intervals.

Kappa collapses when one answer is rare, although readers agree nearly always (Feinstein and Cicchetti, 1990): with few
targets read AC1 beside it. Variances are those of Gwet (Handbook of Inter-Rater Reliability, 4th edition, 2014,
chapter 5): each pair's share in the coefficient, linearised.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.decision import Verdict
from pipeline.domain.interval import Z_95, Share, wilson

LEAST_PAIRS: Final = 20
"""Of fewer pairs no coefficient is told."""

Pair = tuple[Verdict, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A coefficient of agreement in [-1, 1], with the bounds of 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two readings of the same items agree; a coefficient is None where too few pairs, or no chance, define it."""

    alike: Share
    kappa: Coefficient | None
    ac1: Coefficient | None

    @property
    def missing(self) -> int:
        """How many more pairs are needed for the coefficients; 0: none."""
        return max(0, LEAST_PAIRS - self.alike.n)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """The agreement of first and second readings."""
    alike = wilson(sum(one is other for one, other in pairs), len(pairs))
    if len(pairs) < LEAST_PAIRS:
        return Agreement(alike=alike, kappa=None, ac1=None)
    counts = Counter(pairs)
    return Agreement(alike=alike, kappa=_coefficient(counts, _cohen(counts)), ac1=_coefficient(counts, _gwet(counts)))


def _coefficient(counts: Counter[Pair], chance_of: Callable[[Pair], float]) -> Coefficient | None:
    """(observed - chance) / (1 - chance), and its interval; ``chance_of`` is a pair's part in what chance gives."""
    n = counts.total()
    observed = sum(times for (one, other), times in counts.items() if one is other) / n
    chance = math.fsum(times * chance_of(pair) for pair, times in counts.items()) / n
    if math.isclose(chance, 1.0):
        return None
    value = (observed - chance) / (1 - chance)
    parts = {
        pair: ((pair[0] is pair[1]) - chance) / (1 - chance)
        - 2 * (1 - value) * (chance_of(pair) - chance) / (1 - chance)
        for pair in counts
    }
    error = math.sqrt(math.fsum(counts[pair] * (part - value) ** 2 for pair, part in parts.items()) / (n * (n - 1)))
    return Coefficient(value=value, low=max(-1.0, value - Z_95 * error), high=min(1.0, value + Z_95 * error))


def _cohen(counts: Counter[Pair]) -> Callable[[Pair], float]:
    """Cohen (1960): both answer as often as they do, each on their own."""
    first, second = (_shares(counts, (side,)) for side in (0, 1))
    return lambda pair: (first[pair[1]] + second[pair[0]]) / 2


def _gwet(counts: Counter[Pair]) -> Callable[[Pair], float]:
    """Gwet (2008): chance agreement is largest where answers are evenly spread, and vanishes where one is rare."""
    both = _shares(counts, (0, 1))
    return lambda pair: sum(1 - both[verdict] for verdict in pair) / 2 / (len(Verdict) - 1)


def _shares(counts: Counter[Pair], sides: Sequence[int]) -> dict[Verdict, float]:
    """How often each verdict was given by the first, the second, or both of the readers."""
    n = counts.total() * len(sides)
    return {
        verdict: sum(times for pair, times in counts.items() for side in sides if pair[side] is verdict) / n
        for verdict in Verdict
    }
