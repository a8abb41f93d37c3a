"""Outlines to pixels and back.

Axes: b = band, h = row, w = column. Outlines are in pixels of the array: x counts columns, y counts rows, both
from the upper left corner.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.features import rasterize, shapes
from scipy import ndimage

from pipeline.errors import InvalidInputError


def burn(outlines: Sequence[shapely.Geometry], *, width_px: int, height_px: int) -> npt.NDArray[np.bool_]:
    """Which pixels have their centre inside one of ``outlines``; bool [height_px, width_px]."""
    drawn = [outline for outline in outlines if not outline.is_empty]
    if not drawn:
        return np.zeros((height_px, width_px), bool)
    return np.asarray(rasterize(drawn, out_shape=(height_px, width_px), dtype="uint8"), bool)


def grouped_outlines(
    mask_hw: npt.NDArray[np.bool_], *, least_px: int = 1
) -> tuple[tuple[shapely.Polygon | shapely.MultiPolygon, ...], int]:
    """One outline for each group of true pixels that touch, also at a corner; and how many had under ``least_px``."""
    groups_hw, found = ndimage.label(mask_hw, np.ones((3, 3)))
    large = np.bincount(groups_hw.ravel(), minlength=found + 1) >= least_px
    large[0] = False
    parts: dict[int, list[shapely.Polygon]] = {}
    for outline, number in shapes(groups_hw.astype(np.int32), mask=large[groups_hw]):
        parts.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    outlines = tuple(
        polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons) for _, polygons in sorted(parts.items())
    )
    return outlines, found - len(outlines)


def read_bands(path: Path) -> npt.NDArray[np.generic]:
    """All bands of a trusted raster as they are stored; [b, h, w].

    Raises:
        InvalidInputError: Its pixels cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as raster:
                return np.asarray(raster.read())
    except RasterioIOError as error:
        raise InvalidInputError(f"{path.name} cannot be read as a mask") from error
