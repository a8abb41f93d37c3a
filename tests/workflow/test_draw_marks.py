"""Marks add up: whatever is counted is counted once, by one tile of each zoom, and by its days."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.imagery.map_tiles import TileAddress
from pipeline.workflow.draw_marks import KINDS, PLACES, Counted, KeptMarks, Marks, marks_tile

ADDRESS = TileAddress(zoom=8, column=207, row=96)
WEST, EAST, SOUTH, NORTH = 111.0938, 112.4999, 39.9098, 40.9798
"""The columns of the tile, and a little more to the north and south."""

Thing = tuple[int, int, int, float, float]
things = st.lists(
    st.tuples(
        st.integers(0, len(KINDS) - 1),
        st.integers(20_000, 20_003),
        st.sampled_from([0, 20_002]),
        st.floats(WEST, EAST),
        st.floats(SOUTH, NORTH),
    ),
    max_size=40,
)


def counted(given: list[Thing]) -> Counted:
    kinds, days, untils, longitudes, latitudes = zip(*given, strict=True) if given else ((),) * 5
    return Counted(
        kinds=np.array(kinds, np.int64),
        days=np.array(days, np.int64),
        untils=np.array(untils, np.int64),
        longitudes=np.array(longitudes, np.float64),
        latitudes=np.array(latitudes, np.float64),
    )


def told(tile: bytes) -> Counter[tuple[str, int, int]]:
    found: Counter[tuple[str, int, int]] = Counter()
    for _, _, kind, numbers in json.loads(tile)["marks"] if tile else []:
        for day, until, many in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
            found[kind, day, until] += many
    return found


def quarters(address: TileAddress) -> list[TileAddress]:
    return [
        TileAddress(zoom=address.zoom + 1, column=2 * address.column + x, row=2 * address.row + y)
        for x in (0, 1)
        for y in (0, 1)
    ]


@given(flags=things, visits=things)
def test_tiles_of_each_zoom_count_everything_once(flags: list[Thing], visits: list[Thing]) -> None:
    marks = Marks(flags=counted(flags), visits=counted(visits))
    whole, parts = Counter[tuple[str, int, int]](), Counter[tuple[str, int, int]]()
    for row in (ADDRESS.row - 1, ADDRESS.row, ADDRESS.row + 1):
        address = TileAddress(zoom=ADDRESS.zoom, column=ADDRESS.column, row=row)
        whole += told(marks_tile(marks, address))
        for quarter in quarters(address):
            parts += told(marks_tile(marks, quarter))
    assert whole == parts == Counter((KINDS[kind], day, until) for kind, day, until, *_ in (*flags, *visits))


def test_a_view_has_a_few_hundred_marks_however_many_flags_there_are() -> None:
    chance = np.random.default_rng(1)
    many = [(0, 20_000, 0, float(x), float(y)) for x, y in chance.uniform((WEST, SOUTH), (EAST, NORTH), (20_000, 2))]
    tile = json.loads(marks_tile(Marks(flags=counted(many), visits=counted([])), ADDRESS))
    assert len(tile["marks"]) <= PLACES**2


def test_marks_are_read_again_only_when_they_are_others() -> None:
    kept, read = KeptMarks(), []

    def reading() -> Marks:
        read.append(1)
        return Marks(flags=counted([]), visits=counted([]))

    assert kept.get("a", reading) is kept.get("a", reading)
    kept.get("b", reading)
    assert len(read) == 2


@pytest.mark.parametrize("zoom", [15, 16])
def test_from_near_flags_have_outlines_and_no_marks(zoom: int) -> None:
    address = TileAddress(zoom=zoom, column=207 * 2 ** (zoom - 8), row=96 * 2 ** (zoom - 8))
    thing = (0, 20_000, 0, 111.0938, 40.9797)
    assert told(marks_tile(Marks(flags=counted([thing]), visits=counted([])), address)) == {}
    assert told(marks_tile(Marks(flags=counted([]), visits=counted([thing])), address)).total() == 1
