"""The imagery of the bench: a tiled JPEG GeoTIFF of synthetic farmland, flown whole or with rotated edges.

Axes: b = band, h = row, w = column.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio import Affine
from rasterio.windows import Window

from pipeline.domain.progress import Progress, Report
from pipeline.errors import InvalidInputError
from pipeline.imagery.scenes import SceneSpec
from pipeline.imagery.scenes.noise import Tile
from pipeline.imagery.scenes.render import paint

BLOCK_PX: Final = 512
PATCH_PX: Final = 1024
PATCHES: Final = 6
SCENE_PX: Final = 16_000
SEED: Final = 7
FLOWN_SHARE: Final = 0.6
TURNED_DEGREES: Final = 20.0
SIDE_SHARE: Final = FLOWN_SHARE**0.5
SMALLEST_PX: Final = 2 * PATCH_PX


def write_mosaic(path: Path, *, size_px: int, gsd_m: float, rotated: bool, report: Report) -> None:
    """A square mosaic of farmland patches, each turned and mirrored by a seed; the same arguments give the same land.

    ``rotated`` leaves 40 % without imagery, around a square that is turned against the grid.

    Raises:
        InvalidInputError: The size is smaller than 2048 px or no multiple of 1024 px.
    """
    if size_px < SMALLEST_PX or size_px % PATCH_PX:
        raise InvalidInputError(f"size {size_px} px must be a multiple of {PATCH_PX} px and at least {SMALLEST_PX} px")
    patches, rng = _patches(report), np.random.default_rng(SEED)
    profile = {
        "driver": "GTiff", "width": size_px, "height": size_px, "count": 3, "dtype": "uint8", "crs": "EPSG:32649",
        "transform": Affine(gsd_m, 0, 500_000.0, 0, -gsd_m, 4_500_000.0), "tiled": True, "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX, "compress": "JPEG", "photometric": "YCBCR", "jpeg_quality": 90, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    rows = range(0, size_px, PATCH_PX)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", **profile) as raster:
        for number, row in enumerate(rows, start=1):
            for column in rows:
                window = Window(column, row, PATCH_PX, PATCH_PX)
                pixels_bhw = _turned(patches[rng.integers(len(patches))], rng)
                if rotated:
                    flown_hw = _flown(row, column, size_px)
                    raster.write_mask(flown_hw, window=window)
                    pixels_bhw = np.where(flown_hw, pixels_bhw, 0).astype(np.uint8)
                raster.write(pixels_bhw, window=window)
            report(Progress(stage="making the mosaic", done=number, total=len(rows), unit="rows"))


def _patches(report: Report) -> list[npt.NDArray[np.uint8]]:
    """Patches from the middle of one scene, uint8 [3, h, w] each."""
    spec, made = SceneSpec(size_px=SCENE_PX, seed=SEED), []
    for number in range(PATCHES):
        column = SCENE_PX // 2 + (number - PATCHES // 2) * PATCH_PX
        tile = Tile(row=SCENE_PX // 2, col=column, height=PATCH_PX, width=PATCH_PX, gsd_m=spec.gsd_m)
        pixels_hwb, _ = paint(spec, tile)
        made.append(np.ascontiguousarray(pixels_hwb.transpose(2, 0, 1)))
        report(Progress(stage="painting farmland", done=number + 1, total=PATCHES, unit="patches"))
    return made


def _turned(pixels_bhw: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A patch turned by quarter turns, and mirrored or not."""
    turned = np.rot90(pixels_bhw, int(rng.integers(4)), axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if rng.integers(2) else turned)


def _flown(row: int, column: int, size_px: int) -> npt.NDArray[np.bool_]:
    """Which pixels of a patch lie in the flown square, bool [h, w]."""
    angle, half = np.deg2rad(TURNED_DEGREES), size_px * SIDE_SHARE / 2
    y = np.arange(row, row + PATCH_PX)[:, None] - size_px / 2
    x = np.arange(column, column + PATCH_PX)[None] - size_px / 2
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    flown_hw: npt.NDArray[np.bool_] = (np.abs(along) < half) & (np.abs(across) < half)
    return flown_hw
