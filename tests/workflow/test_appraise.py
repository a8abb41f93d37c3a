from typing import Any

import pytest

from pipeline.domain.assessability import Reason
from pipeline.domain.usability import Grade
from pipeline.errors import InvalidInputError
from pipeline.workflow.appraise import appraise

RECORD: dict[str, Any] = {
    "area_m2": {"not_flown": 500.0, "clear": 700.0, "flagged": 100.0, "not_assessable": 200.0},
    "not_assessable_m2": {"sliver": 20.0, "blur": 180.0},
    "flags": 3,
    "not_assessable_because": None,
    "orthomosaic": {"notes": ["The original is in degrees."]},
}


def test_a_scan_says_what_its_flight_was_worth() -> None:
    flight = appraise(RECORD)
    assert flight.grade is Grade.PARTLY
    assert (flight.flown_m2, flight.assessed_m2, flight.assessed_share) == (1000, 800, 0.8)
    assert flight.reasons == ((Reason.BLUR, 180.0), (Reason.SLIVER, 20.0))
    assert flight.flags == 3
    assert not flight.too_coarse


def test_a_mosaic_that_is_too_coarse_is_of_no_use_and_says_why() -> None:
    areas = {"not_flown": 0.0, "clear": 0.0, "flagged": 0.0, "not_assessable": 200.0}
    coarse = RECORD | {"area_m2": areas, "not_assessable_m2": {"coarse": 200.0}, "not_assessable_because": "coarse"}
    flight = appraise(coarse)
    assert flight.grade is Grade.HARDLY
    assert flight.too_coarse


@pytest.mark.parametrize("content", [{}, {"area_m2": {}}, RECORD | {"flags": "many"}, RECORD | {"orthomosaic": 3}])
def test_what_is_no_record_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        appraise(content)
