"""A cell and what lies around it: single cells are too few pixels to be judged by themselves.

What a cell is judged by lies within ``halo_px`` of it, so a judgement never depends on the window a cell was read in.

Axes: h = row, w = column; r, c = row, column of cells.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

REACH_PX: Final = 32
"""How far around a cell is looked."""
FOCUS_REACH_PX: Final = 64
"""How far for its sharpness: a lens is out of focus over more than a cell. At 32 px limits that gave up 0.1 % of good
ground let a third of ground blurred by 1 px pass, at 64 px 1 % (potato field)."""

Values = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]


def reach_cells(cell_px: int, reach_px: int = REACH_PX) -> int:
    """How many cells around a cell are looked at."""
    return -(-reach_px // cell_px)


def halo_px(cell_px: int) -> int:
    """How much ground around a window the judgement of its cells needs, in whole cells.

    For distance a cell more than ``REACH_PX``, where those are cut off by an edge of flight, and one to know of that
    edge; for sharpness a cell more, since differences reach into the next one.
    """
    return max(reach_cells(cell_px) + 2, reach_cells(cell_px, FOCUS_REACH_PX) + 1) * cell_px


def around_sum(values_rc: Values | Flags, reach: int) -> npt.NDArray[np.float64]:
    """The sum over each cell and ``reach`` cells around it, float64 [r, c]; nothing lies beyond the border."""
    return np.asarray(_views(values_rc.astype(np.float64), reach, fill=0.0).sum(axis=(2, 3)), np.float64)


def around_most(values_rc: Values, reach: int) -> npt.NDArray[np.float32]:
    """The most of each cell and ``reach`` cells around it, float32 [r, c]; what is not a number does not count."""
    known_rc = np.where(np.isnan(values_rc), -np.inf, values_rc)
    return np.asarray(_views(known_rc, reach, fill=-np.inf).max(axis=(2, 3)), np.float32)


def whole_cells(valid_hw: Flags, cell_px: int) -> Flags:
    """Which cells are wholly imagery, bool [r, c]."""
    rows, columns = valid_hw.shape[0] // cell_px, valid_hw.shape[1] // cell_px
    by_row = valid_hw.reshape(rows, cell_px, -1).all(axis=1)
    return np.asarray(by_row.reshape(rows, columns, cell_px).all(axis=2))


def inner_cells(whole_rc: Flags) -> Flags:
    """Which cells are wholly imagery like all eight around them, bool [r, c]."""
    return np.asarray(_views(whole_rc, 1, fill=True).all(axis=(2, 3)))


def pooled_distance(distance_rc: Values, whole_rc: Flags, cell_px: int) -> npt.NDArray[np.float64]:
    """Root mean square of the distances of each cell and those around it, float64 [r, c].

    Cells that are not wholly imagery, or that touch one, see the edge of flight, which looks like no ground: they are
    judged by the inner cells around them. Where there is none the answer is 0: an edge alone is not unfamiliar.
    """
    reach = reach_cells(cell_px)
    inner_rc = inner_cells(whole_rc)
    squared_rc = np.where(inner_rc, distance_rc.astype(np.float64) ** 2, 0.0)
    pooled_rc = np.zeros(distance_rc.shape)
    for wide in (reach + 1, reach):
        count_rc = around_sum(inner_rc, wide)
        mean_rc = around_sum(squared_rc, wide) / np.maximum(count_rc, 1)
        pooled_rc = np.where(count_rc > 0, np.sqrt(mean_rc), pooled_rc)
    return pooled_rc


def _views(values_rc: npt.NDArray[Any], reach: int, *, fill: float) -> npt.NDArray[Any]:
    """Each cell's neighbourhood, [r, c, 2 reach + 1, 2 reach + 1]."""
    wide_rc = np.pad(values_rc, reach, constant_values=fill)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(wide_rc, (2 * reach + 1, 2 * reach + 1)))
