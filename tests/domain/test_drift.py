"""A flight stands out only against enough others, seldom by chance, and surely when it is unlike them."""

import random

import pytest

from pipeline.domain.drift import BASELINE, LEAST_BEFORE, Measure, course


def steady(number: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(100, 4) for _ in range(number)]


def test_nothing_is_said_before_enough_flights_are_there() -> None:
    points = course(Measure.RED, [100.0] * LEAST_BEFORE + [250.0])
    assert [point.deviation for point in points[:-1] if point] == [None] * LEAST_BEFORE
    assert not any(point.is_alarming for point in points[:-1] if point)
    assert points[-1] is not None
    assert (points[-1].before, points[-1].is_alarming) == (LEAST_BEFORE, True)


def test_of_steady_flights_hardly_any_stands_out() -> None:
    points = course(Measure.GREEN, steady(4000))
    assert sum(point.is_alarming for point in points if point) <= 2


@pytest.mark.parametrize("measure", list(Measure))
def test_a_flight_far_from_those_before_stands_out_and_those_after_do_not(measure: Measure) -> None:
    values = [one / 5000 for one in steady(80)] if measure in {Measure.SCORE, Measure.GSD} else steady(80)
    values[60] *= 2
    odd = [place for place, point in enumerate(course(measure, values)) if point and point.is_alarming]
    assert odd == [60]


def test_a_few_odd_flights_before_hide_nothing() -> None:
    values = steady(60)
    values[10:16] = [180.0] * 6
    values[50] = 180.0
    points = course(Measure.BLUE, values)
    assert points[50] is not None
    assert points[50].is_alarming


def test_slow_change_raises_no_alarm_and_a_lasting_step_does_for_a_while() -> None:
    slow = [value + 0.2 * place for place, value in enumerate(steady(300))]
    assert not any(point.is_alarming for point in course(Measure.RED, slow) if point)
    step = steady(60) + [value + 60 for value in steady(80, seed=2)]
    odd = [place for place, point in enumerate(course(Measure.RED, step)) if point and point.is_alarming]
    assert odd[0] == 60
    assert 60 + BASELINE / 4 < odd[-1] < 60 + BASELINE


def test_flights_that_are_all_alike_do_not_make_the_next_one_odd() -> None:
    (*_, point) = course(Measure.GSD, [0.02] * 30 + [0.0205])
    assert point is not None
    assert not point.is_alarming
    (*_, coarse) = course(Measure.GSD, [0.02] * 30 + [0.03])
    assert coarse is not None
    assert coarse.is_alarming


def test_what_was_not_measured_is_left_out() -> None:
    values = [None, *([100.0] * 25), None, 101.0]
    points = course(Measure.RED, values)
    assert points[0] is points[26] is None
    assert points[-1] is not None
    assert points[-1].before == 25
