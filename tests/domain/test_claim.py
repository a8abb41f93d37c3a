"""Nothing is claimed that the plots do not support, and nothing of ground unlike theirs."""

from dataclasses import replace

import pytest
from bundles import MANIFEST
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from pipeline.domain.claim import (
    Difference,
    claim_for,
    differences_of_scale,
    plots_for,
    proven_share,
    rank_for,
)
from pipeline.domain.model import Thresholds
from pipeline.errors import InvalidInputError


def thresholds(n: int, found: int, *, target: float = 0.95, rank: int | None = None) -> Thresholds:
    return Thresholds(high=0.5, low=0.25, recall_target=target, n_plots=n, n_found=found, basis="", rank=rank)


def test_twenty_plots_refuse_a_claim_of_95_percent_and_say_how_many_are_missing() -> None:
    said = claim_for(thresholds(20, 20))
    assert not said.holds
    assert said.sentence == (
        "no claim: 20 held-out plots cannot prove 95 %; it takes at least 59 without a miss, so 39 are missing"
    )


def test_sixty_plots_found_without_a_miss_prove_95_percent_and_the_claim_says_n() -> None:
    said = claim_for(thresholds(60, 60))
    assert said.holds
    assert said.sentence == (
        "at least 95 % of plots on ground like this are flagged, with 95 % confidence (n = 60 held-out plots, 60 found)"
    )


@pytest.mark.parametrize(("n", "target"), [(29, 0.90), (59, 0.95), (299, 0.99)])
def test_the_least_plots_without_a_miss_are_those_of_the_rules(n: int, target: float) -> None:
    assert plots_for(target) == n
    assert claim_for(thresholds(n, n, target=target)).holds
    assert claim_for(thresholds(n - 1, n - 1, target=target)).missing_plots == 1
    assert (rank_for(n, target), rank_for(n - 1, target)) == (1, None)


def test_misses_void_a_claim() -> None:
    said = claim_for(thresholds(60, 58))
    assert not said.holds
    assert "58 of 60 held-out plots found does not prove 95 %" in said.sentence


def test_no_plots_claim_nothing() -> None:
    assert not claim_for(thresholds(0, 0)).holds


def test_the_rank_fixed_beforehand_counts_and_not_what_ties_found() -> None:
    assert claim_for(thresholds(60, 60, rank=1)).holds
    assert not claim_for(thresholds(60, 60, rank=3)).holds
    with pytest.raises(InvalidInputError, match="rank 61"):
        thresholds(60, 60, rank=61)


def test_a_flight_that_differs_gets_no_claim_whatever_the_plots_say() -> None:
    (difference,) = differences_of_scale(0.031, MANIFEST)
    said = claim_for(thresholds(60, 60), differences=(difference,))
    assert not said.holds
    assert said.sentence == ("no claim: this flight differs (ground sampling distance 3.1 cm, model knows 1.6-2.5 cm)")


def test_every_difference_is_named() -> None:
    many = (
        *differences_of_scale(0.2, MANIFEST),
        Difference(what="unfamiliar ground", what_zh="", here="40 %", known="0-5 %"),
    )
    assert (
        "20 cm, model knows 1.6-2.5 cm; unfamiliar ground 40 %"
        in claim_for(thresholds(60, 60), differences=many).sentence
    )


@pytest.mark.parametrize(("gsd_m", "like"), [(0.016, True), (0.025, True), (0.0155, False), (0.0255, False)])
def test_ground_within_the_jitter_of_training_is_like_the_models(gsd_m: float, like: bool) -> None:
    assert (differences_of_scale(gsd_m, MANIFEST) == ()) is like


def test_ground_as_fine_as_the_calibrations_is_like_it_though_the_model_reads_it_coarser() -> None:
    fine = replace(MANIFEST, thresholds=replace(MANIFEST.thresholds, gsd_range_m=(0.01, 0.012)))
    assert differences_of_scale(0.01, fine) == ()
    assert differences_of_scale(0.02, fine) != ()


@given(st.integers(1, 200), st.data())
def test_the_bound_is_clopper_and_pearsons_and_that_of_the_threshold(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    expected = beta.ppf(0.05, hits, n - hits + 1) if hits else 0.0
    assert proven_share(hits, n) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 400), st.floats(0.5, 0.995))
def test_the_rank_is_the_largest_that_proves_the_share(n: int, share: float) -> None:
    proving = [k for k in range(1, n + 1) if binom.sf(n - k, n, share) <= 0.05 + 1e-12]
    assert rank_for(n, share) == max(proving, default=None)
