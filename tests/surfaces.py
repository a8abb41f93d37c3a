"""Surface models of planes, over the ground of the drawn flights."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin
from rasters import CRS, LEFT, TOP

SIDE = 1100
PIXEL_M = 0.05


def write_surface(
    path: Path, heights_hw: npt.NDArray[np.float32], *, left: float = LEFT, bands: int = 1, crs: str | None = CRS
) -> Path:
    """A surface model in metres whose north-west corner is that of the drawn flights."""
    height, width = heights_hw.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": bands, "dtype": "float32", "nodata": -9999}
    place = from_origin(left, TOP, PIXEL_M, PIXEL_M)
    with rasterio.open(path, "w", **profile, crs=crs, transform=place, tiled=True) as out:
        out.write(np.repeat(heights_hw[None], bands, axis=0))
    return path


def ramp(degrees: float, *, towards: str, side: int = SIDE) -> npt.NDArray[np.float32]:
    """Ground that rises by so many degrees towards the east or the north, with the valley at 100 m."""
    rise = np.arange(side) * PIXEL_M * math.tan(math.radians(degrees))
    row = rise if towards == "east" else rise[::-1, None]
    return (100 + np.broadcast_to(row, (side, side))).astype(np.float32)
