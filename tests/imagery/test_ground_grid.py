"""Cells of ground never show more as seen than was seen, and every gap is shown, in any window of days."""

import numpy as np
import pytest
import shapely
from ground_read import read_ground
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.imagery.cells import patches_of
from pipeline.imagery.ground_grid import CELLS, Level, Look, ground_grid
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import bounds_m

ADDRESS = TileAddress(zoom=12, column=3318, row=1537)
LEFT, _, RIGHT, TOP = bounds_m(ADDRESS)
CELL_M = (RIGHT - LEFT) / CELLS


def cells(west: float, north: float, east: float, south: float, turned: float = 0.0) -> shapely.Polygon:
    """A piece of ground, in cells from the north-west corner of the tile."""
    box = shapely.affinity.rotate(shapely.box(west, north, east, south), turned)
    return shapely.transform(box, lambda points: points * (CELL_M, -CELL_M) + (LEFT, TOP))


def seen(day: int, *box: float, turned: float = 0.0) -> Look:
    return Look(level=Level.SEEN, day=day, outline=cells(*box, turned=turned))


AREA = cells(0, 0, 40, 40)
numbers = st.floats(-3, 30, allow_nan=False, width=32)
looked = st.builds(
    lambda day, x, y, w, h, turned: seen(day, x, y, x + w, y + h, turned=turned),
    st.integers(1, 4), numbers, numbers, st.floats(0.2, 20), st.floats(0.2, 20), st.floats(0, 90),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(looks=st.lists(looked, min_size=1, max_size=5), first=st.integers(1, 4), last=st.integers(1, 4))
def test_a_cell_shows_as_seen_only_what_was_seen_whole_and_no_fresher(looks: list[Look], first: int, last: int) -> None:
    newest = read_ground(ground_grid(ADDRESS, [AREA], looks)).newest(last)[Level.SEEN]
    for row, column in np.argwhere(newest[:40, :40] >= first):
        cell, since = cells(column, row, column + 1, row + 1), newest[row, column]
        known = shapely.union_all([look.outline for look in looks if since <= look.day <= last])
        assert shapely.difference(cell, known).area < 1e-6 * cell.area


@settings(max_examples=40, deadline=None)
@given(look=looked)
def test_ground_well_inside_a_look_is_seen(look: Look) -> None:
    inner = look.outline.buffer(-2.5 * CELL_M)
    shown = read_ground(ground_grid(ADDRESS, [AREA], [look])).state(1, 9)
    for point in shapely.get_coordinates(inner):
        column, row = int((point[0] - LEFT) // CELL_M), int((TOP - point[1]) // CELL_M)
        if 0 <= row < CELLS and 0 <= column < CELLS:
            assert shown[row, column] == "seen"


@pytest.mark.parametrize("gap", [0.02, 0.3, 1.0, 5.0])
def test_a_gap_between_flights_is_at_least_one_cell_wide_however_narrow_it_is(gap: float) -> None:
    looks = [seen(1, -5, -5, 12.3, 50), seen(1, 12.3 + gap, -5, 50, 50)]
    shown = read_ground(ground_grid(ADDRESS, [AREA], looks)).state(1, 1)
    assert (shown[:40, :40] == "not_flown").any(axis=1).all()
    assert (shown[:40, :40] == "seen").sum() >= 40 * (40 - gap - 3)


def test_a_hole_smaller_than_a_cell_is_shown() -> None:
    pond = shapely.difference(cells(-5, -5, 50, 50), cells(20.4, 20.4, 20.5, 20.5))
    shown = read_ground(ground_grid(ADDRESS, [AREA], [Look(level=Level.SEEN, day=1, outline=pond)])).state(1, 1)
    assert shown[20, 20] == "not_flown"
    assert (shown[:40, :40] == "seen").sum() == 40 * 40 - 1


def test_flights_of_different_days_that_overlap_cover_ground_together() -> None:
    looks = [seen(10, -5, -5, 21, 50), seen(20, 18, -5, 50, 50)]
    tile = read_ground(ground_grid(ADDRESS, [AREA], looks))
    assert (tile.state(1, 30)[:40, :40] == "seen").all()
    assert (tile.state(15, 30)[:40, :17] == "not_flown").all()
    assert (tile.newest(30)[Level.SEEN][:40, 25:40] == 20).all()
    assert (tile.newest(30)[Level.SEEN][:40, :15] == 10).all()
    assert (tile.state(1, 15)[:40, 22:40] == "not_flown").all()


def test_what_was_not_seen_says_why_and_what_was_seen_stays_seen() -> None:
    looks = [
        seen(10, -5, -5, 50, 20),
        Look(level=Level.BLIND, day=12, outline=cells(5, 10, 15, 30)),
        Look(level=Level.SKIPPED, day=14, outline=cells(10, 25, 30, 35)),
    ]
    shown = read_ground(ground_grid(ADDRESS, [AREA], looks)).state(1, 20)
    assert shown[12, 8] == "seen"
    assert shown[24, 8] == "not_assessable"
    assert shown[28, 12] == "not_assessable"
    assert shown[32, 12] == "could_not_be_flown"
    assert shown[38, 38] == "not_flown"
    assert shown[100, 100] == "nothing"
    assert read_ground(ground_grid(ADDRESS, [AREA], looks)).state(13, 20)[12, 8] == "not_flown"


def test_where_nothing_is_there_is_no_tile() -> None:
    assert ground_grid(ADDRESS, [], []) == b""
    far = TileAddress(zoom=12, column=1, row=1)
    assert ground_grid(far, [AREA], [seen(1, 0, 0, 10, 10)]) == b""


def test_whole_cells_and_touched_ones_are_those_of_the_outline() -> None:
    ring = shapely.Polygon([(1, 1), (9, 1), (9, 9), (1, 9)], [[(4.2, 4.2), (5.8, 4.2), (5.8, 5.8), (4.2, 5.8)]])
    (patch, outside) = patches_of([ring, shapely.box(20, 20, 30, 30)], 12)
    assert outside is None
    assert patch is not None
    whole, touched = np.zeros((12, 12), bool), np.zeros((12, 12), bool)
    place = np.s_[patch.row : patch.row + len(patch.whole_rc), patch.column : patch.column + len(patch.whole_rc[0])]
    whole[place], touched[place] = patch.whole_rc, patch.touched_rc
    for row in range(12):
        for column in range(12):
            cell = shapely.box(column, row, column + 1, row + 1)
            assert not whole[row, column] or ring.covers(cell)
            assert touched[row, column] or shapely.intersection(ring, cell).area == 0
    assert whole.sum() >= 6 * 6 - 4 * 4
