"""Compressed tiles: pixels and mask of one 512 px square as the bytes that stand in the working raster.

Axes: h = row, w = column, b = band (red, green, blue).
"""

import io
import zlib
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.imagery import tiff

TILE_PX: Final = 512
Pixels: TypeAlias = npt.NDArray[np.uint8]
Valid: TypeAlias = npt.NDArray[np.bool_]


class Codec(Protocol):
    """How the pixels of a tile become bytes."""

    def encode(self, pixels_hwb: Pixels) -> bytes:
        """A whole tile, uint8 [512, 512, 3], as bytes; the same pixels give the same bytes."""

    def tags(self) -> tuple[tiff.Tag, ...]:
        """What a TIFF directory says of tiles made like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jpeg:
    """JPEG in YCbCr with halved colour planes, as GDAL's own COG driver writes it; tables are shared by all tiles."""

    quality: int

    def encode(self, pixels_hwb: Pixels) -> bytes:
        """The image without its tables."""
        return self._stream(pixels_hwb, part=2)

    def tags(self) -> tuple[tiff.Tag, ...]:
        """Compression, colours and the tables."""
        tables = self._stream(np.zeros((16, 16, 3), np.uint8), part=1)
        return (
            tiff.shorts(259, 7),
            tiff.shorts(262, 6),
            tiff.raw(347, tables),
            tiff.shorts(530, 2, 2),
            tiff.rationals(532, 0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1),
        )

    def _stream(self, pixels_hwb: Pixels, *, part: int) -> bytes:
        buffer = io.BytesIO()
        image = Image.fromarray(pixels_hwb)
        image.save(buffer, "JPEG", quality=self.quality, subsampling="4:2:0", streamtype=part)
        return buffer.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncompressed:
    """Pixels as they are, for a raster that is read once more and then thrown away."""

    def encode(self, pixels_hwb: Pixels) -> bytes:
        """The bytes of the pixels."""
        return pixels_hwb.tobytes()

    def tags(self) -> tuple[tiff.Tag, ...]:
        """No compression; red, green, blue."""
        return tiff.shorts(259, 1), tiff.shorts(262, 2)


def encode_mask(valid_hw: Valid) -> bytes:
    """A whole tile of the mask, bool [512, 512], as deflated bits."""
    return zlib.compress(np.packbits(valid_hw, axis=1).tobytes(), 1)


MASK_TAGS: Final = (tiff.shorts(259, 8), tiff.shorts(262, 4))
"""Deflate; a transparency mask."""


def whole_tile(pixels_hwb: Pixels, valid_hw: Valid) -> tuple[Pixels, Valid]:
    """A tile at the right or lower edge filled up to 512 x 512: its last pixels repeated, not valid."""
    height, width = valid_hw.shape
    if height == width == TILE_PX:
        return np.ascontiguousarray(pixels_hwb), valid_hw
    more = ((0, TILE_PX - height), (0, TILE_PX - width))
    return np.pad(pixels_hwb, (*more, (0, 0)), mode="edge"), np.pad(valid_hw, more)


def halved(pixels_hwb: Pixels, valid_hw: Valid) -> tuple[Pixels, Valid]:
    """Half the size, odd sides rounded up: the mean of the valid pixels of each four; valid where any of them is."""
    if not valid_hw.any():
        half_valid_hw = np.zeros((-(-valid_hw.shape[0] // 2), -(-valid_hw.shape[1] // 2)), bool)
        return np.zeros((*half_valid_hw.shape, 3), np.uint8), half_valid_hw
    if valid_hw.all():
        half = np.asarray(Image.fromarray(np.ascontiguousarray(pixels_hwb)).reduce(2))
        return half, np.ones(half.shape[:2], bool)
    odd = ((0, valid_hw.shape[0] % 2), (0, valid_hw.shape[1] % 2))
    weight_hw = _sum_of_four(np.pad(valid_hw, odd).astype(np.uint16))
    pixels = np.where(valid_hw[:, :, None], pixels_hwb, 0).astype(np.uint16)
    sums_hwb = _sum_of_four(np.pad(pixels, (*odd, (0, 0))))
    weights_hwb = np.maximum(weight_hw, 1)[:, :, None]
    means_hwb = (sums_hwb + weights_hwb // 2) // weights_hwb
    return means_hwb.astype(np.uint8), weight_hw > 0


def _sum_of_four(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """The sum of each 2 x 2 pixels; both sides are even."""
    rows = values[0::2] + values[1::2]
    return rows[:, 0::2] + rows[:, 1::2]
