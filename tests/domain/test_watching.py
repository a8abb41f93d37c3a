"""How good a reader is, by ground of known truth; and outlines that tell nothing."""

from random import Random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.decision import Verdict
from pipeline.domain.disguise import Shape, disguised
from pipeline.domain.interval import wilson
from pipeline.domain.watching import LEAST_CONTROLS, Truth, is_hit, marks
from pipeline.errors import InvalidInputError

READINGS = st.lists(st.tuples(st.sampled_from(Truth), st.sampled_from(Verdict)), max_size=40)


def test_wilsons_interval_is_that_of_his_formula() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, 1998, method 3)."""
    found = wilson(81, 263)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_of_nothing_everything_is_possible() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high, wilson(0, 0).value) == (0.0, 1.0, None)
    with pytest.raises(InvalidInputError):
        wilson(3, 2)


@given(hits=st.integers(0, 500), more=st.integers(0, 500))
def test_an_interval_holds_its_share_and_mirrors(hits: int, more: int) -> None:
    n = hits + more
    found, mirrored = wilson(hits, n), wilson(more, n)
    assert 0 <= found.low <= (found.value or 0) <= found.high <= 1 or n == 0
    assert found.low == pytest.approx(1 - mirrored.high)


def test_a_95_percent_interval_holds_the_truth_in_95_of_100_samples() -> None:
    chance = Random(5)
    held = 0
    for _ in range(2000):
        share = chance.random()
        hits = sum(chance.random() < share for _ in range(40))
        found = wilson(hits, 40)
        held += found.low <= share <= found.high
    assert 0.93 < held / 2000 < 0.97


@given(READINGS)
def test_every_reading_counts_once(readings: list[tuple[Truth, Verdict]]) -> None:
    found = marks(readings)
    assert found.controls == len(readings)
    right = sum(is_hit(truth, verdict) for truth, verdict in readings)
    assert right == found.hits.hits + (found.false_alarms.n - found.false_alarms.hits)
    assert found.missing == max(0, LEAST_CONTROLS - len(readings))


def test_unsure_finds_nothing_and_cries_no_wolf() -> None:
    found = marks([(Truth.TARGET, Verdict.UNSURE), (Truth.CLEAR, Verdict.UNSURE)])
    assert (found.hits.hits, found.false_alarms.hits, found.unsure) == (0, 0, 2)


@given(seed=st.integers(0, 999), x=st.floats(-1e5, 1e5), y=st.floats(-1e5, 1e5))
def test_a_disguise_has_the_size_of_a_real_flag_about_its_place(seed: int, x: float, y: float) -> None:
    outline = shapely.Polygon([(0, 0), (6, 0), (6, 2), (2, 2), (2, 4), (0, 4)])
    shape = Shape(outline=outline, cells=4, area_m2=16.0)
    found = disguised(shape, x, y, Random(seed))
    west, south, east, north = found.outline.bounds
    assert ((west + east) / 2, (south + north) / 2) == (pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6))
    assert found.outline.area == pytest.approx(outline.area)
    assert len(found.outline.exterior.coords) == len(outline.exterior.coords)
    assert found.reach_m == pytest.approx(shape.reach_m)
