"""Where a trusted raster was flown, as an outline on the map."""

import math
import warnings
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import shapes
from rasterio.windows import Window

from pipeline.domain.geometry import Georeference

MOST_PX: Final = 512
"""Longest side at which the mask is looked at: outlines are right to a 512th of the raster."""


def box_on_map(place: Georeference, bounds_px: tuple[int, int, int, int]) -> shapely.Polygon:
    """A rectangle of pixels (column, row, width, height) in the units of its reference system."""
    column, row, width, height = bounds_px
    left, top = place.point(col_px=column, row_px=row)
    right, bottom = place.point(col_px=column + width, row_px=row + height)
    return shapely.box(left, bottom, right, top)


def flown_outline(path: Path, place: Georeference, bounds_px: tuple[int, int, int, int]) -> shapely.Geometry:
    """Where a rectangle of pixels (column, row, width, height) holds imagery, in the units of its reference system."""
    column, row, width, height = bounds_px
    step = max(1.0, max(width, height) / MOST_PX)
    shape = (max(1, math.ceil(height / step)), max(1, math.ceil(width / step)))
    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning), rasterio.open(path) as raster:
        flown_hw = raster.read_masks(1, window=Window(column, row, width, height), out_shape=shape) > 0
    outlines = [shapely.geometry.shape(outline) for outline, _ in shapes(flown_hw.astype(np.uint8), mask=flown_hw)]
    corner = place.point(col_px=column, row_px=row)
    across, down = place.pixel_width * width / shape[1], place.pixel_height * height / shape[0]
    return shapely.transform(
        shapely.unary_union(outlines), lambda points: np.array(corner) + points * np.array([across, -down])
    )
