"""Flight plan: where to fly so that pictures cover a gap, and nothing is flown over a no-fly zone.

Plane coordinates in metres, x east and y north. A plan is made of strips: straight ways with a picture at regular
distances, parallel to the longer side of the gap. Where a zone cuts a strip short, single pictures fill what is left.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import shapely
from shapely import LineString, Point, affinity
from shapely.geometry.base import BaseGeometry

from pipeline.domain.camera import Footprint
from pipeline.domain.detour import Detours
from pipeline.errors import InvalidInputError

LEFT_OVER_M2: Final = 1e-6
"""Less ground than this is rounding."""
REACH: Final = 0.95
"""Share of a single picture's safe circle that it is counted on for beyond a zone's edge."""
SHORTEST_M: Final = 0.5
"""A shorter strip is a single picture."""
MOST_PICTURES: Final = 20_000
"""A plan of more pictures is made of several gaps, one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How much neighbouring pictures share, in [0, 1): ``front`` along a strip, ``side`` between strips."""

    front: float = 0.8
    side: float = 0.7

    def __post_init__(self) -> None:
        """Refuse an overlap that leaves holes or never moves on.

        Raises:
            InvalidInputError: A share is outside [0, 0.95].
        """
        if not (0 <= self.front <= 0.95 and 0 <= self.side <= 0.95):  # noqa: PLR2004 beyond it nothing moves
            raise InvalidInputError(f"overlaps of {self.front} and {self.side} must be in [0, 0.95]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A straight way with pictures at both ends and at most ``step_m`` apart; one picture where it has no length."""

    start: Point
    end: Point
    step_m: float

    @property
    def length_m(self) -> float:
        """Its length in metres."""
        return float(self.start.distance(self.end))

    @property
    def is_single(self) -> bool:
        """Whether it is one picture, taken whatever way the nose points."""
        return self.length_m < SHORTEST_M

    @property
    def pictures(self) -> int:
        """How many pictures are taken on it."""
        return 1 if self.is_single else math.ceil(self.length_m / self.step_m - 1e-9) + 1

    def is_same(self, other: "Strip") -> bool:
        """Whether the other is this strip, flown either way."""
        ends = (other.start, other.end)
        return (self.start, self.end) in (ends, ends[::-1])

    def turned_round(self) -> "Strip":
        """The same, flown the other way."""
        return Strip(start=self.end, end=self.start, step_m=self.step_m)

    def shown(self, footprint: Footprint) -> BaseGeometry:
        """The ground that its pictures show together."""
        if self.is_single:
            return self.start.buffer(_safe_radius(footprint), quad_segs=16)
        angle = math.degrees(math.atan2(self.end.y - self.start.y, self.end.x - self.start.x))
        flat = shapely.box(
            self.start.x - footprint.along_m / 2,
            self.start.y - footprint.across_m / 2,
            self.start.x + self.length_m + footprint.along_m / 2,
            self.start.y + footprint.across_m / 2,
        )
        return affinity.rotate(flat, angle, origin=self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A strip and the points to pass on the way to it from the strip before; none for the first of a mission."""

    strip: Strip
    way: tuple[Point, ...] = ()

    def length_m(self, start: Point) -> float:
        """Length of the way from ``start`` to the end of the strip."""
        return float(LineString([start, *self.way, self.strip.start]).length) + self.strip.length_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """What is flown between a take-off and a landing."""

    legs: tuple[Leg, ...]

    @property
    def path(self) -> LineString:
        """The way from the first picture to the last."""
        return LineString(point for leg in self.legs for point in (*leg.way, leg.strip.start, leg.strip.end))

    @property
    def length_m(self) -> float:
        """Length of the way, without the flights out and home."""
        return float(self.path.length)

    @property
    def pictures(self) -> int:
        """How many pictures are taken."""
        return sum(leg.strip.pictures for leg in self.legs)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPlan:
    """Missions that cover a gap, and what of it cannot be seen from outside the no-fly zones."""

    missions: tuple[Mission, ...]
    unseen: BaseGeometry

    @property
    def strips(self) -> tuple[Strip, ...]:
        """Every strip, in the order of flight."""
        return tuple(leg.strip for mission in self.missions for leg in mission.legs)


def plan_flight(
    gap: BaseGeometry, zones: BaseGeometry, footprint: Footprint, overlap: Overlap, *, longest_m: float
) -> FlightPlan:
    """A plan that covers all of ``gap`` outside ``zones`` (margins included), in missions of at most ``longest_m``.

    Raises:
        InvalidInputError: Nothing is left to fly, or the gap takes too many pictures.
    """
    ground = gap.difference(zones)
    if ground.area < LEFT_OVER_M2:
        raise InvalidInputError("there is nothing to fly: all of the ground lies in no-fly zones")
    per_m2 = footprint.across_m * footprint.along_m * (1 - overlap.side) * (1 - overlap.front)
    if ground.area / per_m2 > MOST_PICTURES:
        raise InvalidInputError(
            f"{ground.area / 10_000:.0f} ha take more than {MOST_PICTURES} pictures; fly higher, or plan them in parts"
        )
    seen = ground.intersection(_in_sight(ground, zones, footprint))
    strips = [
        strip
        for part in shapely.get_parts(_together(seen, footprint))
        if not (piece := seen.intersection(part)).is_empty
        for strip in _strips(piece, zones, footprint, overlap)
    ]
    strips += _fill(seen, strips, zones, footprint)
    chopped = [piece for strip in strips for piece in _chopped(strip, longest_m / 2)]
    return FlightPlan(
        missions=tuple(_missions(chopped, Detours(zones=zones), longest_m)), unseen=ground.difference(seen)
    )


def _safe_radius(footprint: Footprint) -> float:
    """The circle under a single picture that it shows whatever way the nose points."""
    return min(footprint.across_m, footprint.along_m) / 2


def _in_sight(ground: BaseGeometry, zones: BaseGeometry, footprint: Footprint) -> BaseGeometry:
    """What can be seen from where one may fly."""
    radius = _safe_radius(footprint)
    around = shapely.box(*ground.buffer(2 * radius, join_style="bevel").bounds)
    return around.difference(zones).buffer(REACH * radius)


def _together(ground: BaseGeometry, footprint: Footprint) -> BaseGeometry:
    """Pieces so near to each other that they are flown as one."""
    return ground.buffer(footprint.across_m, join_style="bevel")


def _strips(ground: BaseGeometry, zones: BaseGeometry, footprint: Footprint, overlap: Overlap) -> Iterator[Strip]:
    """Strips over one piece of ground, side by side, each flown against the one before."""
    middle, angle = ground.envelope.centroid, _direction(ground)
    flat = affinity.rotate(ground, -angle, origin=middle)
    barred = affinity.rotate(zones, -angle, origin=middle)
    step_m = footprint.along_m * (1 - overlap.front)
    for number, y in enumerate(_lines(flat, footprint.across_m, overlap.side)):
        pieces = sorted(_line_pieces(flat, barred, y, footprint), key=lambda piece: piece[0], reverse=number % 2 == 1)
        for left, right in pieces:
            ends = [affinity.rotate(Point(x, y), angle, origin=middle) for x in (left, right)]
            strip = Strip(start=ends[0], end=ends[1], step_m=step_m)
            yield strip.turned_round() if number % 2 else strip


def _direction(ground: BaseGeometry) -> float:
    """Direction of the longer side of the ground, in degrees from east: fewest turns."""
    corners = shapely.get_coordinates(ground.minimum_rotated_rectangle)[:3]
    sides = [(corners[1] - corners[0]), (corners[2] - corners[1])]
    longer = max(sides, key=lambda side: math.hypot(*side))
    return math.degrees(math.atan2(longer[1], longer[0]))


def _lines(flat: BaseGeometry, across_m: float, side: float) -> list[float]:
    """Heights of the lines that together show everything between the lower and the upper edge."""
    _, low, _, high = flat.bounds
    apart = across_m * (1 - side)
    count = max(1, math.ceil((high - low - across_m) / apart - 1e-9) + 1)
    lowest = (low + high) / 2 - (count - 1) * apart / 2
    return [lowest + number * apart for number in range(count)]


def _line_pieces(
    flat: BaseGeometry, barred: BaseGeometry, y: float, footprint: Footprint
) -> Iterator[tuple[float, float]]:
    """Pieces of a line from which ground is to be seen, outside of zones; short breaks are flown through."""
    west, _, east, _ = flat.bounds
    swath = flat.intersection(shapely.box(west, y - footprint.across_m / 2, east, y + footprint.across_m / 2))
    spans = sorted((part.bounds[0], part.bounds[2]) for part in shapely.get_parts(swath) if not part.is_empty)
    for left, right in _merged(spans, footprint.across_m):
        free = LineString([(left, y), (max(right, left + 1e-6), y)]).difference(barred)
        yield from ((part.bounds[0], part.bounds[2]) for part in shapely.get_parts(free) if part.length > 0)


def _merged(spans: list[tuple[float, float]], nearer_m: float) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for left, right in spans:
        if merged and left - merged[-1][1] <= nearer_m:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _fill(seen: BaseGeometry, strips: list[Strip], zones: BaseGeometry, footprint: Footprint) -> Iterator[Strip]:
    """Single pictures of what the strips do not show."""
    left = seen.difference(shapely.union_all([strip.shown(footprint) for strip in strips]))
    free = shapely.box(*seen.buffer(footprint.across_m, join_style="bevel").bounds).difference(zones)
    while left.area > LEFT_OVER_M2:
        piece = max(shapely.get_parts(left), key=lambda part: part.area)
        at = shapely.shortest_line(free, piece.representative_point()).interpolate(0)
        strip = Strip(start=at, end=at, step_m=1.0)
        yield strip
        left = left.difference(strip.shown(footprint))


def _chopped(strip: Strip, longest_m: float) -> Iterator[Strip]:
    """A strip in equal parts of at most ``longest_m``."""
    parts = max(1, math.ceil(strip.length_m / longest_m))
    line = LineString([strip.start, strip.end])
    for part in range(parts):
        start, end = (line.interpolate(at / parts, normalized=True) for at in (part, part + 1))
        yield Strip(start=start, end=end, step_m=strip.step_m)


def _missions(strips: list[Strip], detours: Detours, longest_m: float) -> Iterator[Mission]:
    """The strips in the order of the nearest next one; a new take-off where there is no way, or it gets too long."""
    left = list(strips)
    while left:
        legs = [Leg(strip=left.pop(0))]
        flown_m = legs[0].strip.length_m
        while (leg := _nearest(legs[-1].strip.end, left, detours)) is not None:
            flown_m += leg.length_m(legs[-1].strip.end)
            if flown_m > longest_m:
                break
            left = [strip for strip in left if not strip.is_same(leg.strip)]
            legs.append(leg)
        yield Mission(legs=tuple(legs))


def _nearest(here: Point, left: list[Strip], detours: Detours) -> Leg | None:
    """The strip with the nearest end to which there is a way, flown from that end."""
    ways = [way for strip in left for way in (strip, strip.turned_round())]
    for strip in sorted(ways, key=lambda strip: here.distance(strip.start)):
        way = detours.between(here, strip.start)
        if way is not None:
            return Leg(strip=strip, way=way)
    return None
