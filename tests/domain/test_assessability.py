"""A claim holds only for flights like those it was made on, and the refusal says by how much this one is not."""

from dataclasses import replace

from bundles import FAMILIARITY, MANIFEST, QUALITY

from pipeline.domain.assessability import Reason, how_flight_differs

KNOWING = replace(MANIFEST, version=2, familiarity=FAMILIARITY, quality=QUALITY)


def test_a_flight_like_the_calibration_gives_no_reason() -> None:
    assert how_flight_differs({Reason.UNFAMILIAR: 0.1, Reason.BLUR: 0.1}, KNOWING, gsd_m=0.02) == ()


def test_much_unfamiliar_ground_is_a_reason_with_its_numbers() -> None:
    (reason,) = how_flight_differs({Reason.UNFAMILIAR: 0.31}, KNOWING, gsd_m=0.02)
    assert "31.0% of its ground looks like nothing the model was trained on" in reason
    assert "0.5% did" in reason
    assert "10% is the most" in reason


def test_poor_imagery_of_all_kinds_adds_up_to_a_reason() -> None:
    shares = {Reason.BLUR: 0.04, Reason.SHADOW: 0.03, Reason.GLARE: 0.03, Reason.EXPOSURE: 0.03}
    (reason,) = how_flight_differs(shares, KNOWING, gsd_m=0.02)
    assert "13.0% of its ground is blurred, in shadow, in glare or wrongly exposed" in reason


def test_a_coarser_flight_is_a_reason_even_for_a_bundle_without_limits() -> None:
    (reason,) = how_flight_differs({}, MANIFEST, gsd_m=0.028)
    assert "ground sampling distance 2.80 cm, the model knows 1.60-2.50 cm" in reason
    assert how_flight_differs({Reason.UNFAMILIAR: 0.9}, MANIFEST, gsd_m=0.025) == ()
