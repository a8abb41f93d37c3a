"""What is said of a plot between two flights, and what is not."""

from math import inf

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.change import NO_PLOTS, Change, Plot, Registration, Survey, Word, changes_between
from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import Role
from pipeline.domain.sight import UNDECIDED, may_compare

ALL = shapely.box(-100, -100, 100, 100)


def plot(label: str, x: float, y: float = 0.0, side: float = 2.0, status: FlagStatus = FlagStatus.UNREVIEWED) -> Plot:
    return Plot(label=label, status=status, outline=shapely.box(x, y, x + side, y + side), area_m2=side * side)


def between(
    now: list[Plot], then: list[Plot], seen_now: shapely.Geometry = ALL, seen_then: shapely.Geometry = ALL
) -> tuple[Change, ...]:
    return changes_between(Survey(plots=now, seen=seen_now), Survey(plots=then, seen=seen_then), reach_m=0.1)


def test_each_plot_gets_the_word_that_both_flights_support() -> None:
    now = [plot("N", 0), plot("S", 10), plot("O", 50)]
    then = [plot("T", 10.5), plot("V", 20), plot("W", -60)]
    found = between(now, then, shapely.box(-5, -5, 100, 5), shapely.box(-100, -5, 40, 5))
    said = {tuple(one.label for one in change.plots): change.word for change in found}
    assert said == {
        ("N",): Word.NEW,
        ("S", "T"): Word.STILL_THERE,
        ("V",): Word.VANISHED,
        ("O",): Word.NOT_SEEN_THEN,
        ("W",): Word.NOT_SEEN_NOW,
    }
    assert [change.word for change in found] == list(Word)


def test_ground_that_was_seen_in_part_says_nothing_of_change() -> None:
    half = shapely.box(-100, -100, 1, 100)
    assert [one.word for one in between([plot("N", 0)], [], seen_then=half)] == [Word.NOT_SEEN_THEN]
    assert [one.word for one in between([], [plot("V", 0)], seen_now=half)] == [Word.NOT_SEEN_NOW]


def test_plots_side_by_side_are_two_and_those_within_the_residual_are_one() -> None:
    assert [one.word for one in between([plot("N", 0)], [plot("V", 2)])] == [Word.NEW, Word.VANISHED]
    thin = plot("A", 0, side=0.2)
    assert [one.word for one in between([thin], [plot("B", 0.25, side=0.2)])] == [Word.STILL_THERE]


@pytest.mark.parametrize("status", sorted(NO_PLOTS))
def test_what_people_said_is_none_neither_appears_nor_vanishes(status: FlagStatus) -> None:
    none = plot("X", 0, status=status)
    assert between([none], []) == between([], [none]) == ()
    assert [one.word for one in between([plot("N", 0)], [none])] == [Word.NEW]


places = st.lists(st.integers(-30, 30).map(lambda place: place * 3.0), max_size=8, unique=True)


@given(places, places, st.integers(-90, 90))
def test_every_plot_is_told_of_once_and_only_of_ground_that_both_saw(
    after: list[float], before: list[float], edge: int
) -> None:
    now = [plot(f"N{x}", x) for x in after]
    then = [plot(f"T{x}", x + 0.5) for x in before]
    seen = shapely.box(-100, -100, edge, 100)
    found = between(now, then, seen_now=seen)
    told = [one.label for change in found for one in change.plots]
    assert sorted(told) == sorted(one.label for one in now + then)
    assert all(seen.covers(one.then[0].outline.buffer(-0.3)) for one in found if one.word is Word.VANISHED)


def test_too_few_patches_or_too_large_a_residual_and_nothing_is_said() -> None:
    good = {"east_m": 0.3, "north_m": -1.2, "residual_m": 0.1, "tried": 64, "carried": 40}
    assert Registration(**good).doubt is None
    assert "7 of 64 patches" in str(Registration(**good | {"carried": 7}).doubt)
    assert "differ by 0.51 m" in str(Registration(**good | {"residual_m": 0.51}).doubt)
    assert "0 of 64" in str(Registration(**good | {"carried": 0, "residual_m": inf}).doubt)


def test_whoever_reads_flags_learns_of_no_change_while_verdicts_may_be_given() -> None:
    for status in FlagStatus:
        assert not may_compare([Role.REVIEWER], [status])
        assert not may_compare([Role.FIELD], [status])
        assert may_compare([Role.MANAGER], [status])
        assert may_compare([Role.SURVEYOR, Role.REVIEWER], [status]) is (status not in UNDECIDED)
    assert not may_compare([Role.SURVEYOR, Role.REVIEWER], [FlagStatus.CONFIRMED, FlagStatus.IN_REVIEW])
