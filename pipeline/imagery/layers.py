"""Raster layers of a scan: one band, 8 bit, written strip by strip as a cloud-optimised GeoTIFF.

Axes: h = row, w = column.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.shutil
from rasterio.enums import MaskFlags
from rasterio.transform import Affine
from rasterio.windows import Window as PixelWindow

from pipeline.domain.geometry import Georeference, Size
from pipeline.imagery.whole import whole_file

BLOCK_PX: Final = 512
CACHE_BYTES: Final = 192 * 1024**2
"""What GDAL may keep of decoded blocks; its own default is a twentieth of the machine's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What a layer is: its size, place, the value that stands for nothing, and how to paint its values."""

    size: Size
    georeference: Georeference
    nodata: int | None = None
    colours: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def bounded_cache() -> rasterio.Env:
    """A GDAL session whose block cache does not grow with the machine or the mosaic.

    GDAL takes its limit when the first block is read in a process, so this must be around everything that reads.
    """
    return rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, GDAL_PAM_ENABLED=False)


def write_layer(path: Path, layer: Layer, strips: Iterable[npt.NDArray[np.uint8]]) -> None:
    """Write ``strips`` (uint8 [h, width], from top to bottom, heights multiples of 512 but for the last) to ``path``.

    The file appears whole or not at all.
    """
    options: dict[str, Any] = {"COMPRESS": "DEFLATE", "LEVEL": 6, "BLOCKSIZE": BLOCK_PX, "BIGTIFF": "IF_SAFER"}
    flat = path.with_name(f".strips-{path.name}")
    try:
        with bounded_cache(), whole_file(path) as partial:
            _write_flat(flat, layer, strips)
            rasterio.shutil.copy(
                flat, partial, driver="COG", OVERVIEW_RESAMPLING="NEAREST", NUM_THREADS="ALL_CPUS", **options
            )
    finally:
        flat.unlink(missing_ok=True)


def _write_flat(path: Path, layer: Layer, strips: Iterable[npt.NDArray[np.uint8]]) -> None:
    """Write the strips to a tiled GeoTIFF without overviews, quick to write and to read once."""
    place = layer.georeference
    profile: dict[str, Any] = {
        "driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": layer.nodata,
        "width": layer.size.width_px, "height": layer.size.height_px, "crs": place.crs,
        "transform": Affine(place.pixel_width, 0, place.left, 0, -place.pixel_height, place.top),
        "tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "compress": "deflate", "zlevel": 1,
        "bigtiff": "IF_SAFER",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        if layer.colours:
            raster.write_colormap(1, layer.colours)
        raster.update_tags(**layer.tags)
        row = 0
        for strip_hw in strips:
            raster.write(strip_hw, 1, window=PixelWindow(0, row, layer.size.width_px, strip_hw.shape[0]))
            row += strip_hw.shape[0]


class FlownMask:
    """Where a working orthomosaic is imagery, read in strips of block rows. Use it in a ``with``."""

    def __init__(self, path: Path) -> None:
        """Open the orthomosaic's mask."""
        self._raster = rasterio.open(path)
        self.size = Size(width_px=self._raster.width, height_px=self._raster.height)
        self.whole = MaskFlags.all_valid in self._raster.mask_flag_enums[0]

    def __enter__(self) -> Self:
        """Return itself, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._raster.close()

    def strips(self) -> Iterator[npt.NDArray[np.bool_]]:
        """Bool [h, width] from top to bottom, h = 512 but for the last; True where there is imagery."""
        width, height = self.size.width_px, self.size.height_px
        for row in range(0, height, BLOCK_PX):
            rows = min(BLOCK_PX, height - row)
            if self.whole:
                yield np.ones((rows, width), bool)
            else:
                yield self._raster.read_masks(1, window=PixelWindow(0, row, width, rows)) > 0
