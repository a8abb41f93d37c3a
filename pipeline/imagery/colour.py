"""The colour of a mosaic as a whole: one number a band, to be held against that of other flights.

Axes: b = band (red, green, blue), h = row, w = column.
"""

from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from rasterio.enums import Resampling

LONGEST_PX: Final = 512
"""So small a picture is enough for a mean, and is read from an overview in milliseconds."""


def mean_colour(working: Path) -> tuple[float, float, float] | None:
    """Mean red, green and blue of the imagery of a working orthomosaic, 0 to 255 each; None where there is none."""
    with rasterio.open(working) as raster:
        scale = min(1.0, LONGEST_PX / max(raster.width, raster.height))
        shape = max(1, round(raster.height * scale)), max(1, round(raster.width * scale))
        pixels_bhw = raster.read((1, 2, 3), out_shape=(3, *shape), resampling=Resampling.average)
        flown_hw = raster.dataset_mask(out_shape=shape) > 0
    if not flown_hw.any():
        return None
    red, green, blue = (round(float(np.mean(band_hw[flown_hw])), 2) for band_hw in pixels_bhw)
    return red, green, blue
