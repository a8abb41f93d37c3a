"""Ground is counted once however often it was flown, and is as fresh as its last look: against a count of squares."""

from datetime import date, timedelta

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.freshness import NEVER, Ground, Level, Look, Window, ground_of, moves_of, pieces_of
from pipeline.errors import InvalidInputError

DAY = date(2026, 6, 1)
SIDE = 8
REGION = shapely.box(1, 1, 7, 6.5)


def days(number: int) -> date:
    return DAY + timedelta(days=number)


boxes = st.tuples(st.integers(0, 4), st.integers(0, SIDE - 2), st.integers(0, SIDE - 2), st.integers(1, 6))


@settings(max_examples=40)
@given(st.lists(boxes, max_size=7), st.integers(0, 4), st.integers(0, 4))
def test_any_window_holds_what_a_count_of_squares_says(
    flown: list[tuple[int, int, int, int]], first: int, more: int
) -> None:
    """Squares of half a metre; the looks come in any order of days."""
    window = Window(first=days(first), last=days(first + more))
    known: list[Look] = []
    moves = []
    for day, x, y, size in flown:
        look = Look(day=days(day), ground=shapely.box(x, y, x + size, y + size / 2))
        moves += moves_of(look.day, pieces_of(look, known), REGION)
        known.append(look)
    squares = [shapely.box(x / 2, y / 2, x / 2 + 0.5, y / 2 + 0.5) for x in range(2 * SIDE) for y in range(2 * SIDE)]
    squares = [square for square in squares if REGION.contains(square)]
    seen = [
        square
        for square in squares
        if any(window.first <= look.day <= window.last and look.ground.contains(square) for look in known)
    ]
    held = sum(
        move.area_m2 for move in moves if window.first <= move.day <= window.last and move.previous < window.first
    )
    assert held == pytest.approx(0.25 * len(seen))
    newest = [max(look.day for look in known if look.day <= window.last and look.ground.contains(s)) for s in seen]
    for day in {look.day for look in known if window.first <= look.day <= window.last}:
        came = sum(move.area_m2 for move in moves if move.day == day)
        went = sum(move.area_m2 for move in moves if move.previous == day and move.day <= window.last)
        assert came - went == pytest.approx(0.25 * newest.count(day))


def test_ground_flown_twice_on_a_day_is_counted_once() -> None:
    look = Look(day=DAY, ground=shapely.box(0, 0, 4, 4))
    (piece,) = pieces_of(Look(day=DAY, ground=shapely.box(2, 0, 6, 4)), [look])
    assert (piece.ground.area, piece.previous, piece.following) == (8.0, NEVER, None)


@settings(max_examples=60)
@given(st.floats(0.01, 1e6), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_states_sum_to_the_area_and_seen_is_never_more_than_it_is(area: float, a: float, b: float, c: float) -> None:
    seen, imaged, tried = sorted((a * area, b * area, c * area))
    ground = ground_of(area, {Level.SEEN: seen, Level.IMAGED: imaged, Level.TRIED: tried})
    assert ground.total == round(area * 100)
    assert min(ground.seen, ground.not_assessable, ground.could_not_be_flown, ground.not_flown) >= 0
    assert ground.area_m2("seen") <= seen + 0.006
    assert ground.area_m2("uncovered") >= area - seen - 0.012


def test_all_of_an_area_is_seen_although_rounding_lost_a_little() -> None:
    assert ground_of(12.3456, dict.fromkeys(Level, 12.3455999)).seen_share == 1
    assert ground_of(12.3456, dict.fromkeys(Level, 12.33)).seen_share < 1


def test_no_ground_is_no_share() -> None:
    assert Ground(seen=0, not_assessable=0, could_not_be_flown=0, not_flown=0).seen_share == 0


def test_a_window_ends_after_it_begins() -> None:
    with pytest.raises(InvalidInputError, match="before it begins"):
        Window(first=days(1), last=DAY)
