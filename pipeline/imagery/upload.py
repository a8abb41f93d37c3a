"""Read an upload in strips of whole blocks at full resolution, in the enclosed process only.

Never asks the raster for its files, overviews or reduced sizes, and never warps it: each of these can make GDAL open
files that the upload names.

Axes: b = band (red, green, blue), h = row, w = column.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.errors import InvalidInputError
from pipeline.imagery.header import Bands, Header
from pipeline.imagery.scaling import Scaling
from pipeline.imagery.surround import (
    CellMap,
    Flags,
    PlainColour,
    Surround,
    Values,
    border_seeds,
    declared_colour,
    is_surround,
    to_cells,
    undeclared_colours,
)
from pipeline.imagery.tiles import TILE_PX, Pixels

SAMPLES_A_SIDE: Final = 8
SAMPLE_PX: Final = 256
DAMAGED: Final = "the file is damaged or cut off; copy or upload it again, or export it anew"


@contextlib.contextmanager
def open_raster(path: Path) -> Iterator[Any]:
    """The raster at ``path``, opened as GeoTIFF and nothing else.

    Raises:
        InvalidInputError: It cannot be opened.
    """
    try:
        raster = rasterio.open(path, driver="GTiff", NUM_THREADS="2")
    except RasterioError as error:
        raise InvalidInputError(DAMAGED) from error
    with raster:
        yield raster


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An open upload and how it is to be understood."""

    raster: Any
    header: Header
    bands: Bands
    mask: MaskOrigin

    def read(self, indexes: tuple[int, ...], window: Window) -> Values:
        """Values as they are stored, [b, h, w].

        Raises:
            InvalidInputError: The file is damaged there.
        """
        try:
            return np.asarray(self.raster.read(indexes, window=window))
        except RasterioError as error:
            raise InvalidInputError(DAMAGED) from error

    def strips(self) -> Iterator[tuple[int, Window]]:
        """The first row and the window of each strip of 512 rows, from north to south."""
        size = self.header.size
        for row_px in range(0, size.height_px, TILE_PX):
            yield row_px, Window(0, row_px, size.width_px, min(TILE_PX, size.height_px - row_px))

    def strip(self, window: Window) -> tuple[Values, Flags]:
        """Red, green and blue as stored, and what the raster itself (not its surround) says was flown."""
        if self.mask is MaskOrigin.ALPHA and self.bands.alpha is not None:
            values_bhw = self.read((*self.bands.rgb, self.bands.alpha), window)
            values_bhw, flown_hw = values_bhw[:3], opaque(values_bhw[3])
        else:
            values_bhw = self.read(self.bands.rgb, window)
            flown_hw = (
                self._mask_band(window) if self.mask is MaskOrigin.MASK_BAND else np.ones(values_bhw.shape[1:], bool)
            )
        if np.issubdtype(values_bhw.dtype, np.floating):
            flown_hw &= np.isfinite(values_bhw).all(axis=0)
        return values_bhw, flown_hw

    def _mask_band(self, window: Window) -> Flags:
        try:
            return np.asarray(self.raster.read_masks(1, window=window)) > 0
        except RasterioError as error:
            raise InvalidInputError(DAMAGED) from error

    def scaling(self) -> Scaling | None:
        """The rule to 8 bits from a fixed sample, or None where the pixels have 8 bits."""
        if self.header.dtypes[0] == "uint8":
            return None
        plain = self._plain_colours()
        samples = []
        for window in self._sample_windows():
            values_bhw, flown_hw = self.strip(window)
            for colour in plain:
                flown_hw &= ~colour.core(values_bhw)
            samples.append(values_bhw[:, flown_hw])
        return Scaling.of(np.concatenate(samples, axis=1))

    def _sample_windows(self) -> Iterator[Window]:
        """A fixed grid of windows over the mosaic."""
        width, height = self.header.size.width_px, self.header.size.height_px
        rows = sorted(
            {(height - min(SAMPLE_PX, height)) * step // (SAMPLES_A_SIDE - 1) for step in range(SAMPLES_A_SIDE)}
        )
        columns = sorted(
            {(width - min(SAMPLE_PX, width)) * step // (SAMPLES_A_SIDE - 1) for step in range(SAMPLES_A_SIDE)}
        )
        for row in rows:
            for column in columns:
                yield Window(column, row, min(SAMPLE_PX, width), min(SAMPLE_PX, height))

    def _plain_colours(self) -> tuple[PlainColour, ...]:
        """Colours that may be a surround: the declared one, else white and black, else none."""
        nodata = self.header.nodata
        if self.mask is MaskOrigin.NONE:
            return undeclared_colours(self.header.dtypes[0])
        if self.mask is MaskOrigin.NODATA and nodata is not None and np.isfinite(nodata):
            return (declared_colour(nodata, lossy=self.header.compression.upper().endswith("JPEG")),)
        return ()

    def surrounds(self) -> tuple[Surround, ...]:
        """The surround of each plain colour that has one; reads the whole raster only where the border is plain."""
        declared = self.mask is MaskOrigin.NODATA
        colours = self._plain_colours() if declared else self._border_colours()
        if not colours:
            return ()
        maps = [CellMap(self.header.size, colour) for colour in colours]
        for row_px, window in self.strips():
            values_bhw = self.read(self.bands.rgb, window)
            for cells in maps:
                cells.add(row_px, values_bhw)
        found = (cells.surround(declared=declared) for cells in maps)
        return tuple(surround for surround in found if surround is not None)

    def _border_colours(self) -> tuple[PlainColour, ...]:
        """Those plain colours of which enough of the border is, from the outermost cells alone."""
        maps = [CellMap(self.header.size, colour) for colour in self._plain_colours()]
        if not maps:
            return ()
        cell_px, width, height = maps[0].cell_px, self.header.size.width_px, self.header.size.height_px
        for row in {0, (height - 1) // cell_px * cell_px}:
            values_bhw = self.read(self.bands.rgb, Window(0, row, width, min(cell_px, height - row)))
            for cells in maps:
                cells.add(row, values_bhw)
        for column in {0, (width - 1) // cell_px * cell_px}:
            values_bhw = self.read(self.bands.rgb, Window(column, 0, min(cell_px, width - column), height))
            for cells in maps:
                plain_y1 = to_cells(cells.colour.core(values_bhw), cell_px)
                cells.plain_yx[:, column // cell_px] = plain_y1[:, 0]
        return tuple(cells.colour for cells in maps if is_surround(border_seeds(cells.plain_yx)))


def opaque(alpha_hw: Values) -> Flags:
    """Where alpha is at least half of its range; 128 of 255."""
    if np.issubdtype(alpha_hw.dtype, np.integer):
        return np.asarray(alpha_hw > np.iinfo(alpha_hw.dtype).max // 2)
    return np.asarray(alpha_hw >= 0.5)  # noqa: PLR2004 - half of the range of a float


def to_8_bits(values_bhw: Values, flown_hw: Flags, scaling: Scaling | None) -> Pixels:
    """uint8 [b, h, w], black where not flown; the values themselves where they have 8 bits."""
    pixels_bhw = values_bhw if scaling is None else scaling.apply(values_bhw)
    if not flown_hw.all():
        np.multiply(pixels_bhw, flown_hw, out=pixels_bhw)
    return pixels_bhw
