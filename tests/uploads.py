"""Orthomosaics as survey teams bring them."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, paint_red

RED = [(128, 320), (416, 64)]
"""Row and column of two red squares of 64 px; the second lies across windows of 128 px."""


def write_upload(path: Path, *, width: int = 700, height: int = 600, gsd_m: float = GSD_M) -> Path:
    """An RGBA orthomosaic as ODM writes it: alpha 0 where nothing was flown."""
    pixels_hwb = green_ground(height, width)
    for row, column in RED:
        paint_red(pixels_hwb, row=row, column=column)
    alpha_hw = np.full((height, width), 255, np.uint8)
    alpha_hw[:, -90:] = 0
    profile = {
        "driver": "GTiff", "count": 4, "dtype": "uint8", "width": width, "height": height, "crs": CRS,
        "transform": from_origin(LEFT, TOP, gsd_m, gsd_m), "photometric": "RGB", "alpha": "YES",
        "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(np.dstack([pixels_hwb, alpha_hw]).transpose(2, 0, 1))
    return path
