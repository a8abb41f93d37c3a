"""A claim holds only for flights like those it was made on, and the refusal says by how much this one is not."""

from dataclasses import replace

from bundles import FAMILIARITY, MANIFEST, QUALITY

from pipeline.domain.assessability import Reason, how_flight_differs
from pipeline.domain.claim import claim_for

KNOWING = replace(MANIFEST, version=2, familiarity=FAMILIARITY, quality=QUALITY)


def test_a_flight_like_the_calibration_does_not_differ() -> None:
    assert how_flight_differs({Reason.UNFAMILIAR: 0.1, Reason.BLUR: 0.1}, KNOWING) == ()


def test_much_unfamiliar_ground_is_a_difference_with_its_numbers() -> None:
    (difference,) = how_flight_differs({Reason.UNFAMILIAR: 0.31}, KNOWING)
    assert difference.what == "ground like nothing the model was trained on"
    assert (difference.here, difference.known) == ("31.0%", "at most 10%")


def test_poor_imagery_of_all_kinds_adds_up() -> None:
    shares = {Reason.BLUR: 0.04, Reason.SHADOW: 0.03, Reason.GLARE: 0.03, Reason.EXPOSURE: 0.03}
    (difference,) = how_flight_differs(shares, KNOWING)
    assert difference.what == "ground blurred, in shadow, in glare or wrongly exposed"
    assert difference.here == "13.0%"


def test_a_bundle_without_limits_knows_no_difference() -> None:
    assert how_flight_differs({Reason.UNFAMILIAR: 0.9}, MANIFEST) == ()


def test_a_flight_that_differs_voids_its_claim() -> None:
    said = claim_for(MANIFEST.thresholds, differences=how_flight_differs({Reason.UNFAMILIAR: 0.31}, KNOWING))
    assert not said.holds
    assert said.sentence == (
        "no claim: this flight differs (ground like nothing the model was trained on 31.0%, model knows at most 10%)"
    )
