"""Outlines to pixels and back.

Axes: h = row, w = column. Outlines are in pixels of the array: x counts columns, y counts rows, both from the upper
left corner.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize, shapes


def burn(outlines: Sequence[shapely.Geometry], *, width_px: int, height_px: int) -> npt.NDArray[np.bool_]:
    """Which pixels have their centre inside one of ``outlines``; bool [height_px, width_px]."""
    drawn = [outline for outline in outlines if not outline.is_empty]
    if not drawn:
        return np.zeros((height_px, width_px), bool)
    return np.asarray(rasterize(drawn, out_shape=(height_px, width_px), dtype="uint8"), bool)


def outlines_of(mask_hw: npt.NDArray[np.bool_]) -> tuple[shapely.Polygon, ...]:
    """One polygon for each group of true pixels that touch along a side."""
    found = shapes(mask_hw.astype(np.uint8), mask=mask_hw)
    return tuple(shapely.geometry.shape(outline) for outline, _ in found)


def read_mask(path: Path, *, value: int) -> npt.NDArray[np.bool_]:
    """Where the first band of a trusted raster equals ``value``; bool [h, w]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as raster:
            return np.asarray(raster.read(1) == value)
