"""Tell coverage: what of each survey area was seen in a window of days, and what was not, in numbers and as ground."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.freshness import (
    LEVELS,
    Ground,
    Level,
    Look,
    LookKind,
    Window,
    ground_of,
)
from pipeline.domain.people import District, DistrictId
from pipeline.errors import NotFoundError
from pipeline.imagery.looked import plane_in
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.imagery.whole import whole_file
from pipeline.store.database import Database, Transaction
from pipeline.store.districts import list_districts
from pipeline.store.ground import Region, days_known, last_seen, levels_by_day, levels_in, looks_at, regions_of
from pipeline.workflow import spreadsheet

WORLD: Final = "EPSG:4326"
LEAST_M2: Final = 0.01
"""Pieces smaller than the unit in which areas are counted are what cutting leaves over."""
UNCOVERED: Final = ("not_assessable", "could_not_be_flown", "not_flown")
COLUMNS: Final = ("seen", *UNCOVERED, "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A survey area, or all areas of a district (``area`` is None), in a window of days."""

    id: str
    district: str
    area: str | None
    ground: Ground
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How coverage came about: the states at the end of each day of change, and seen ground by its last look in m2."""

    by_day: tuple[tuple[date, Ground], ...]
    last_seen: tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Ground that nobody has seen, in degrees, and why: one of ``UNCOVERED``."""

    district: str
    area: str
    state: str
    outline: shapely.MultiPolygon
    area_m2: float


def window_of(
    database: Database, districts: Iterable[DistrictId], *, first: date | None, last: date | None, today: date
) -> Window:
    """The window that was asked for; where an end was left open, from the first look to today.

    Raises:
        InvalidInputError: It ends before it begins.
    """
    with database.snapshot() as connection:
        known = days_known(connection, districts)
    end = last or today
    begin = first or (known.first if known else end)
    return Window(first=min(begin, end) if first is None else begin, last=end)


def tell(database: Database, districts: Iterable[DistrictId], window: Window) -> tuple[Told, ...]:
    """The survey areas of some districts by name, and after those of each district all of them together."""
    with database.snapshot() as connection:
        regions, names = _known(connection, districts)
        levels = levels_in(connection, [region.id for region in regions], window)
    told = (_told(region, names[region.district], levels.get(region.id, {})) for region in regions)
    return tuple(sorted(told, key=lambda one: (one.district, one.area is None, one.area or "")))


def tell_course(database: Database, region: Region, window: Window) -> Course:
    """How the coverage of a region came about."""
    with database.snapshot() as connection:
        days = levels_by_day(connection, region.id, window)
        ages = last_seen(connection, region.id, window)
    return Course(by_day=tuple((day, ground_of(region.area_m2, levels)) for day, levels in days), last_seen=ages)


def find_region(database: Database, district: District, area: str | None) -> Region:
    """A survey area of a district by its name, or all of them.

    Raises:
        NotFoundError: There is none.
    """
    with database.snapshot() as connection:
        regions = regions_of(connection, {district.id})
    found = next((region for region in regions if region.area == area), None)
    if found is None and area is None:
        raise NotFoundError(f"{district.name} has no survey areas; import them with: plotwatch area import")
    if found is None:
        raise NotFoundError(f"{district.name} has no survey area {area}")
    return found


def gaps_of(database: Database, region: Region, district: District, window: Window) -> tuple[Gap, ...]:
    """The ground of a region that nobody has seen in a window; together with what was seen it is all of it."""
    with database.snapshot() as connection:
        return gaps_in(connection, region, district.name, window)


def gaps_in(connection: Transaction, region: Region, district: str, window: Window) -> tuple[Gap, ...]:
    """The same of one moment; ``district`` is the name of the region's district."""
    looks = {
        kind: [
            look.ground
            for look in looks_at(connection, region.district, (kind,), region.extent)
            if _is_in(look, window)
        ]
        for kind in LookKind
    }
    rest: BaseGeometry = region.outline
    gaps: list[Gap] = []
    inside = {
        level: shapely.union_all([g for kind in LookKind if level in LEVELS[kind] for g in looks[kind]])
        for level in Level
    }
    bounds = (*zip((Level.IMAGED, Level.TRIED), (Level.SEEN, Level.IMAGED), strict=True), (None, Level.TRIED))
    for state, (outer, inner) in zip(UNCOVERED, bounds, strict=True):
        rest = shapely.difference(rest, inside[inner])
        ground = rest if outer is None else shapely.intersection(rest, inside[outer])
        gaps.extend(_gap(ground, state, region, district))
    return tuple(gaps)


def _is_in(look: Look, window: Window) -> bool:
    return window.first <= look.day <= window.last


def _gap(ground: BaseGeometry, state: str, region: Region, district: str) -> Iterator[Gap]:
    parts = [part for part in shapely.get_parts(ground) if part.geom_type == "Polygon" and part.area >= LEAST_M2]
    if parts:
        yield Gap(
            district=district,
            area=region.area or district,
            state=state,
            outline=shapely.MultiPolygon([plane_in(part, WORLD) for part in parts]),
            area_m2=float(sum(part.area for part in parts)),
        )


def pieces_of(gaps: Iterable[Gap], *, least_m2: float) -> tuple[shapely.Polygon, ...]:
    """The connected pieces of gaps in degrees, whatever the reasons, that are not below ``least_m2``; largest first."""
    known = list(gaps)
    whole = shapely.union_all([gap.outline for gap in known])
    if whole.is_empty:
        return ()
    unit_m2 = sum(gap.area_m2 for gap in known) / whole.area
    parts = [one for one in shapely.get_parts(whole) if one.geom_type == "Polygon" and one.area * unit_m2 >= least_m2]
    return tuple(sorted(parts, key=lambda part: -part.area))


def write_gaps(path: Path, gaps: Sequence[Gap]) -> None:
    """Write gaps as a GeoPackage of one layer, which ``plotwatch plan`` reads."""
    fields: dict[str, np.ndarray[Any, Any]] = {
        "name": np.array([f"{gap.area}: {gap.state.replace('_', ' ')}" for gap in gaps], object),
        "district": np.array([gap.district for gap in gaps], object),
        "area": np.array([gap.area for gap in gaps], object),
        "state": np.array([gap.state for gap in gaps], object),
        "area_m2": np.array([round(gap.area_m2, 2) for gap in gaps], np.float64),
    }
    outlines = Outlines(
        layer="uncovered", crs=WORLD, kind="MultiPolygon", geometries=[gap.outline for gap in gaps], fields=fields
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        write_outlines(partial, outlines, driver="GPKG")


def as_rows(told: Iterable[Told], window: Window) -> list[dict[str, Any]]:
    """Areas in numbers, in square metres, with units in their names."""
    return [
        {
            "district": one.district,
            "area": one.area,
            "from": window.first.isoformat(),
            "to": window.last.isoformat(),
            **{f"{state}_m2": one.ground.area_m2(state) for state in COLUMNS},
            "seen_share": share_down(one.ground),
        }
        for one in told
    ]


def as_csv(told: Iterable[Told], window: Window) -> str:
    """The same for spreadsheets; a name that a spreadsheet would compute is written with an apostrophe."""
    rows = as_rows(told, window)
    return spreadsheet.as_csv(list(rows[0]) if rows else ["district", "area"], (row.values() for row in rows))


def course_as_json(course: Course) -> dict[str, Any]:
    """How coverage came about, as JSON would have it."""
    return {
        "by_day": [
            {"day": day.isoformat(), **{f"{state}_m2": ground.area_m2(state) for state in COLUMNS}}
            for day, ground in course.by_day
        ],
        "last_seen": [{"day": day.isoformat(), "area_m2": round(area, 2)} for day, area in course.last_seen],
    }


def gaps_as_json(gaps: Sequence[Gap]) -> dict[str, Any]:
    """Gaps as GeoJSON (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shapely.orient_polygons(gap.outline))),
            "properties": {"area": gap.area, "state": gap.state, "area_m2": round(gap.area_m2, 2)},
        }
        for gap in gaps
    ]
    return {"type": "FeatureCollection", "features": features}


def share_down(ground: Ground) -> float:
    """The seen share to four digits, rounded down."""
    return ground.seen * 10_000 // ground.total / 10_000 if ground.total else 0.0


def _known(
    connection: Transaction, districts: Iterable[DistrictId]
) -> tuple[tuple[Region, ...], dict[DistrictId, str]]:
    names = {district.id: district.name for district in list_districts(connection)}
    return regions_of(connection, districts), names


def _told(region: Region, district: str, levels: Any) -> Told:
    extent = region.extent
    return Told(
        id=region.id,
        district=district,
        area=region.area,
        ground=ground_of(region.area_m2, levels),
        extent=(extent.west, extent.south, extent.east, extent.north),
    )
