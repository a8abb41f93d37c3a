from datetime import timedelta

import pytest

from pipeline.web.languages import Language
from pipeline.web.measures import area, duration


@pytest.mark.parametrize(
    ("area_m2", "words"),
    [
        (0, "0 m²"),
        (0.00149, "15 cm²"),
        (0.1, "0.1 m²"),
        (1.64, "1.6 m²"),
        (99.94, "99.9 m²"),
        (526.3, "526 m²"),
        (1000, "0.10 ha"),
        (12_345_678, "1,234.57 ha"),
    ],
)
def test_areas_have_about_three_digits_and_a_unit(area_m2: float, words: str) -> None:
    assert area(area_m2, Language.ENGLISH.locale) == words


@pytest.mark.parametrize(
    ("seconds", "words", "chinese"),
    [(0, "1 sec", "1秒"), (40, "40 sec", "40秒"), (180, "3 min", "3分钟"), (7200, "2 hr", "2小时")],
)
def test_spans_of_time_are_in_the_largest_unit_that_fits(seconds: int, words: str, chinese: str) -> None:
    assert duration(timedelta(seconds=seconds), Language.ENGLISH.locale) == words
    assert duration(timedelta(seconds=seconds), Language.CHINESE.locale) == chinese
