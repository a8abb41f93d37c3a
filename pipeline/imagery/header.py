"""What a raster says of itself, and every check of it that needs no pixels.

``read_header`` runs only in the enclosed process; the checks are plain functions of a ``Header``.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from pipeline.domain.geometry import Size
from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.errors import InvalidInputError
from pipeline.settings import IntakeLimits

MOST_BANDS: Final = 64
LONGEST_CRS: Final = 32_768
"""Characters of WKT; the longest of the EPSG registry has under 10,000."""
DTYPES: Final = ("uint8", "uint16", "float32")
ITEM_BYTES: Final = {"uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "float32": 4, "complex128": 16}
MOST_VALUE: Final = {"uint8": 255, "uint16": 65_535}
RGB: Final = ("red", "green", "blue")
UNNAMED: Final = ("gray", "undefined", "undefined")
LEAST_TURN: Final = 1e-6
"""Shear terms smaller than this share of a pixel are rounding, not a rotation."""
EXPORT_RGB: Final = "export it as red, green and blue with 8 bits each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The facts. ``colours`` names each band (GDAL turns CMYK to RGBA: see ``colour_space``).

    ``transform`` is (a, b, c, d, e, f) of x = a col + b row + c, y = d col + e row + f.
    """

    size: Size
    dtypes: tuple[str, ...]
    colours: tuple[str, ...]
    bits: int
    colour_space: str
    compression: str
    block_width_px: int
    block_height_px: int
    interleaved: bool
    nodata: float | None
    has_mask: bool
    crs: str
    transform: tuple[float, float, float, float, float, float]

    @property
    def block_bytes(self) -> int:
        """Bytes of one decoded block."""
        bands = len(self.dtypes) if self.interleaved else 1
        return self.block_width_px * self.block_height_px * bands * ITEM_BYTES.get(self.dtypes[0], 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Which bands (from 1) are red, green, blue and alpha, and what to tell people about that choice."""

    rgb: tuple[int, int, int]
    alpha: int | None
    notes: tuple[str, ...] = ()


def read_header(raster: Any) -> Header:
    """The header of an open raster, which is a ``rasterio`` reader.

    Raises:
        InvalidInputError: It points to other files, or says more than a header may.
    """
    # first of all: asking for anything else could open the file that this names
    if raster.tags(ns="OVERVIEWS"):
        raise InvalidInputError(
            "the file points to another file for its overviews; export it with its own, or with none"
        )
    if not 1 <= raster.count <= MOST_BANDS:
        raise InvalidInputError(f"the picture has {raster.count} bands; {EXPORT_RGB}")
    crs = raster.crs.to_wkt() if raster.crs else ""
    structure = raster.tags(1, ns="IMAGE_STRUCTURE")
    height, width = raster.block_shapes[0]
    colours = tuple(colour.name for colour in raster.colorinterp)
    return Header(
        size=Size(width_px=raster.width, height_px=raster.height),
        dtypes=tuple(raster.dtypes),
        colours=colours,
        bits=int(structure.get("NBITS", "0")),
        colour_space=raster.tags(ns="IMAGE_STRUCTURE").get("SOURCE_COLOR_SPACE", "RGB"),
        compression=raster.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "none"),
        block_width_px=width,
        block_height_px=height,
        interleaved=raster.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE", "PIXEL") == "PIXEL",
        nodata=raster.nodata,
        has_mask="alpha" not in colours and "per_dataset" in {flag.name for flag in raster.mask_flag_enums[0]},
        crs=crs,
        transform=tuple(raster.transform)[:6],
    )


def check_cost(header: Header, limits: IntakeLimits, *, file_bytes: int) -> None:
    """Refuse a raster that would cost more than the limits allow.

    Raises:
        InvalidInputError: Too long a side, too many pixels, too large a block, or too little data for its pixels.
    """
    width, height = header.size.width_px, header.size.height_px
    if max(width, height) > limits.max_side_px or header.size.pixels > limits.max_pixels:
        raise InvalidInputError(
            f"a picture of {width} x {height} px is too large; at most {limits.max_side_px} px a side and "
            f"{limits.max_pixels} px in all are taken, so cut the mosaic into parts"
        )
    if header.size.pixels > limits.max_pixels_per_byte * file_bytes:
        raise InvalidInputError(
            f"the file holds {file_bytes} bytes for {width} x {height} px, too few to be a photograph; "
            "export it without empty blocks"
        )
    if header.block_bytes > limits.max_block_bytes:
        raise InvalidInputError(
            f"one block of the file is {header.block_width_px} x {header.block_height_px} px, too large to read; "
            "export it in tiles of 512 px"
        )


def choose_bands(header: Header) -> Bands:
    """The bands to use as red, green, blue and alpha.

    Raises:
        InvalidInputError: The raster is no 8-bit, 16-bit or float picture of red, green and blue.
    """
    _check_values(header)
    alpha = header.colours.index("alpha") + 1 if "alpha" in header.colours else None
    if all(header.colours.count(name) == 1 for name in RGB):
        red, green, blue = (header.colours.index(name) + 1 for name in RGB)
        return Bands(rgb=(red, green, blue), alpha=alpha, notes=_unused(header, {red, green, blue, alpha}))
    if header.colours[:3] == UNNAMED and len(header.colours) <= 4:  # noqa: PLR2004 - red, green, blue and one more
        note = "The bands have no names: the first three were taken for red, green and blue, in this order."
        return Bands(rgb=(1, 2, 3), alpha=alpha, notes=(note, *_unused(header, {1, 2, 3, alpha})))
    if len(header.colours) < len(RGB):
        bands = "1 band" if len(header.colours) == 1 else "2 bands"
        raise InvalidInputError(f"the picture has {bands} where three are needed; {EXPORT_RGB}")
    raise InvalidInputError(
        f"the picture has {len(header.colours)} bands and does not say which are red, green and blue; "
        "name them in their colour interpretation, or export only these three"
    )


def _check_values(header: Header) -> None:
    """Refuse kinds of values that are no picture."""
    if "palette" in header.colours:
        raise InvalidInputError(f"the picture has a colour palette; {EXPORT_RGB}")
    if header.colour_space not in {"RGB", "YCbCr"}:
        raise InvalidInputError(f"the picture is in the colours {header.colour_space}, as for print; {EXPORT_RGB}")
    if header.bits == 1:
        raise InvalidInputError(f"the picture has one bit for each pixel; {EXPORT_RGB}")
    kinds = set(header.dtypes)
    if len(kinds) > 1:
        raise InvalidInputError(f"the bands hold different kinds of values ({', '.join(sorted(kinds))}); {EXPORT_RGB}")
    if not kinds <= set(DTYPES):
        raise InvalidInputError(f"the picture holds values of kind {header.dtypes[0]}; {EXPORT_RGB}")


def _unused(header: Header, used: set[int | None]) -> tuple[str, ...]:
    unused = [str(band) for band in range(1, len(header.colours) + 1) if band not in used]
    return (f"Not used: band {', '.join(unused)}.",) if unused else ()


def mask_source(header: Header, bands: Bands) -> MaskOrigin:
    """What the raster itself offers to tell what was flown; ``NONE`` where it offers nothing."""
    if bands.alpha is not None:
        return MaskOrigin.ALPHA
    if header.has_mask:
        return MaskOrigin.MASK_BAND
    return MaskOrigin.NODATA if _can_be_met(header.nodata, header.dtypes[0]) else MaskOrigin.NONE


def _can_be_met(nodata: float | None, dtype: str) -> bool:
    """Whether a pixel can have this nodata value; some programs declare -9999 for 8 bits."""
    return nodata is not None and (dtype == "float32" or (nodata.is_integer() and 0 <= nodata <= MOST_VALUE[dtype]))


def check_transform(header: Header) -> None:
    """Refuse a raster that is not laid north-up on the ground.

    Raises:
        InvalidInputError: No or a broken georeference, flipped, or rotated.
    """
    a, b, c, d, e, f = header.transform
    if (a, b, c, d, e, f) == (1, 0, 0, 0, 1, 0):
        raise InvalidInputError(
            "the picture does not say where it lies; export it as a GeoTIFF with its georeference inside"
        )
    if not all(math.isfinite(value) for value in header.transform) or a == 0 or e == 0:
        raise InvalidInputError("the picture's georeference is broken (a pixel without extent); export it again")
    if abs(b) > LEAST_TURN * abs(a) or abs(d) > LEAST_TURN * abs(e):
        raise InvalidInputError("the picture is rotated on the ground; export it north-up")
    if e > 0 or a < 0:
        raise InvalidInputError("the picture is mirrored on the ground (south-up); export it north-up")
