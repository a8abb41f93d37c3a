"""Pictures for people: the whole mosaic small, and evidence chips of one place.

Axes: h = row, w = column, b = band.
"""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import rasterio
from PIL import Image
from rasterio.enums import Resampling
from rasterio.windows import Window as PixelWindow

from pipeline.domain.geometry import Size
from pipeline.imagery.placing import without_placing_warnings

PAPER: Final = (238, 238, 234)
"""What stands where nothing was flown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A rectangle of mosaic pixels; it may reach past the mosaic."""

    left_px: float
    top_px: float
    width_px: float
    height_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG of a crop: ``size`` in picture pixels, ``scale`` in picture pixels per mosaic pixel."""

    jpeg: bytes
    crop: Crop
    size: Size
    scale: float


class Album:
    """A working orthomosaic, open for taking pictures of it. Use it in a ``with``."""

    def __init__(self, working: Path) -> None:
        """Open the orthomosaic, or a plain picture of labelled ground."""
        with without_placing_warnings():
            self._raster = rasterio.open(working)

    def __enter__(self) -> Self:
        """Return itself, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._raster.close()

    def overview(self, *, longest_px: int = 1600, quality: int = 82) -> Picture:
        """The whole mosaic, its longer side at most ``longest_px``."""
        width, height = self._raster.width, self._raster.height
        crop = Crop(left_px=0, top_px=0, width_px=width, height_px=height)
        return _picture(self._raster, crop, min(1.0, longest_px / max(width, height)), quality)

    def chip(self, crop: Crop, *, longest_px: int = 400, quality: int = 80) -> Picture:
        """One place; its longer side is exactly ``longest_px``, so that chips of one kind compare."""
        return _picture(self._raster, crop, longest_px / max(crop.width_px, crop.height_px), quality)


def _picture(raster: rasterio.DatasetReader, crop: Crop, scale: float, quality: int) -> Picture:
    """Read the part of the crop that lies inside, at ``scale``, onto paper."""
    size = Size(width_px=max(1, round(crop.width_px * scale)), height_px=max(1, round(crop.height_px * scale)))
    paper = Image.new("RGB", (size.width_px, size.height_px), PAPER)
    left, top = max(0, math.floor(crop.left_px)), max(0, math.floor(crop.top_px))
    right = min(raster.width, math.ceil(crop.left_px + crop.width_px))
    bottom = min(raster.height, math.ceil(crop.top_px + crop.height_px))
    if left < right and top < bottom:
        window = PixelWindow(left, top, right - left, bottom - top)
        shape = max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale))
        resampling = Resampling.average if scale < 1 else Resampling.cubic
        pixels_bhw = raster.read((1, 2, 3), window=window, out_shape=(3, *shape), resampling=resampling)
        flown_hw = raster.dataset_mask(window=window, out_shape=shape) > 0
        image = Image.fromarray(np.ascontiguousarray(np.moveaxis(pixels_bhw, 0, 2)))
        at = round((left - crop.left_px) * scale), round((top - crop.top_px) * scale)
        paper.paste(image, at, Image.fromarray(flown_hw))
    file = io.BytesIO()
    paper.save(file, "JPEG", quality=quality)
    return Picture(jpeg=file.getvalue(), crop=crop, size=size, scale=scale)
