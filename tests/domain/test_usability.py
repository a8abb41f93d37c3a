import pytest

from pipeline.domain.usability import Grade, grade


@pytest.mark.parametrize(
    ("flown", "not_assessable", "usable"),
    [
        (1000, 0, Grade.USABLE),
        (1000, 100, Grade.USABLE),
        (1000, 101, Grade.PARTLY),
        (1000, 500, Grade.PARTLY),
        (1000, 501, Grade.HARDLY),
        (1000, 1000, Grade.HARDLY),
        (0, 0, Grade.HARDLY),
    ],
)
def test_a_flight_is_as_usable_as_its_ground_could_be_assessed(
    flown: float, not_assessable: float, usable: Grade
) -> None:
    assert grade(flown_m2=flown, not_assessable_m2=not_assessable) is usable
