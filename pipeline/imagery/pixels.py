"""Read one window of a trusted raster as pixels and mask, at the ground sampling distance that is asked for.

Only rasters that ``imagery.intake`` made, or that the software's own people chose for training, are opened here.

Axes: h = row, w = column, b = band (red, green, blue).
"""

import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import MaskFlags, Resampling
from rasterio.windows import Window as PixelWindow

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError

BANDS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Pixels of a window and where they are imagery.

    ``pixels_hwb`` is uint8 [h, w, 3]; ``valid_hw`` is bool [h, w], False where nothing was flown or the window reaches
    past the raster, and pixels there hold the fill colour.
    """

    pixels_hwb: npt.NDArray[np.uint8]
    valid_hw: npt.NDArray[np.bool_]


class Ground:
    """An open raster, read as if its pixels had the size a model expects. Use it in a ``with``.

    ``scale`` is model pixels per raster pixel; 1 reads the raster as it is. ``size`` is in model pixels.
    """

    def __init__(self, path: Path, *, scale: float = 1.0, fill_rgb: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Open ``path`` at the overview that is nearest to, and not coarser than, ``scale``.

        Raises:
            InvalidInputError: The raster has fewer than three bands or is not 8-bit, or the scale is not positive.
        """
        if not 0 < scale < math.inf:
            raise InvalidInputError(f"scale {scale} must be positive")
        with rasterio.open(path) as full:
            if full.count < len(BANDS) or full.dtypes[0] != "uint8":
                raise InvalidInputError(f"{path.name} is not an 8-bit picture of red, green and blue")
            self._full = Size(width_px=full.width, height_px=full.height)
            level = _overview_level(full.overviews(1), scale)
        self._raster = rasterio.open(path, **({} if level is None else {"overview_level": level}))
        self.scale = scale
        self.fill_rgb = fill_rgb
        self.size = Size(
            width_px=max(1, math.ceil(self._full.width_px * scale - 1e-6)),
            height_px=max(1, math.ceil(self._full.height_px * scale - 1e-6)),
        )
        # model pixels to pixels of the raster as opened, along each axis
        self._across = self._raster.width / (self._full.width_px * scale)
        self._down = self._raster.height / (self._full.height_px * scale)
        self._masked = MaskFlags.all_valid not in self._raster.mask_flag_enums[0]

    def __enter__(self) -> Self:
        """Return itself, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._raster.close()

    def read(self, *, column_px: int, row_px: int, width_px: int, height_px: int) -> Patch:
        """The window with upper left corner (``column_px``, ``row_px``), which may lie outside; in model pixels."""
        left, right = max(column_px, 0), min(column_px + width_px, self.size.width_px)
        top, bottom = max(row_px, 0), min(row_px + height_px, self.size.height_px)
        if (right - left, bottom - top) == (width_px, height_px):
            return self._read_inside(left, top, width_px, height_px)
        pixels_hwb = np.full((height_px, width_px, len(BANDS)), self.fill_rgb, np.uint8)
        valid_hw = np.zeros((height_px, width_px), bool)
        if left < right and top < bottom:
            inside = self._read_inside(left, top, right - left, bottom - top)
            place = np.s_[top - row_px : bottom - row_px, left - column_px : right - column_px]
            pixels_hwb[place], valid_hw[place] = inside.pixels_hwb, inside.valid_hw
        return Patch(pixels_hwb=pixels_hwb, valid_hw=valid_hw)

    def _read_inside(self, left: int, top: int, width: int, height: int) -> Patch:
        """A window inside the raster, decoded straight into [h, w, b]: a copy would cost half as much again."""
        window = PixelWindow(
            left * self._across,
            top * self._down,
            min(width * self._across, self._raster.width - left * self._across),
            min(height * self._down, self._raster.height - top * self._down),
        )
        pixels_hwb = np.empty((height, width, len(BANDS)), np.uint8)
        resampling = Resampling.bilinear if self._across <= 1 else Resampling.average
        self._raster.read(BANDS, window=window, out=pixels_hwb.transpose(2, 0, 1), resampling=resampling)
        if not self._masked:
            return Patch(pixels_hwb=pixels_hwb, valid_hw=np.ones((height, width), bool))
        valid_hw = self._raster.read_masks(1, window=window, out_shape=(height, width)) > 0
        if not valid_hw.all():
            pixels_hwb[~valid_hw] = self.fill_rgb
        return Patch(pixels_hwb=pixels_hwb, valid_hw=valid_hw)


def _overview_level(factors: list[int], scale: float) -> int | None:
    """The index of the coarsest overview that is no coarser than the scale asks for; None for full resolution."""
    usable = [index for index, factor in enumerate(factors) if factor * scale <= 1 + 1e-6]
    return usable[-1] if usable else None


def scale_for(gsd_m: float, *, model_gsd_m: float, resample_beyond: float = 1.25) -> float:
    """Model pixels per raster pixel for a raster of ``gsd_m``.

    1, or 1 over a power of two (an overview), where that is within a factor of ``resample_beyond`` of what the model
    expects: training covers as much, and pixels that are not resampled are sharper and quicker to read.
    """
    ratio = gsd_m / model_gsd_m
    halvings = round(math.log2(1 / ratio)) if ratio < 1 else 0
    as_is = 0.5**halvings
    return as_is if 1 / resample_beyond <= ratio / as_is <= resample_beyond else ratio
