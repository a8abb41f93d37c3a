"""The score raster that every contestant leaves.

Axes: y = cell row, x = cell column.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio import Affine


def write_raster(path: Path, scores_yx: npt.NDArray[np.uint8], mosaic: Path, *, cell_px: int) -> None:
    """A score raster, uint8, on the ground of ``mosaic``: one pixel for each ``cell_px`` of it."""
    with rasterio.open(mosaic) as source:
        place = {"crs": source.crs, "transform": source.transform * Affine.scale(cell_px)}
    height, width = scores_yx.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8", **place}
    with rasterio.open(path, "w", **profile, compress="DEFLATE") as raster:
        raster.write(scores_yx, 1)
