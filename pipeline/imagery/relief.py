"""Relief: slope and shade of the ground from a surface model (DSM), so that a shadow is not taken for a plot.

``make_relief`` runs only in the enclosed process, like everything that opens an upload; what it writes holds no
heights. ``relief.tif`` has the grid of the surface model and two bands of 8 bits, 0 where nothing is known:

* 1: shade by a sun in the north-west, 45 degrees high, from 1 (turned away) to 255 (facing it);
* 2: 1 + slope in whole degrees.

Gradients are those of Horn (1981, "Hill shading and the reflectance map", Proc. IEEE 69), over 3 x 3 pixels. Heights
are in metres. Axes: h = row, w = column.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from pipeline.domain.geometry import Extent
from pipeline.domain.progress import Progress, Report
from pipeline.errors import InvalidInputError
from pipeline.imagery.header import LEAST_TURN, check_cost, check_transform, read_header
from pipeline.imagery.upload import open_raster
from pipeline.settings import IntakeLimits

RELIEF_NAME: Final = "relief.tif"
BLOCK_PX: Final = 1024
OVERVIEWS: Final = (2, 4, 8, 16)
LOWEST_M, HIGHEST_M = -500.0, 9000.0
METRES_A_DEGREE: Final = 111_320.0
SUN: Final = (-0.5, 0.5, math.sqrt(0.5))
"""East, north and up: from the north-west, as maps are shaded."""
NO_HEIGHTS: Final = "the file holds no heights in metres; hand in the surface model (dsm.tif) of the flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What was made: where it lies (degrees of EPSG:4326), and the distance of its pixels in metres."""

    extent: Extent
    gsd_m: float


def make_relief(upload: Path, folder: Path, limits: IntakeLimits, report: Report) -> Relief:
    """Write ``folder/relief.tif`` from the surface model at ``upload``.

    Raises:
        InvalidInputError: It is no surface model, or would cost more than the limits allow.
    """
    with open_raster(upload) as raster:
        header = read_header(raster)
        check_cost(header, limits, file_bytes=upload.stat().st_size)
        check_transform(header)
        if raster.count != 1:
            raise InvalidInputError(NO_HEIGHTS)
        width_m, height_m = _pixel_m(raster)
        report(Progress(stage="checked", done=1, total=1))
        known = _write(raster, folder / RELIEF_NAME, (width_m, height_m), report)
        if not known:
            raise InvalidInputError(NO_HEIGHTS)
        west, south, east, north = transform_bounds(raster.crs, "EPSG:4326", *raster.bounds)
    return Relief(extent=Extent(west=west, south=south, east=east, north=north), gsd_m=max(width_m, height_m))


def _pixel_m(raster: Any) -> tuple[float, float]:
    """Width and height of a pixel in metres.

    Raises:
        InvalidInputError: The raster is not placed on the globe, or not with north up.
    """
    if raster.crs is None:
        raise InvalidInputError("the surface model does not say where it lies; export it with its CRS")
    place = raster.transform
    if max(abs(place.b), abs(place.d)) > LEAST_TURN * min(abs(place.a), abs(place.e)) or place.a <= 0 or place.e >= 0:
        raise InvalidInputError("the surface model is turned; export it with north up")
    if raster.crs.is_projected:
        _, metres = raster.crs.linear_units_factor
        return place.a * metres, -place.e * metres
    middle = math.radians((raster.bounds.bottom + raster.bounds.top) / 2)
    return place.a * METRES_A_DEGREE * math.cos(middle), -place.e * METRES_A_DEGREE


def _write(raster: Any, path: Path, pixel_m: tuple[float, float], report: Report) -> bool:
    """Write slope and shade block by block; returns whether anything is known."""
    profile = {
        "driver": "GTiff",
        "width": raster.width,
        "height": raster.height,
        "count": 2,
        "dtype": "uint8",
        "nodata": 0,
        "crs": raster.crs,
        "transform": raster.transform,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "bigtiff": "if_safer",
    }
    known = False
    windows = list(_windows(raster.width, raster.height))
    with rasterio.open(path, "w", **profile) as out:
        for done, window in enumerate(windows, start=1):
            bands_bhw = slope_and_shade(_heights(raster, window), pixel_m)
            known = known or bool(bands_bhw.any())
            out.write(bands_bhw, window=window)
            report(Progress(stage="read", done=done, total=len(windows), unit="blocks"))
    with rasterio.open(path, "r+") as out:
        out.build_overviews([level for level in OVERVIEWS if min(out.shape) // level > 0], Resampling.average)
    return known


def slope_and_shade(heights_hw: npt.NDArray[np.float32], pixel_m: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """Both bands of ground whose heights, in metres, are known with one pixel more on each side.

    ``heights_hw`` [h + 2, w + 2] is not a number where nothing is known; ``pixel_m`` is width and height of a pixel.
    Returns uint8 [2, h, w].
    """
    row = {step: heights_hw[1 + step : heights_hw.shape[0] - 1 + step] for step in (-1, 0, 1)}
    at = {(y, x): row[y][:, 1 + x : heights_hw.shape[1] - 1 + x] for y in row for x in (-1, 0, 1)}
    east = (at[-1, 1] + 2 * at[0, 1] + at[1, 1] - at[-1, -1] - 2 * at[0, -1] - at[1, -1]) / (8 * pixel_m[0])
    north = (at[-1, -1] + 2 * at[-1, 0] + at[-1, 1] - at[1, -1] - 2 * at[1, 0] - at[1, 1]) / (8 * pixel_m[1])
    steep = np.hypot(east, north)
    lit = (SUN[2] - SUN[0] * east - SUN[1] * north) / np.sqrt(1 + steep**2)
    known = np.isfinite(steep)
    shaded = np.where(known, 1 + np.rint(254 * np.clip(lit, 0, 1)), 0)
    slope = np.where(known, 1 + np.rint(np.degrees(np.arctan(steep))), 0)
    return np.stack([shaded, slope]).astype(np.uint8)


def _heights(raster: Any, window: Window) -> npt.NDArray[np.float32]:
    """Heights of a window with one pixel around it, float32 [h + 2, w + 2]; not a number where nothing is known."""
    left, top = max(window.col_off - 1, 0), max(window.row_off - 1, 0)
    right = min(window.col_off + window.width + 1, raster.width)
    bottom = min(window.row_off + window.height + 1, raster.height)
    read_hw = raster.read(1, window=Window(left, top, right - left, bottom - top), masked=True)
    heights_hw = np.full((window.height + 2, window.width + 2), np.nan, np.float32)
    row, column = top - window.row_off + 1, left - window.col_off + 1
    heights_hw[row : row + read_hw.shape[0], column : column + read_hw.shape[1]] = read_hw.astype(np.float32).filled(
        np.nan
    )
    heights_hw[~((heights_hw >= LOWEST_M) & (heights_hw <= HIGHEST_M))] = np.nan
    return heights_hw


def _windows(width_px: int, height_px: int) -> Iterator[Window]:
    for row in range(0, height_px, BLOCK_PX):
        for column in range(0, width_px, BLOCK_PX):
            yield Window(column, row, min(BLOCK_PX, width_px - column), min(BLOCK_PX, height_px - row))
