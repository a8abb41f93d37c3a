"""An order of travel: every stop once, never longer than by nearest neighbours, shorter where they cross."""

from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.route import MOST_TURNED, distance_m, legs_m, order_of_travel

POINTS = st.lists(st.tuples(st.floats(99, 101), st.floats(24, 26)), max_size=6)


@settings(max_examples=40, deadline=None)
@given(POINTS, st.tuples(st.floats(99, 101), st.floats(24, 26)))
def test_every_stop_once_and_no_way_longer_than_by_nearest_neighbours(
    points: list[tuple[float, float]], start: tuple[float, float]
) -> None:
    order = order_of_travel(points, start)
    assert sorted(order) == list(range(len(points)))
    here, left, nearest = start, list(points), []
    while left:
        here = min(left, key=partial(distance_m, here))
        left.remove(here)
        nearest.append(here)
    assert sum(legs_m([points[place] for place in order], start)) <= sum(legs_m(nearest, start)) + 1e-3


def test_a_line_is_walked_along_from_its_nearer_end() -> None:
    line = [(100 + place / 100, 25.0) for place in (3, 0, 4, 1, 2)]
    assert order_of_travel(line, (99.9, 25.0)) == (1, 3, 4, 0, 2)
    assert order_of_travel(line, (100.1, 25.0)) == (2, 0, 4, 3, 1)


def test_a_way_that_crosses_itself_is_turned_about() -> None:
    """Nearest neighbours go 1, -1.1, 3.4, -6 along a road and come past the start again and again."""
    road = [(100 + step / 100, 25.0) for step in (1.0, -1.1, 3.4, -6.0)]
    order = order_of_travel(road, (100.0, 25.0))
    way = sum(legs_m([road[place] for place in order], (100.0, 25.0)))
    assert way < sum(legs_m(road, (100.0, 25.0))) * 0.8


def test_without_a_start_it_begins_in_the_north() -> None:
    assert order_of_travel([(100.0, 25.0), (100.0, 26.0)]) == (1, 0)
    assert (order_of_travel([]), legs_m([])) == ((), ())


def test_many_stops_have_an_order_too() -> None:
    many = [(100 + place / 1000, 25.0) for place in range(MOST_TURNED + 1)]
    assert order_of_travel(many, (99.0, 25.0)) == tuple(range(MOST_TURNED + 1))
    assert order_of_travel(many, (101.0, 25.0)) == tuple(range(MOST_TURNED, -1, -1))


def test_many_stops_are_taken_in_strips_each_once_and_no_much_longer_way() -> None:
    chance = Random(1)
    many = [(102 + chance.random() / 4, 25 + chance.random() / 4) for _ in range(MOST_TURNED + 200)]
    order = order_of_travel(many, (102.0, 25.0))
    assert sorted(order) == list(range(len(many)))
    here, left, nearest = many[order[0]], set(many), []
    while left:
        here = min(left, key=lambda point: distance_m(here, point))
        nearest.append(here)
        left.remove(here)
    assert sum(legs_m([many[place] for place in order])) < 1.3 * sum(legs_m(nearest))


def test_a_degree_of_latitude_has_its_length() -> None:
    assert distance_m((100.0, 25.0), (100.0, 26.0)) == pytest.approx(111_195, rel=1e-4)
