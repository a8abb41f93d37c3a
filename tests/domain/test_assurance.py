"""A statement of absence is honest: over simulated seasons, one of 95 % is wrong in at most 5 %."""

import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.assurance import DOUBT_EACH, absence, of_readers_together, recall_of

SURE = 0.95


known = cache(recall_of)


def hits(rng: random.Random, n: int, share: float) -> int:
    return sum(rng.random() < share for _ in range(n))


@pytest.mark.parametrize(("coverage", "model", "reader"), [(1.0, 0.9, 0.95), (0.8, 0.97, 0.9), (0.5, 0.8, 0.8)])
def test_a_statement_of_95_percent_is_wrong_in_at_most_5_percent_of_seasons(
    coverage: float, model: float, reader: float
) -> None:
    """Bad seasons on purpose: one plot more than the statement would allow, each found with its true chance."""
    rng = random.Random(7)
    wrong = seasons = 0
    while seasons < 400:
        said = absence(coverage, known(hits(rng, 120, model), 120), known(hits(rng, 100, reader), 100))
        most = said.fewest(SURE)
        if most is None:
            continue
        seasons += 1
        chance = coverage * model * of_readers_together(reader)
        nothing_found = all(rng.random() >= chance for _ in range(most + 1))
        wrong += nothing_found
    assert wrong / seasons <= 1 - SURE


@settings(max_examples=25)
@given(st.integers(1, 80), st.floats(0, 1), st.floats(0.01, 1), st.integers(0, 20))
def test_more_evidence_never_makes_it_less_sure(n: int, rate: float, coverage: float, remaining: int) -> None:
    found = round(n * rate)
    less, more = recall_of(found, n), recall_of(min(n, found + 1), n)
    whole = recall_of(100, 100)
    said, better = absence(coverage, less, whole), absence(coverage, more, whole)
    assert said.p <= better.p <= coverage
    assert said.confidence(remaining) <= better.confidence(remaining)
    assert said.confidence(remaining) <= said.confidence(remaining + 1) <= 1 - 2 * DOUBT_EACH


def test_without_plots_of_known_truth_nothing_is_sure() -> None:
    said = absence(1.0, recall_of(0, 0), recall_of(50, 50))
    assert said.p == 0
    assert said.fewest(0.5) is None
