"""Keep visits: which squares of the map a phone takes along, so that it shows the ground of a visit without a signal.

A modest depth: the picture of the plot itself, at full resolution, is taken along beside them.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.domain.geometry import Extent
from pipeline.domain.route import EARTH_M
from pipeline.imagery.map_tiles import TileAddress
from pipeline.store.errands import Stop

LEAST_ZOOM: Final = 15
MOST_ZOOM: Final = 18
"""A pixel of 30 cm at the equator."""
AROUND_M: Final = 40.0
"""So much ground around a plot is taken along, in metres."""
MOST_KEPT: Final = 100
"""So many visits are taken along at most, the next ones of the way: some 60 MB."""
DEGREE_M: Final = math.radians(1) * EARTH_M


def ground_of(stops: Iterable[Stop]) -> Extent:
    """The box around some plots with what lies around them, in degrees; there must be a plot.

    Nothing is asked for beyond it: a whole flight may be large.
    """
    boxes = [stop.flag.outline.bounds for stop in stops]
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    up = AROUND_M / DEGREE_M
    across = up / max(0.01, math.cos(math.radians((south + north) / 2)))
    return Extent(west=west - across, south=south - up, east=east + across, north=north + up)


def squares_of(stop: Stop) -> Iterator[TileAddress]:
    """The squares of the map on which a plot and what lies around it are drawn, least zoom first."""
    ground = ground_of((stop,))
    for zoom in range(LEAST_ZOOM, MOST_ZOOM + 1):
        west, north = _square(ground.west, ground.north, zoom)
        east, south = _square(ground.east, ground.south, zoom)
        for column in range(west, east + 1):
            for row in range(north, south + 1):
                yield TileAddress(zoom=zoom, column=column, row=row)


def _square(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Column and row of the square of Web Mercator in which a point lies."""
    across = (longitude + 180) / 360
    steep = math.radians(max(-85.05, min(85.05, latitude)))
    down = (1 - math.asinh(math.tan(steep)) / math.pi) / 2
    column, row = (min(2**zoom - 1, max(0, math.floor(share * 2**zoom))) for share in (across, down))
    return column, row
