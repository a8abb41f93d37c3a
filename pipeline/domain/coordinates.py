"""Coordinates as people in the field write them: degrees, minutes and seconds, zones of maps, and GCJ-02.

GCJ-02 is the displaced grid of the maps that are sold in China. Positions are kept without it; it is made for links to
navigation apps that want it, and is always named beside the numbers.
"""

import math
from typing import Final

from pipeline.domain.route import Point

AXIS_M: Final = 6_378_245.0
"""Half the long axis of the ellipsoid of Krassovsky, on which GCJ-02 is defined."""
SQUARED: Final = 0.00669342162296594323
"""The square of that ellipsoid's eccentricity."""
WITHIN: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east and north of the box in which maps are displaced, in degrees."""
FIRST_ZONE, LAST_ZONE = 25, 45
"""Three-degree zones of CGCS2000 for which there is a reference system."""
ZONE_25: Final = 4513
"""EPSG's number of CGCS2000 in the three-degree Gauss-Kruger zone 25; the others follow."""
CGCS2000: Final = "EPSG:4490"


def degrees_minutes_seconds(point: Point) -> str:
    """Latitude and longitude, to a hundredth of a second (0.3 m): ``25°01'30.00"N 100°00'00.00"E``."""
    longitude, latitude = point
    return f"{_sexagesimal(latitude, 'NS')} {_sexagesimal(longitude, 'EW')}"


def utm_zone(point: Point) -> tuple[str, str]:
    """The zone of UTM, as ``47N``, and its reference system."""
    longitude, latitude = point
    zone = min(60, math.floor((longitude + 180) / 6) + 1)
    north = latitude >= 0
    return f"{zone}{'N' if north else 'S'}", f"EPSG:{(32600 if north else 32700) + zone}"


def gauss_kruger_zone(point: Point) -> tuple[int, str] | None:
    """The three-degree zone of CGCS2000 and its reference system, whose eastings begin with the zone's number.

    None outside of the zones 25 to 45 (73.5 to 136.5 degrees east).
    """
    zone = math.floor(point[0] / 3 + 0.5)
    return (zone, f"EPSG:{ZONE_25 + zone - FIRST_ZONE}") if FIRST_ZONE <= zone <= LAST_ZONE else None


def gcj02(point: Point) -> Point | None:
    """Where the maps of Chinese navigation apps draw a point of WGS 84; None where they do not displace it."""
    longitude, latitude = point
    west, south, east, north = WITHIN
    if not (west <= longitude <= east and south <= latitude <= north):
        return None
    x, y = longitude - 105, latitude - 35
    squeezed = 1 - SQUARED * math.sin(math.radians(latitude)) ** 2
    metres_a_degree_north = math.radians(AXIS_M * (1 - SQUARED) / squeezed**1.5)
    metres_a_degree_east = math.radians(AXIS_M / math.sqrt(squeezed) * math.cos(math.radians(latitude)))
    return longitude + _eastwards_m(x, y) / metres_a_degree_east, latitude + _northwards_m(x, y) / metres_a_degree_north


def _eastwards_m(x: float, y: float) -> float:
    moved = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    return moved + (_ripple(x) + _waves(x, 20, 40, 1, 3) + _waves(x, 150, 300, 12, 30)) * 2 / 3


def _northwards_m(x: float, y: float) -> float:
    moved = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    return moved + (_ripple(x) + _waves(y, 20, 40, 1, 3) + _waves(y, 160, 320, 12, 30)) * 2 / 3


def _ripple(x: float) -> float:
    return 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)


def _waves(along: float, short: float, long: float, part: float, whole: float) -> float:
    return short * math.sin(along * math.pi / part) + long * math.sin(along * math.pi / whole)


def _sexagesimal(degrees: float, sides: str) -> str:
    hundredths = round(abs(degrees) * 360_000)
    whole, rest = divmod(hundredths, 360_000)
    minutes, seconds = divmod(rest, 6_000)
    return f"{whole:02d}°{minutes:02d}'{seconds // 100:02d}.{seconds % 100:02d}\"{sides[degrees < 0]}"
