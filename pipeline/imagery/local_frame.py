"""Local frame: the plane around a plot, in metres, that tells nothing of where on Earth it is.

It is a transverse Mercator about the middle of the plot: x east, y north, true metres for some kilometres around. Maps
in the browser want longitude and latitude, so they are told that the middle lies at 0, 0, where a metre on the ground
is a metre of Web Mercator.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.imagery.placing import moved_to_crs

WORLD: Final = "EPSG:4326"
EARTH_M: Final = 6_378_137.0
"""Radius of the sphere of Web Mercator."""
HALF_WAY_ROUND: Final = 180.0
"""Degrees: no plot is wider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFrame:
    """The plane about a point given in degrees (EPSG:4326)."""

    longitude: float
    latitude: float

    @property
    def crs(self) -> str:
        """The plane as a reference system that GDAL reads."""
        return f"+proj=tmerc +lat_0={self.latitude!r} +lon_0={self.longitude!r} +k=1 +datum=WGS84 +units=m +no_defs"

    def flat(self, geometry: BaseGeometry) -> Any:
        """A geometry in degrees as one in metres east and north of the middle."""
        return shapely.transform(geometry, lambda points: moved_to_crs(points, WORLD, self.crs))

    def on_earth(self, geometry: BaseGeometry) -> Any:
        """A geometry in metres as one in degrees."""
        return shapely.transform(geometry, lambda points: moved_to_crs(points, self.crs, WORLD))


def frame_of(outline: BaseGeometry) -> LocalFrame:
    """The plane about the middle of a plot's box; the outline is in degrees, and may lie across the 180th meridian."""
    west, south, east, north = outline.bounds
    if east - west > HALF_WAY_ROUND:
        west, _, east, _ = shapely.transform(outline, _eastwards).bounds
    middle = (west + east) / 2
    return LocalFrame(longitude=middle - 360 if middle > HALF_WAY_ROUND else middle, latitude=(south + north) / 2)


def as_shown(geometry: BaseGeometry) -> Any:
    """A geometry in metres as the browser's map takes it: degrees about 0, 0."""
    return shapely.transform(geometry, _degrees)


def as_drawn(geometry: BaseGeometry) -> Any:
    """The way back: what was drawn on the browser's map, in metres."""
    return shapely.transform(geometry, _metres)


def _eastwards(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Longitudes counted from 0 to 360, so that a plot across the 180th meridian is in one piece."""
    return np.column_stack([points[:, 0] % 360, points[:, 1]])


def _degrees(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    x, y = points[:, 0] / EARTH_M, points[:, 1] / EARTH_M
    return np.degrees(np.column_stack([x, 2 * np.arctan(np.exp(y)) - math.pi / 2]))


def _metres(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    x, y = np.radians(points[:, 0]), np.radians(points[:, 1])
    return np.column_stack([x, np.log(np.tan(math.pi / 4 + y / 2))]) * EARTH_M
