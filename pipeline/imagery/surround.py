"""Which pixels of one plain colour are the surround of a mosaic, and not bright or dark ground inside it.

The mosaic is cut into cells of a few pixels. A cell is *plain* if each of its pixels has the plain colour. What is
connected (also over corners) through plain cells to the border is surround; then its edge is refined to the pixel.
So a white roof stays flown even where a thin white line joins it to the surround, and memory is one byte a cell.

Axes: b = band (red, green, blue), h = row, w = column, y = row of cells, x = column of cells.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.geometry import Size

Values: TypeAlias = npt.NDArray[Any]
Flags: TypeAlias = npt.NDArray[np.bool_]

FINEST_CELL_PX: Final = 4
COARSEST_CELL_PX: Final = 512
MOST_CELLS: Final = 2**26
"""64 MiB of cells, four times that while they are labelled; 60,000 x 60,000 px have cells of 8 px."""
LEAST_RUN_CELLS: Final = 4
"""Plain border cells count where so many stand in a row."""
LEAST_BORDER_SHARE: Final = 0.01
EDGE_CELLS: Final = 2
"""How far beyond the plain cells their ragged edge is looked for."""
LEAST_HOLE_PX: Final = 400
"""A hole of declared nodata inside flown ground counts as not flown from this size on; smaller ones are dark specks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainColour:
    """A colour that may be a surround: every band in [low, high]; its blurred edge in [edge_low, edge_high]."""

    name: str
    low: float
    high: float
    edge_low: float
    edge_high: float

    def core(self, values_bhw: Values) -> Flags:
        """Pixels of the colour, bool [h, w]."""
        return _all_within(values_bhw, self.low, self.high)

    def edge(self, values_bhw: Values) -> Flags:
        """Pixels of the colour or of its edge, bool [h, w]."""
        return _all_within(values_bhw, self.edge_low, self.edge_high)


def _all_within(values_bhw: Values, low: float, high: float) -> Flags:
    """Where each band lies in [low, high]; nowhere where no value of this kind can."""
    lowest, highest = -math.inf, math.inf
    if np.issubdtype(values_bhw.dtype, np.integer):
        lowest, highest = np.iinfo(values_bhw.dtype).min, np.iinfo(values_bhw.dtype).max
        low, high = max(math.ceil(low), lowest), min(math.floor(high), highest)
    if low > high:
        return np.zeros(values_bhw.shape[1:], bool)
    within_hw = np.ones(values_bhw.shape[1:], bool)
    for values_hw in values_bhw:
        # half of these comparisons can only say yes, and this is the hot loop of the first reading
        if low > lowest:
            within_hw &= values_hw >= low
        if high < highest:
            within_hw &= values_hw <= high
    return within_hw


def undeclared_colours(dtype: str) -> tuple[PlainColour, ...]:
    """White and black as they surround mosaics that declare nothing; exact where a value has more than 8 bits."""
    if dtype == "uint8":
        return (
            PlainColour(name="white", low=250, high=255, edge_low=236, edge_high=255),
            PlainColour(name="black", low=0, high=5, edge_low=0, edge_high=16),
        )
    white = 65535.0 if dtype == "uint16" else 1.0
    return (
        PlainColour(name="white", low=white, high=white, edge_low=white, edge_high=white),
        PlainColour(name="black", low=0, high=0, edge_low=0, edge_high=0),
    )


def declared_colour(nodata: float, *, lossy: bool) -> PlainColour:
    """The declared nodata value; JPEG does not keep it exactly."""
    core, edge = (2, 12) if lossy else (0, 0)
    return PlainColour(
        name=f"nodata {nodata:g}",
        low=nodata - core,
        high=nodata + core,
        edge_low=nodata - edge,
        edge_high=nodata + edge,
    )


def cell_px_for(size: Size) -> int:
    """The side of a cell in pixels: a power of two, so that strips of 512 rows are whole cells."""
    cell_px = FINEST_CELL_PX
    while size.pixels > MOST_CELLS * cell_px**2 and cell_px < COARSEST_CELL_PX:
        cell_px *= 2
    return cell_px


class CellMap:
    """The plain cells of a mosaic for one colour, gathered strip by strip."""

    def __init__(self, size: Size, colour: PlainColour) -> None:
        self.colour = colour
        self.cell_px = cell_px_for(size)
        self.plain_yx: Flags = np.zeros((-(-size.height_px // self.cell_px), -(-size.width_px // self.cell_px)), bool)

    def add(self, row_px: int, values_bhw: Values) -> None:
        """Take the strip that starts at ``row_px``, a multiple of the cell; only the last may end inside a cell."""
        plain_yx = to_cells(self.colour.core(values_bhw), self.cell_px)
        top = row_px // self.cell_px
        self.plain_yx[top : top + len(plain_yx)] = plain_yx

    def surround(self, *, declared: bool) -> "Surround | None":
        """The surround, or None where there is none; a declared one needs no long border and may have holes inside."""
        from scipy import ndimage  # noqa: PLC0415 - costs 0.2 s, and few mosaics get here

        border_yx = border_seeds(self.plain_yx, least_run=1 if declared else LEAST_RUN_CELLS)
        if not declared and not is_surround(border_yx):
            return None
        labels_yx, count = ndimage.label(self.plain_yx, structure=np.ones((3, 3)), output=np.int32)
        outside = np.zeros(count + 1, bool)
        outside[labels_yx[border_yx]] = True
        if declared:
            outside |= _label_sizes(labels_yx, count) * self.cell_px**2 >= LEAST_HOLE_PX
        outside[0] = False
        if not outside.any():
            return None
        cells_yx = ndimage.binary_dilation(outside[labels_yx], np.ones((3, 3)), iterations=EDGE_CELLS)
        return Surround(colour=self.colour, cell_px=self.cell_px, near_yx=cells_yx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surround:
    """A surround: ``near_yx`` are its cells and those around them in which its edge runs."""

    colour: PlainColour
    cell_px: int
    near_yx: Flags

    def flown(self, row_px: int, values_bhw: Values) -> Flags:
        """The pixels of the strip that starts at ``row_px`` that do not belong to the surround, bool [h, w]."""
        height, width = values_bhw.shape[1:]
        top = row_px // self.cell_px
        near_yx = self.near_yx[top : top + -(-height // self.cell_px)]
        if not near_yx.any():
            return np.ones((height, width), bool)
        near_hw = near_yx.repeat(self.cell_px, axis=0).repeat(self.cell_px, axis=1)[:height, :width]
        return ~(near_hw & self.colour.edge(values_bhw))


def to_cells(plain_hw: Flags, cell_px: int) -> Flags:
    """Cells whose every pixel is plain, bool [y, x]; what a cell lacks at the right and lower edge counts as plain."""
    height, width = plain_hw.shape
    more = ((0, -height % cell_px), (0, -width % cell_px))
    if more[0][1] or more[1][1]:
        plain_hw = np.pad(plain_hw, more, constant_values=True)
    rows_yw: Flags = np.asarray(plain_hw.reshape(-1, cell_px, plain_hw.shape[1]).all(axis=1))
    cells_yx: Flags = np.asarray(rows_yw.reshape(len(rows_yw), -1, cell_px).all(axis=2))
    return cells_yx


def border_seeds(plain_yx: Flags, *, least_run: int = LEAST_RUN_CELLS) -> Flags:
    """Plain cells on the border that stand in runs of at least ``least_run``, bool [y, x]."""
    seeds_yx = np.zeros_like(plain_yx)
    for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        seeds_yx[edge] |= _long_runs(plain_yx[edge], min(least_run, plain_yx[edge].size))
    return seeds_yx


def is_surround(seeds_yx: Flags) -> bool:
    """Whether so much of the border is plain that it must be a surround."""
    rows, columns = seeds_yx.shape
    border = rows * columns - max(rows - 2, 0) * max(columns - 2, 0)
    return bool(np.count_nonzero(seeds_yx) >= LEAST_BORDER_SHARE * border) and bool(seeds_yx.any())


def _label_sizes(labels_yx: Values, count: int) -> Values:
    """How many cells have each label, 0 included; by parts, because ``bincount`` makes 64-bit numbers of them all."""
    sizes_n = np.zeros(count + 1, np.int64)
    for rows in np.array_split(labels_yx, max(1, len(labels_yx) // 1024)):
        sizes_n += np.bincount(rows.ravel(), minlength=count + 1)
    return sizes_n


def _long_runs(plain_n: Flags, least: int) -> Flags:
    """Only those True that stand in runs of at least ``least``."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], plain_n.view(np.int8), [0]))))
    kept_n = np.zeros_like(plain_n)
    for start, stop in zip(steps[0::2], steps[1::2], strict=True):
        kept_n[start:stop] = stop - start >= least
    return kept_n
