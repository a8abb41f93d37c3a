"""Windows and cells: every pixel is covered, exactly once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.geometry import Size
from pipeline.domain.window import CellGrid, WindowPlan
from pipeline.errors import InvalidInputError


@given(
    columns=st.integers(1, 70),
    rows=st.integers(1, 70),
    most=st.integers(1, 20),
    strip=st.integers(1, 5),
    shift=st.integers(0, 19),
)
def test_every_cell_is_in_exactly_one_window(columns: int, rows: int, most: int, strip: int, shift: int) -> None:
    plan = WindowPlan(columns=columns, rows=rows, most_cells=most, strip_windows=strip, shift_cells=shift % most)
    seen = [[0] * columns for _ in range(rows)]
    for number, one in enumerate(plan.strips()):
        assert one.index == number
        assert 1 <= len(one.windows) <= strip
        for window in one.windows:
            assert window.columns <= plan.window_columns <= most
            assert window.rows <= plan.window_rows <= most
            for row in range(window.row, window.row + window.rows):
                for column in range(window.column, window.column + window.columns):
                    seen[row][column] += 1
    assert all(count == 1 for row in seen for count in row)


@given(width=st.integers(1, 3000), height=st.integers(1, 3000), scale=st.floats(0.1, 1.5))
def test_every_pixel_lies_in_a_cell_of_the_grid(width: int, height: int, scale: float) -> None:
    grid = CellGrid(mosaic=Size(width_px=width, height_px=height), stride_px=32, model_px_per_px=scale)
    assert grid.cell_of(0) == 0
    assert grid.cell_of(width - 1) == grid.columns - 1
    assert grid.cell_of(height - 1) == grid.rows - 1


@pytest.mark.parametrize("shift", [-1, 8])
def test_a_shift_outside_one_window_is_refused(shift: int) -> None:
    with pytest.raises(InvalidInputError, match=r"must be in \[0, 8\)"):
        WindowPlan(columns=10, rows=10, most_cells=8, shift_cells=shift)


def test_windows_without_extent_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="cover nothing"):
        WindowPlan(columns=10, rows=10, most_cells=0)
    with pytest.raises(InvalidInputError, match="no extent"):
        CellGrid(mosaic=Size(width_px=1, height_px=1), stride_px=32, model_px_per_px=0)
    with pytest.raises(InvalidInputError, match="no pixels"):
        Size(width_px=0, height_px=5)
