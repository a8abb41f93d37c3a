"""The score raster that every contestant leaves.

Axes: y = cell row, x = cell column.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio


def write_raster(path: Path, scores_yx: npt.NDArray[np.uint8]) -> None:
    """A score raster, uint8."""
    height, width = scores_yx.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, compress="DEFLATE") as raster:
        raster.write(scores_yx, 1)
