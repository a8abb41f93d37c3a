"""Assurance: how sure one may be that little remains where nothing was found.

Each plot is found with a probability of at least p = coverage x recall of the model x recall of the readers. Were there
more than d plots, nothing would be found with a probability of at most (1 - p)^(d + 1). The recalls are lower bounds
that may themselves be wrong; that doubt is part of the statement, so that one of 95 % is wrong in at most 5 % (Boole's
inequality). It takes plots to be spread over an area without regard to what was seen of it.
"""

from dataclasses import dataclass
from typing import Final

from pipeline.domain.claim import proven_share

DOUBT_EACH: Final = 0.0125
"""The chance left to each of the two recalls to be lower than its bound: half of 5 % together, half for the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A recall that was measured on ``n`` plots of known truth, and its lower bound, wrong in ``doubt`` of cases."""

    hits: int
    n: int
    at_least: float
    doubt: float = DOUBT_EACH

    @property
    def is_known(self) -> bool:
        """Whether anything was measured."""
        return self.n > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What may be said where nothing was found: ``factors`` of p, and how sure at most d plots remain, for d from 0."""

    coverage: float
    model: float
    readers: float
    doubt: float

    @property
    def p(self) -> float:
        """The least probability with which a plot is found."""
        return self.coverage * self.model * self.readers

    def confidence(self, remaining: int) -> float:
        """How sure it is that at most ``remaining`` plots are there, in [0, 1]; 0 where nothing can be said."""
        return max(0.0, 1 - (1 - self.p) ** (remaining + 1) - self.doubt)

    def fewest(self, confidence: float, most: int = 10_000) -> int | None:
        """The smallest number of plots that may be named with a confidence; None where even ``most`` may not."""
        return next((number for number in range(most + 1) if self.confidence(number) >= confidence), None)


def recall_of(hits: int, n: int) -> Recall:
    """A recall with its lower bound (Clopper and Pearson, 1934)."""
    return Recall(hits=hits, n=n, at_least=proven_share(hits, n, confidence=1 - DOUBT_EACH) if n else 0.0)


def of_readers_together(one: float) -> float:
    """How often two readers, and a third where they differ, confirm what one of them confirms with this probability.

    The first must confirm; then the second, or else the third. That the first is unsure is no help here, and readers
    are taken to err independently of each other.
    """
    return one * (1 - (1 - one) ** 2)


def absence(coverage: float, model: Recall, readers: Recall) -> Absence:
    """What may be said with these factors where nothing was found."""
    return Absence(
        coverage=coverage,
        model=model.at_least,
        readers=of_readers_together(readers.at_least),
        doubt=model.doubt + readers.doubt,
    )
