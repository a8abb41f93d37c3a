"""Cells of a grid that lie wholly within outlines, and cells that outlines touch; of thousands of outlines at once.

Coordinates are in cells: x to the right, y downwards, whole numbers between cells. Axes: r = row, c = column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

STEP: Final = 0.5
"""How far apart an edge is looked at, in cells."""
REACH: Final = 0.26
"""Half of ``STEP`` and a little more: so far from a place that is looked at, a cell counts as touched."""
MOST_CELLS: Final = 8_000_000
"""Of this many cells at once outlines are laid on the grid."""

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The part of a grid about an outline: which cells from ``row``, ``column`` on lie wholly in it, which touch it."""

    row: int
    column: int
    whole_rc: npt.NDArray[np.bool_]
    touched_rc: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """Boxes of cells of outlines, one after the other in one row of cells; each row has a cell more at its end."""

    rows: Numbers
    columns: Numbers
    heights: Numbers
    widths: Numbers
    starts: Numbers

    @property
    def size(self) -> int:
        return int(self.starts[-1])

    def at(self, owner: Numbers, row: Numbers, column: Numbers) -> Numbers:
        """Where cells lie in the one row of cells."""
        place = (row - self.rows[owner]) * (self.widths[owner] + 1) + column - self.columns[owner]
        return np.asarray(self.starts[owner] + place, np.int64)


def patches_of(outlines: Sequence[BaseGeometry], cells: int, *, aligned: int = 1) -> Iterator[Patch | None]:
    """Lay valid polygons on a grid of ``cells`` x ``cells``, in their order; None for one that lies outside.

    No cell is called whole that an edge comes near: what is whole is never more than what there is. Rows and columns
    of patches begin and end at multiples of ``aligned``, which divides ``cells``.
    """
    boxes = _boxes(np.array(outlines, object), cells, aligned)
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    begin = 0
    while begin < len(outlines):
        end = max(begin + 1, begin + int(np.searchsorted(np.cumsum(sizes[begin:]), MOST_CELLS)))
        yield from _laid(np.array(outlines[begin:end], object), boxes[begin:end])
        begin = end


def _boxes(outlines: Any, cells: int, aligned: int) -> Numbers:
    """First column and row of each outline, and the ones behind its last; empty ones where it is outside."""
    bounds = np.nan_to_num(shapely.bounds(outlines), nan=-1e9)
    first = np.clip(np.floor((bounds[:, :2] - REACH) / aligned).astype(np.int64) * aligned, 0, cells)
    last = np.clip(np.ceil((bounds[:, 2:] + REACH) / aligned).astype(np.int64) * aligned, 0, cells)
    return np.hstack([first, np.maximum(first, last)])


def _laid(outlines: Any, boxes: Numbers) -> Iterator[Patch | None]:
    heights, widths = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    starts = np.concatenate([[0], np.cumsum(heights * (widths + 1))])
    windows = _Windows(rows=boxes[:, 1], columns=boxes[:, 0], heights=heights, widths=widths, starts=starts)
    owner, begins, ends = _edges(outlines)
    inside = _inside(windows, owner, begins, ends)
    near = _near(windows, owner, begins, ends)
    whole, touched = inside & ~near, inside | near
    for box, height, width, start in zip(boxes, heights, widths, starts[:-1], strict=True):
        if not height * width:
            yield None
            continue
        part = slice(start, start + height * (width + 1))
        kept = [cells[part].reshape(height, width + 1)[:, :width] for cells in (whole, touched)]
        yield Patch(row=int(box[1]), column=int(box[0]), whole_rc=kept[0], touched_rc=kept[1])


def _edges(outlines: Any) -> tuple[Numbers, Floats, Floats]:
    """The straight edges of outlines: whose they are, their beginnings and their ends, [n, x y]."""
    parts, of_outline = shapely.get_parts(outlines, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    same = of_ring[1:] == of_ring[:-1]
    return of_outline[of_part][of_ring[:-1][same]], points[:-1][same], points[1:][same]


def _inside(windows: _Windows, owner: Numbers, begins: Floats, ends: Floats) -> npt.NDArray[np.bool_]:
    """Cells whose middle lies in an outline: an odd number of edges lies before it in its row."""
    low, high = np.minimum(begins[:, 1], ends[:, 1]), np.maximum(begins[:, 1], ends[:, 1])
    first = np.maximum(np.ceil(low - 0.5).astype(np.int64), windows.rows[owner])
    last = np.minimum(np.ceil(high - 0.5).astype(np.int64), (windows.rows + windows.heights)[owner])
    count = np.maximum(last - first, 0)
    edge, row = _counted(count)
    row += first[edge]
    begin, along = begins[edge], ends[edge] - begins[edge]
    x = begin[:, 0] + along[:, 0] * (row + 0.5 - begin[:, 1]) / along[:, 1]
    whose = owner[edge]
    left = windows.columns[whose]
    column = np.clip(np.ceil(x - 0.5).astype(np.int64), left, left + windows.widths[whose])
    crossed = np.bincount(windows.at(whose, row, column), minlength=windows.size)
    return np.bitwise_xor.accumulate((crossed & 1).astype(bool))


def _near(windows: _Windows, owner: Numbers, begins: Floats, ends: Floats) -> npt.NDArray[np.bool_]:
    """Cells that an edge comes within ``REACH`` of."""
    near = np.zeros(windows.size, bool)
    steps = np.ceil(np.hypot(*(ends - begins).T) / STEP).astype(np.int64) + 1
    edge, step = _counted(steps)
    share = step / np.maximum(steps - 1, 1)[edge]
    whose = owner[edge]
    x = begins[edge, 0] + (ends - begins)[edge, 0] * share - windows.columns[whose]
    y = begins[edge, 1] + (ends - begins)[edge, 1] * share - windows.rows[whose]
    start, width, height = windows.starts[whose], windows.widths[whose], windows.heights[whose]
    for row in _about(y):
        for column in _about(x):
            fits = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            near[(start + row * (width + 1) + column)[fits]] = True
    return near


def _about(places: Floats) -> tuple[Numbers, Numbers]:
    """Which cells lie ``REACH`` before places, and which behind them; often the same."""
    return np.floor(places - REACH).astype(np.int64), np.floor(places + REACH).astype(np.int64)


def _counted(counts: Numbers) -> tuple[Numbers, Numbers]:
    """0 ... n - 1 for each count n: which count it is of, and the number."""
    of = np.repeat(np.arange(len(counts)), counts)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
