"""Lay one of our own rasters into another grid, strip by strip.

Axes: b = band (red, green, blue), h = row, w = column.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window

from pipeline.domain.geometry import Georeference, Size
from pipeline.imagery.surround import Flags
from pipeline.imagery.tiles import TILE_PX, Pixels

CHUNK_PX: Final = 2048
MARGIN_PX: Final = 4
"""More source than bilinear interpolation needs, for the rounding of the edges."""


def affine(place: Georeference) -> Affine:
    """Pixel corners to map coordinates."""
    return Affine(place.pixel_width, 0, place.left, 0, -place.pixel_height, place.top)


def reprojected(path: Path, place: Georeference, size: Size) -> Iterator[tuple[Pixels, Flags]]:
    """Strips of 512 rows of ``path`` (one of ours) in the grid of ``place``: uint8 [b, h, w], bool [h, w].

    Colours are interpolated; a pixel is flown where all four pixels that it is made of were.
    """
    with rasterio.open(path, driver="GTiff") as source:
        for top in range(0, size.height_px, TILE_PX):
            height = min(TILE_PX, size.height_px - top)
            pixels_bhw = np.zeros((3, height, size.width_px), np.uint8)
            flown_hw = np.zeros((height, size.width_px), bool)
            for left in range(0, size.width_px, CHUNK_PX):
                columns = slice(left, left + CHUNK_PX)
                window = Window(left, top, flown_hw[:, columns].shape[1], height)
                _lay(source, place, window, pixels_bhw[:, :, columns], flown_hw[:, columns])
            yield pixels_bhw, flown_hw


def _lay(source: Any, place: Georeference, window: Window, pixels_bhw: Pixels, flown_hw: Flags) -> None:
    """Fill both arrays, which stand at ``window`` of the target grid."""
    target = affine(place) @ Affine.translation(window.col_off, window.row_off)
    crs = CRS.from_wkt(place.crs)
    needed = _source_window(source, crs, target, window)
    if needed is None:
        return
    given_bhw = source.read(window=needed)
    mask_hw = source.dataset_mask(window=needed)
    how = {
        "src_crs": source.crs,
        "src_transform": source.window_transform(needed),
        "dst_crs": crs,
        "dst_transform": target,
        "resampling": Resampling.bilinear,
    }
    laid_bhw = np.zeros(pixels_bhw.shape, np.uint8)
    opaque_hw = np.zeros(flown_hw.shape, np.uint8)
    reproject(given_bhw, laid_bhw, **how)
    reproject(mask_hw, opaque_hw, **how)
    flown_hw[:] = opaque_hw == 255  # noqa: PLR2004 - fully opaque
    pixels_bhw[:] = laid_bhw * flown_hw


def _source_window(source: Any, crs: CRS, target: Affine, window: Window) -> Window | None:
    """The part of the source under a window of the target; None where there is none."""
    left, top = target @ (0, 0)
    right, bottom = target @ (window.width, window.height)
    west, south, east, north = transform_bounds(crs, source.crs, left, bottom, right, top, densify_pts=21)
    first_col, first_row = ~source.transform @ (west, north)
    last_col, last_row = ~source.transform @ (east, south)
    cols = max(math.floor(first_col) - MARGIN_PX, 0), min(math.ceil(last_col) + MARGIN_PX, source.width)
    rows = max(math.floor(first_row) - MARGIN_PX, 0), min(math.ceil(last_row) + MARGIN_PX, source.height)
    if cols[0] >= cols[1] or rows[0] >= rows[1]:
        return None
    return Window(cols[0], rows[0], cols[1] - cols[0], rows[1] - rows[0])
