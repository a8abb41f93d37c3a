"""The bounds of misses hold: counted over every outcome a survey can have, not only over some that were drawn."""

from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from pipeline.domain.misses import Audited, Misses, misses

Stratum = tuple[int, int, float]
"""Clear cells, places drawn, and the share of cells that hold something."""


def survey(strata: list[Stratum], finds: tuple[int, ...]) -> Misses:
    return misses(
        Audited(cells=cells, drawn=drawn, found=place < found)
        for (cells, drawn, _), found in zip(strata, finds, strict=True)
        for place in range(drawn)
    )


def true_share(strata: list[Stratum]) -> float:
    return sum(cells * share for cells, _, share in strata) / sum(cells for cells, _, _ in strata)


def coverage(strata: list[Stratum]) -> float:
    """How often the bounds hold the truth: the exact sum over every number of finds in every stratum."""
    truth, held = true_share(strata), 0.0
    for finds in product(*(range(drawn + 1) for _, drawn, _ in strata)):
        said = survey(strata, finds)
        if said.low - 1e-12 <= truth <= said.high + 1e-12:
            held += prod(
                comb(n, k) * share**k * (1 - share) ** (n - k) for (_, n, share), k in zip(strata, finds, strict=True)
            )
    return held


STRATUM = st.tuples(st.integers(20, 1_000_000), st.integers(1, 10), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(STRATUM, min_size=1, max_size=2))
def test_the_bounds_hold_the_truth_19_times_of_20_whatever_the_strata(strata: list[Stratum]) -> None:
    assert coverage(strata) >= 0.95


def test_finds_that_hide_where_few_places_stand_for_most_ground_are_covered() -> None:
    # Kish's effective number (36 places) promised at most 9.7 % after no find; the truth is 12.5 %, and 5.6 % see none.
    strata = [(2000, 10, 0.25), (2000, 100, 0.0)]
    truth = true_share(strata)
    held = sum(
        comb(10, k) * 0.25**k * 0.75 ** (10 - k)
        for k in range(11)
        if survey(strata, (k, 0)).low <= truth <= survey(strata, (k, 0)).high
    )
    assert held >= 0.95


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.05, 0.3])
def test_simulated_surveys_without_replacement_are_covered(share: float) -> None:
    chance, held, surveys = default_rng(5), 0, 400
    cells, drawn, shares = (4000, 900, 100), (40, 30, 30), (share, min(1.0, 2 * share), min(1.0, 3 * share))
    targets = tuple(round(n * p) for n, p in zip(cells, shares, strict=True))
    truth = sum(targets) / sum(cells)
    strata = list(zip(cells, drawn, shares, strict=True))
    for _ in range(surveys):
        finds = tuple(
            int(chance.hypergeometric(bad, n - bad, taken)) for n, bad, taken in zip(cells, targets, drawn, strict=True)
        )
        said = survey(strata, finds)
        held += said.low <= truth + 1e-12 and truth <= said.high + 1e-12
    assert held / surveys >= 0.95


def test_no_find_in_equal_places_is_bounded_as_clopper_and_pearson_do() -> None:
    said = survey([(6000, 60, 0.0)], (0,))
    assert said.low == pytest.approx(0.0, abs=1e-12)
    assert said.high == pytest.approx(1 - 0.025 ** (1 / 60), rel=1e-9)


def test_nothing_read_says_nothing_and_all_found_leaves_room_below() -> None:
    nothing, everything = misses([]), survey([(10, 5, 1.0)], (5,))
    assert (nothing.share, nothing.low, nothing.high) == (None, 0.0, 1.0)
    assert (everything.share, everything.high) == (1.0, 1.0)
    assert everything.low == pytest.approx(0.025 ** (1 / 5))


@given(st.lists(STRATUM, min_size=1, max_size=3), st.data())
def test_bounds_lie_about_the_estimate(strata: list[Stratum], data: st.DataObject) -> None:
    said = survey(strata, tuple(data.draw(st.integers(0, drawn)) for _, drawn, _ in strata))
    assert said.share is not None
    assert 0 <= said.low <= said.share + 1e-12
    assert said.share - 1e-12 <= said.high <= 1
