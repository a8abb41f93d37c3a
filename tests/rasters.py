"""Tiny rasters made by hand."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin

from pipeline.domain.geometry import Georeference, Size
from pipeline.domain.orthomosaic import MaskOrigin, Orthomosaic

LEFT, TOP, GSD_M = 500_000.0, 4_500_000.0, 0.02
CRS = "EPSG:32649"

Pixels = npt.NDArray[np.uint8]
Flown = npt.NDArray[np.bool_]


def place(gsd_m: float = GSD_M) -> Georeference:
    wkt = rasterio.crs.CRS.from_string(CRS).to_wkt()
    return Georeference(crs=wkt, left=LEFT, top=TOP, pixel_width=gsd_m, pixel_height=gsd_m)


def write_working(
    path: Path, pixels_hwb: Pixels, flown_hw: Flown | None = None, *, gsd_m: float = GSD_M, left: float = LEFT
) -> Path:
    """A lossless raster with an internal mask, like the working copy that intake makes."""
    height, width, _ = pixels_hwb.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff", "count": 3, "dtype": "uint8", "width": width, "height": height, "crs": CRS,
        "transform": from_origin(left, TOP, gsd_m, gsd_m), "compress": "deflate", "photometric": "RGB",
        "tiled": True, "blockxsize": 64, "blockysize": 64,
    }  # fmt: skip
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", **profile) as raster:
        raster.write(np.moveaxis(pixels_hwb, 2, 0))
        if flown_hw is not None:
            raster.write_mask(flown_hw)
    if min(height, width) > 512:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as raster:
            raster.build_overviews([2, 4])
    return path


def mosaic(pixels_hwb: Pixels, *, gsd_m: float = GSD_M) -> Orthomosaic:
    height, width, _ = pixels_hwb.shape
    return Orthomosaic(
        name="flight.tif",
        original_sha256="ab" * 32,
        original_bytes=1234,
        size=Size(width_px=width, height_px=height),
        georeference=place(gsd_m),
        mask_origin=MaskOrigin.MASK_BAND,
    )


def green_ground(height: int, width: int, seed: int = 1) -> Pixels:
    rng = np.random.default_rng(seed)
    return (np.array([70, 110, 60]) + rng.integers(-20, 20, (height, width, 1))).astype(np.uint8)


def paint_red(pixels_hwb: Pixels, *, row: int, column: int, height: int = 64, width: int = 64) -> None:
    pixels_hwb[row : row + height, column : column + width] = (190, 60, 60)
