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
        pixels_hwb = np.empty((height_px, width_px, len(BANDS)), np.uint8)
        pixels_hwb[:] = self.fill_rgb
        valid_hw = np.zeros((height_px, width_px), bool)
        left, right = max(column_px, 0), min(column_px + width_px, self.size.width_px)
        top, bottom = max(row_px, 0), min(row_px + height_px, self.size.height_px)
        if left < right and top < bottom:
            inside = np.s_[top - row_px : bottom - row_px, left - column_px : right - column_px]
            self._read_into(pixels_hwb[inside], valid_hw[inside], left, top)
            pixels_hwb[~valid_hw] = self.fill_rgb
        return Patch(pixels_hwb=pixels_hwb, valid_hw=valid_hw)

    def _read_into(
        self, pixels_hwb: npt.NDArray[np.uint8], valid_hw: npt.NDArray[np.bool_], left: int, top: int
    ) -> None:
        """Fill both arrays from a window that lies inside the raster."""
        height, width = valid_hw.shape
        window = PixelWindow(
            left * self._across,
            top * self._down,
            min(width * self._across, self._raster.width - left * self._across),
            min(height * self._down, self._raster.height - top * self._down),
        )
        resampling = Resampling.bilinear if self._across <= 1 else Resampling.average
        shape = (len(BANDS), height, width)
        pixels_hwb[:] = np.moveaxis(
            self._raster.read(BANDS, window=window, out_shape=shape, resampling=resampling), 0, 2
        )
        if self._masked:
            masks = self._raster.dataset_mask(
                window=window, out_shape=(height, width), resampling=Resampling.nearest
            )
            valid_hw[:] = masks > 0
        else:
            valid_hw[:] = True


def _overview_level(factors: list[int], scale: float) -> int | None:
    """The index of the coarsest overview that is no coarser than the scale asks for; None for full resolution."""
    usable = [index for index, factor in enumerate(factors) if factor * scale <= 1 + 1e-6]
    return usable[-1] if usable else None


def scale_for(gsd_m: float, *, model_gsd_m: float, resample_beyond: float = 1.1) -> float:
    """Model pixels per raster pixel for a raster of ``gsd_m``; exactly 1 within a factor of ``resample_beyond``."""
    ratio = gsd_m / model_gsd_m
    return 1.0 if 1 / resample_beyond <= ratio <= resample_beyond else ratio
