"""Plan a flight: from ground that nobody has seen to missions for a drone, which keeps out of no-fly zones."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.camera import Camera
from pipeline.domain.detour import in_the_way
from pipeline.domain.flight_plan import FlightPlan, Mission, Overlap, Strip, plan_flight
from pipeline.errors import InvalidInputError
from pipeline.imagery.placing import moved_to_crs
from pipeline.workflow.kml import Placemarks
from pipeline.workflow.waylines import EPOCH, Wayline, Waypoint, as_kmz

WORLD: Final = "EPSG:4326"
WIDEST_M: Final = 20_000
"""Ground farther apart is no single plan: one plane does not hold it to centimetres."""
ROUNDING_M: Final = 0.05
"""Zones are kept out of by this much more, so that rounding leads nowhere into them."""
SIMPLER_M: Final = 1.0
"""Zones are kept out of by up to twice this more, where that spares corners: ways are sought from each to each."""
HALF: Final = 0.5
PLAN_NAME: Final = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a plan is to be flown.

    ``margin_m`` is kept from no-fly zones; ``highest_m`` is what the law allows above the ground (120 m in China and
    the EU); ``minutes`` is what one battery flies, with the way out and home left to spare.
    """

    camera: Camera
    gsd_m: float
    overlap: Overlap
    margin_m: float = 10.0
    speed_m_s: float = 8.0
    minutes: float = 20.0
    highest_m: float = 120.0

    def __post_init__(self) -> None:
        """Refuse what cannot or may not be flown.

        Raises:
            InvalidInputError: A number is out of its range, or the height is above the allowed one.
        """
        if not (0 < self.speed_m_s <= 15 and self.minutes > 0 and self.margin_m >= 0):  # noqa: PLR2004 WPML's range
            raise InvalidInputError("the speed must be in (0, 15] m/s, minutes positive, the margin not negative")
        if not 0 < self.gsd_m < 1:
            raise InvalidInputError(f"a ground sampling distance of {self.gsd_m} m must be in (0, 1)")
        if self.height_m > self.highest_m:
            raise InvalidInputError(
                f"{self.gsd_m * 100:.1f} cm with this camera is {self.height_m:.0f} m above ground, "
                f"{self.highest_m:.0f} m are allowed; wish for a finer ground sampling distance"
            )

    @property
    def height_m(self) -> float:
        """Height above the ground, in metres."""
        return self.camera.height_m(self.gsd_m)

    @property
    def pace_m_s(self) -> float:
        """The speed that leaves the camera its time between two pictures."""
        step_m = self.camera.footprint(self.height_m).along_m * (1 - self.overlap.front)
        return min(self.speed_m_s, step_m / self.camera.interval_s)

    @property
    def rise_m(self) -> float:
        """How much higher than the take-off the ground may lie before pictures side by side share less than a half.

        The strips stay where they are while the footprint shrinks with the height.
        """
        if self.overlap.side <= HALF:
            return 0.0
        return self.height_m * (1 - (1 - self.overlap.side) / HALF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan in metres around a point, and the way back to degrees.

    ``kept_out_m2`` of the gap lie in zones and their margins: nothing is planned over them.
    """

    plan: FlightPlan
    wish: Wish
    gap: BaseGeometry
    zones: BaseGeometry
    plane: str
    kept_out_m2: float

    def degrees(self, geometry: BaseGeometry) -> Any:
        """A geometry of the plan in longitude and latitude."""
        return shapely.transform(geometry, lambda points: moved_to_crs(points, self.plane, WORLD))


def plan_over(gap: BaseGeometry, zones: BaseGeometry, wish: Wish) -> Planned:
    """A plan over ``gap`` that keeps out of ``zones``; both in degrees (EPSG:4326).

    Raises:
        InvalidInputError: There is no ground to fly, or it is too wide for one plan.
    """
    if gap.is_empty:
        raise InvalidInputError("there is no ground to fly")
    middle = shapely.box(*gap.bounds).centroid
    plane = f"+proj=tmerc +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m"
    ground = _flat(gap, plane)
    if max(np.ptp(shapely.get_coordinates(ground), axis=0)) > WIDEST_M:
        raise InvalidInputError(f"the ground is wider than {WIDEST_M // 1000} km; plan it in parts")
    footprint = wish.camera.footprint(wish.height_m)
    barred = in_the_way(_barred(zones, plane, wish.margin_m), ground, reach_m=2 * footprint.across_m)
    plan = plan_flight(ground, barred, footprint, wish.overlap, longest_m=wish.pace_m_s * wish.minutes * 60)
    kept_out_m2 = float(ground.intersection(barred).area)
    return Planned(plan=plan, wish=wish, gap=gap, zones=zones, plane=plane, kept_out_m2=kept_out_m2)


def write_plan(planned: Planned, out: Path, title: str, *, now: datetime) -> tuple[Path, ...]:
    """Write ``plan.json``, ``plan.kml`` and a ``mission-N.kmz`` for each mission into the folder ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in _files(planned, title, now, {}):
        written.append(out / name)
        written[-1].write_bytes(content)
    return tuple(written)


def as_archive(planned: Planned, title: str, *, now: datetime, known: Mapping[str, Any] | None = None) -> bytes:
    """The same files as one zip, to be taken along; ``known`` is what else its ``plan.json`` says."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(planned, title, now, known or {}):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return packed.getvalue()


def _files(planned: Planned, title: str, now: datetime, known: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield PLAN_NAME, json.dumps({**told_of(planned), **known}, indent=1).encode()
    yield "plan.kml", as_kml(planned, title)
    for number, mission in enumerate(planned.plan.missions, start=1):
        yield f"mission-{number}.kmz", as_kmz(wayline_of(planned, mission), now=now)


def told_of(planned: Planned) -> dict[str, Any]:
    """The plan in numbers, with units in their names."""
    wish, plan = planned.wish, planned.plan
    return {
        "version": 1,
        "camera": wish.camera.name,
        "gsd_m": wish.gsd_m,
        "height_m": round(wish.height_m, 1),
        "height_above": "take-off",
        "speed_m_s": round(wish.pace_m_s, 2),
        "overlap": {"front": wish.overlap.front, "side": wish.overlap.side},
        "margin_m": wish.margin_m,
        "missions": [
            {
                "length_m": round(mission.length_m),
                "minutes": round(mission.length_m / wish.pace_m_s / 60, 1),
                "strips": len(mission.legs),
                "pictures": mission.pictures,
            }
            for mission in plan.missions
        ],
        "unseen_m2": round(float(plan.unseen.area), 1),
        "kept_out_m2": round(planned.kept_out_m2, 1),
        "left_out": _left_out(planned),
        "terrain": f"Heights are above the take-off. Where the ground lies more than {wish.rise_m:.0f} m higher, "
        "pictures side by side share less than half; take off from a high place, or plan in parts.",
    }


def _left_out(planned: Planned) -> str:
    """What of the ground is not flown for the sake of zones, as sentences."""
    unseen_m2 = float(planned.plan.unseen.area)
    if max(unseen_m2, planned.kept_out_m2) < HALF:
        return "Nothing is left out for the sake of no-fly zones."
    return (
        f"{planned.kept_out_m2:.0f} m2 lie in no-fly zones or within {planned.wish.margin_m:.0f} m of them and are not "
        f"planned; {unseen_m2:.0f} m2 more cannot be seen from outside. plan.kml shows the zones."
    )


def wayline_of(planned: Planned, mission: Mission) -> Wayline:
    """A mission as waypoints in degrees."""
    waypoints = tuple(
        Waypoint(longitude=point.x, latitude=point.y, takes_picture=taken, pictures_every_m=every)
        for leg in mission.legs
        for point, taken, every in (
            *((planned.degrees(point), False, None) for point in leg.way),
            *((planned.degrees(point), True, every) for point, every in _pictures(leg.strip)),
        )
    )
    wish = planned.wish
    return Wayline(waypoints=waypoints, height_m=wish.height_m, speed_m_s=wish.pace_m_s, camera=wish.camera)


def as_kml(planned: Planned, title: str) -> bytes:
    """The gap, the zones and the ways as KML 2.2, to look at before anybody flies."""
    marks = Placemarks(title)
    for number, mission in enumerate(planned.plan.missions, start=1):
        name = f"mission {number}: {mission.length_m:.0f} m, {mission.pictures} pictures"
        marks.mark(name, planned.degrees(mission.path))
    unseen = planned.degrees(planned.plan.unseen)
    for name, area in (("to fly", planned.gap), ("no-fly zone", planned.zones), ("cannot be seen", unseen)):
        for polygon in shapely.get_parts(area):
            marks.mark(name, polygon)
    return marks.written()


def _flat(geometry: BaseGeometry, plane: str) -> Any:
    return shapely.transform(geometry, lambda points: moved_to_crs(points, WORLD, plane))


def _barred(zones: BaseGeometry, plane: str, margin_m: float) -> BaseGeometry:
    """Zones with their margin in metres, with few corners; simplifying takes no more than was added for it."""
    if zones.is_empty:
        return zones
    grown = _flat(zones, plane).buffer(margin_m + ROUNDING_M + SIMPLER_M)
    return shapely.union_all([grown.simplify(SIMPLER_M)])


def _pictures(strip: Strip) -> Iterator[tuple[shapely.Point, float | None]]:
    """The ends of a strip, and how far apart pictures are taken from each on."""
    if strip.is_single:
        yield strip.start, None
        return
    yield strip.start, strip.length_m / (strip.pictures - 1)
    yield strip.end, None
