"""Detour: the shortest way from one point to another that stays out of zones. Plane coordinates in metres."""

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

ROUND_CORNERS_M: Final = 0.05
"""Ways turn this far outside a zone, so that they do not touch it."""
TOUCH_M: Final = 0.01
"""A way that enters a zone by less is along its edge."""


def in_the_way(zones: BaseGeometry, ground: BaseGeometry, reach_m: float) -> BaseGeometry:
    """The parts of ``zones`` that a flight over ``ground``, up to ``reach_m`` beyond its box, can come near to.

    A shortest way stays in the hull of where it goes and of what it goes round; a zone outside of it is never met.
    """
    met: list[BaseGeometry] = []
    left = list(shapely.get_parts(zones))
    hull = shapely.box(*ground.bounds).buffer(reach_m)
    while near := [zone for zone in left if zone.intersects(hull)]:
        met.extend(near)
        left = [zone for zone in left if not zone.intersects(hull)]
        hull = shapely.union_all([hull, *near]).convex_hull.buffer(2 * ROUND_CORNERS_M)
    return shapely.union_all(met)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detours:
    """Ways around ``zones``; corners of the zones and what can be seen from each are worked out once."""

    zones: BaseGeometry
    _inside: BaseGeometry = field(init=False)
    _corners: list[Point] = field(init=False, default_factory=list)
    _sights: dict[int, list[tuple[int, float]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find the corners to turn at."""
        inside = self.zones.buffer(-TOUCH_M, join_style="bevel")
        shapely.prepare(inside)
        object.__setattr__(self, "_inside", inside)
        if self.zones.is_empty:
            return
        grown = self.zones.buffer(ROUND_CORNERS_M, join_style="bevel")
        for part in shapely.get_parts(grown):
            rings = [part.exterior, *part.interiors]
            self._corners.extend(Point(at) for ring in rings for at in ring.coords[:-1])
        for one in range(len(self._corners)):
            self._sights[one] = []
        for one, other in itertools.combinations(range(len(self._corners)), 2):
            if self.is_free(self._corners[one], self._corners[other]):
                length = self._corners[one].distance(self._corners[other])
                self._sights[one].append((other, length))
                self._sights[other].append((one, length))

    def is_free(self, start: Point, end: Point) -> bool:
        """Whether the straight way between two points stays out of the zones."""
        return not shapely.intersects(self._inside, LineString([start, end]))

    def between(self, start: Point, end: Point) -> tuple[Point, ...] | None:
        """The points to pass on the way, without its ends; None where the zones leave no way.

        Shortest way in the graph of corners that see each other (Lozano-Perez and Wesley, 1979), by Dijkstra.
        """
        if self.is_free(start, end):
            return ()
        last = len(self._corners)
        ends = {one: corner.distance(end) for one, corner in enumerate(self._corners) if self.is_free(corner, end)}
        queue: list[tuple[float, int, tuple[int, ...]]] = [
            (corner.distance(start), one, (one,))
            for one, corner in enumerate(self._corners)
            if self.is_free(start, corner)
        ]
        heapq.heapify(queue)
        seen: set[int] = set()
        while queue:
            length, here, way = heapq.heappop(queue)
            if here == last:
                return tuple(self._corners[one] for one in way[:-1])
            if here in seen:
                continue
            seen.add(here)
            steps = [*self._sights[here], *([(last, ends[here])] if here in ends else [])]
            for there, more in steps:
                heapq.heappush(queue, (length + more, there, (*way, there)))
        return None
