"""Groups of cells: eight neighbours, hysteresis, and runs that cover each cell once."""

import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from pipeline.imagery.regions import grow, runs_of

MASKS = arrays(bool, (5, 7))


def test_a_group_counts_when_one_of_its_cells_is_high() -> None:
    low_rc = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], bool)
    high_rc = np.zeros((3, 4), bool)
    high_rc[0, 1] = high_rc[2, 3] = True  # the second lies outside every group
    ((rows, columns),) = grow(low_rc, high_rc).cells()
    assert list(zip(rows, columns, strict=True)) == [(0, 0), (0, 1)]


def test_cells_that_touch_at_a_corner_are_one_group() -> None:
    low_rc = np.eye(4, dtype=bool)
    assert len(grow(low_rc, low_rc).raised) == 1


@given(MASKS, MASKS)
def test_every_high_cell_is_in_exactly_one_group_and_every_group_has_one(low: np.ndarray, high: np.ndarray) -> None:
    groups = grow(low | high, high).cells()
    members = [cell for rows, columns in groups for cell in zip(rows, columns, strict=True)]
    assert len(members) == len(set(members))
    assert set(zip(*np.nonzero(high), strict=True)) <= set(members)
    assert all(high[rows, columns].any() for rows, columns in groups)


@given(MASKS)
def test_runs_cover_each_cell_once(mask: np.ndarray) -> None:
    rows, columns = np.nonzero(mask)
    if len(rows):
        runs = runs_of(rows, columns)
        covered = [
            (row, column)
            for left, right, row in zip(runs.left, runs.right, runs.row, strict=True)
            for column in range(left, right)
        ]
        assert covered == list(zip(rows, columns, strict=True))
