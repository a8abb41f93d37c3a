"""Sizes and places: pixels of a raster, and where they lie on the ground.

Columns count to the right, rows count down, both from the upper left corner. Rasters are north-up.
"""

from dataclasses import dataclass
from typing import NamedTuple

from pipeline.errors import InvalidInputError


class MapPoint(NamedTuple):
    """A place in the units of a coordinate reference system, east then north."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """A box on the globe in degrees of longitude and latitude (EPSG:4326) that does not cross the anti-meridian."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        """Refuse a box that is not on the globe.

        Raises:
            InvalidInputError: A side is out of range, or the box has its sides in the wrong order.
        """
        if not (-180 <= self.west <= self.east <= 180 and -90 <= self.south <= self.north <= 90):  # noqa: PLR2004 degrees
            raise InvalidInputError(
                f"({self.west}, {self.south}, {self.east}, {self.north}) is no box of degrees west, south, east, north"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a raster in pixels, both at least 1."""

    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        """Refuse an empty raster.

        Raises:
            InvalidInputError: A side is shorter than one pixel.
        """
        if self.width_px < 1 or self.height_px < 1:
            raise InvalidInputError(f"a raster of {self.width_px} x {self.height_px} px has no pixels")

    @property
    def pixels(self) -> int:
        """How many pixels there are."""
        return self.width_px * self.height_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Georeference:
    """Where a north-up raster lies: its upper left corner and the size of a pixel, in CRS units.

    ``crs`` is WKT; ``metres_per_unit`` turns CRS units to metres (1 for a metric projected CRS).
    """

    crs: str
    left: float
    top: float
    pixel_width: float
    pixel_height: float
    metres_per_unit: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a pixel without extent.

        Raises:
            InvalidInputError: A pixel side is zero, negative or not a number.
        """
        if not (self.pixel_width > 0 and self.pixel_height > 0 and self.metres_per_unit > 0):
            raise InvalidInputError(f"a pixel of {self.pixel_width} x {self.pixel_height} has no extent")

    @property
    def gsd_m(self) -> float:
        """Ground sampling distance in metres, the coarser of the two sides."""
        return max(self.pixel_width, self.pixel_height) * self.metres_per_unit

    @property
    def pixel_area_m2(self) -> float:
        """The ground one pixel covers, in square metres."""
        return self.pixel_width * self.pixel_height * self.metres_per_unit**2

    def point(self, *, col_px: float, row_px: float) -> MapPoint:
        """The place of a pixel corner; fractions of a pixel are allowed."""
        return MapPoint(self.left + col_px * self.pixel_width, self.top - row_px * self.pixel_height)

    def scaled(self, factor: float) -> "Georeference":
        """The same upper left corner with pixels ``factor`` times as large."""
        return Georeference(
            crs=self.crs,
            left=self.left,
            top=self.top,
            pixel_width=self.pixel_width * factor,
            pixel_height=self.pixel_height * factor,
            metres_per_unit=self.metres_per_unit,
        )
