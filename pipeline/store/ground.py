"""Coverage as it is kept: looks at ground, regions to be covered, and the moves that add up to their states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NewType

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.domain.flight import FlightId
from pipeline.domain.freshness import Level, Look, LookKind, Move, Window
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.store.columns import new_id
from pipeline.store.scans import ScanId
from pipeline.store.tables import ground_looks, ground_moves, ground_regions, survey_areas

RegionId = NewType("RegionId", str)
"""The id of a survey area, or of a district for all of its areas together."""
NOTHING_M2: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An outline in metres of the equal-area plane, as a map draws it (EPSG:3857), and its box in degrees."""

    outline: BaseGeometry
    drawn: BaseGeometry
    extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLook:
    """Ground of a flight; only what could not be flown has no scan."""

    flight: FlightId
    scan: ScanId | None
    district: DistrictId
    kind: LookKind
    day: date
    place: Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Ground that is to be covered: a survey area by its name, or all those of a district (``area`` is None)."""

    id: RegionId
    district: DistrictId
    area: str | None
    outline: BaseGeometry
    area_m2: float
    extent: Extent


def insert_look(connection: Connection, look: NewLook) -> bool:
    """Remember a look, once; False where it was known already."""
    known = select(ground_looks.c.id).where(
        ground_looks.c.flight_id == look.flight, ground_looks.c.kind == look.kind.value
    )
    if connection.execute(known).first():
        return False
    values = {
        "id": new_id(),
        "flight_id": look.flight,
        "scan_id": look.scan,
        "district_id": look.district,
        "kind": look.kind.value,
        "day": look.day,
    }
    connection.execute(insert(ground_looks).values(values | _placed(look.place)))
    return True


def looks_at(
    connection: Connection, district: DistrictId, kinds: Iterable[LookKind], within: Extent
) -> tuple[Look, ...]:
    """The looks of some kinds at the ground of a district whose box meets ``within``, by day."""
    columns = ground_looks.c
    chosen = (
        select(columns.day, columns.outline)
        .where(
            columns.district_id == district,
            columns.kind.in_([kind.value for kind in kinds]),
            *meets(ground_looks, within),
        )
        .order_by(columns.day, columns.id)
    )
    return tuple(Look(day=row.day, ground=shapely.from_wkb(row.outline)) for row in connection.execute(chosen))


def flights_with_looks(connection: Connection) -> frozenset[FlightId]:
    """The flights whose ground is accounted for."""
    return frozenset(connection.execute(select(ground_looks.c.flight_id).distinct()).scalars())


def insert_region(
    connection: Connection, region: RegionId, district: DistrictId, place: Placed, *, is_area: bool
) -> None:
    """Remember ground that is to be covered."""
    values = {"id": region, "district_id": district, "area_id": region if is_area else None}
    connection.execute(insert(ground_regions).values(values | _placed(place)))


def grow_region(connection: Connection, region: RegionId, place: Placed) -> None:
    """Put more ground into the region of a district."""
    connection.execute(update(ground_regions).where(ground_regions.c.id == region).values(_placed(place)))


def regions_of(
    connection: Connection, districts: Iterable[DistrictId], within: Extent | None = None
) -> tuple[Region, ...]:
    """The regions of some districts: areas by name, then the whole of each."""
    columns = ground_regions.c
    chosen = (
        select(ground_regions, survey_areas.c.name.label("area"))
        .outerjoin(survey_areas, survey_areas.c.id == columns.area_id)
        .where(columns.district_id.in_(sorted(districts)))
        .order_by(columns.area_id.is_(None), survey_areas.c.name, columns.id)
    )
    if within is not None:
        chosen = chosen.where(*meets(ground_regions, within))
    return tuple(
        Region(
            id=RegionId(row["id"]),
            district=DistrictId(row["district_id"]),
            area=row["area"],
            outline=shapely.from_wkb(row["outline"]),
            area_m2=row["area_m2"],
            extent=Extent(west=row["west"], south=row["south"], east=row["east"], north=row["north"]),
        )
        for row in connection.execute(chosen).mappings()
    )


def areas_without_regions(connection: Connection) -> tuple[tuple[RegionId, DistrictId, BaseGeometry], ...]:
    """Survey areas that nobody accounts for yet: id, district, and outline in degrees."""
    chosen = (
        select(survey_areas.c.id, survey_areas.c.district_id, survey_areas.c.outline)
        .outerjoin(ground_regions, ground_regions.c.area_id == survey_areas.c.id)
        .where(ground_regions.c.id.is_(None))
        .order_by(survey_areas.c.id)
    )
    return tuple(
        (RegionId(row.id), DistrictId(row.district_id), shapely.from_wkb(row.outline))
        for row in connection.execute(chosen)
    )


def add_moves(connection: Connection, region: RegionId, level: Level, moves: Iterable[Move]) -> None:
    """Add what a look, or new ground, changes."""
    summed: dict[tuple[date, date], float] = {}
    for move in moves:
        summed[move.day, move.previous] = summed.get((move.day, move.previous), 0.0) + move.area_m2
    rows = [
        {"region_id": region, "level": level.value, "day": day, "previous": previous, "area_m2": area_m2}
        for (day, previous), area_m2 in sorted(summed.items())
        if abs(area_m2) >= NOTHING_M2
    ]
    if rows:
        upsert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        new = upsert(ground_moves)
        grown = {"area_m2": ground_moves.c.area_m2 + new.excluded.area_m2}
        connection.execute(new.on_conflict_do_update(index_elements=list(ground_moves.primary_key), set_=grown), rows)


def forget_moves(connection: Connection, regions: Iterable[RegionId]) -> None:
    """Forget what the looks add up to, to count anew."""
    connection.execute(delete(ground_moves).where(ground_moves.c.region_id.in_(sorted(regions))))


def levels_in(
    connection: Connection, regions: Iterable[RegionId], window: Window
) -> Mapping[RegionId, Mapping[Level, float]]:
    """How much of each region each level holds in a window of days, in square metres."""
    columns = ground_moves.c
    chosen = (
        select(columns.region_id, columns.level, func.sum(columns.area_m2))
        .where(columns.region_id.in_(sorted(regions)), *_first_in(window))
        .group_by(columns.region_id, columns.level)
    )
    found: dict[RegionId, dict[Level, float]] = {}
    for region, level, area_m2 in connection.execute(chosen):
        found.setdefault(RegionId(region), {})[Level(level)] = area_m2
    return found


def levels_by_day(
    connection: Connection, region: RegionId, window: Window
) -> tuple[tuple[date, Mapping[Level, float]], ...]:
    """How much each level held by the end of each day of a window on which anything changed, in square metres."""
    columns = ground_moves.c
    chosen = (
        select(columns.day, columns.level, func.sum(columns.area_m2))
        .where(columns.region_id == region, *_first_in(window))
        .group_by(columns.day, columns.level)
        .order_by(columns.day)
    )
    held: dict[Level, float] = {}
    days: dict[date, Mapping[Level, float]] = {}
    for day, level, area_m2 in connection.execute(chosen):
        held[Level(level)] = held.get(Level(level), 0.0) + area_m2
        days[day] = dict(held)
    return tuple(days.items())


def last_seen(connection: Connection, region: RegionId, window: Window) -> tuple[tuple[date, float], ...]:
    """How much of what was seen in a window was seen last on each of its days, in square metres; the newest first."""
    columns = ground_moves.c
    here = (columns.region_id == region, columns.level == Level.SEEN.value, columns.day <= window.last)
    came = select(columns.day, func.sum(columns.area_m2)).where(*here).group_by(columns.day)
    went = select(columns.previous, func.sum(columns.area_m2)).where(*here).group_by(columns.previous)
    left: dict[date, float] = {}
    for sign, changed in ((1, came), (-1, went)):
        for day, area_m2 in connection.execute(changed):
            left[day] = left.get(day, 0.0) + sign * area_m2
    return tuple(
        (day, area_m2) for day, area_m2 in sorted(left.items(), reverse=True) if day >= window.first and area_m2 > 0
    )


def days_known(connection: Connection, districts: Iterable[DistrictId]) -> Window | None:
    """From the first to the last day of any look in some districts; None where there is none."""
    days = ground_looks.c.day
    chosen = select(func.min(days), func.max(days)).where(ground_looks.c.district_id.in_(sorted(districts)))
    first, last = connection.execute(chosen).one()
    return None if first is None else Window(first=first, last=last)


def meets(table: Table, within: Extent) -> tuple[ColumnElement[bool], ...]:
    """True of rows whose box meets ``within``."""
    columns = table.c
    return (
        columns.west <= within.east,
        columns.east >= within.west,
        columns.south <= within.north,
        columns.north >= within.south,
    )


def _first_in(window: Window) -> tuple[ColumnElement[bool], ...]:
    """True of moves of ground that is looked at for the first time in a window."""
    columns = ground_moves.c
    return (columns.day >= window.first, columns.day <= window.last, columns.previous < window.first)


def _placed(place: Placed) -> dict[str, Any]:
    extent = place.extent
    return {
        "outline": shapely.to_wkb(place.outline),
        "drawn": shapely.to_wkb(place.drawn),
        "area_m2": float(place.outline.area),
        "west": extent.west,
        "south": extent.south,
        "east": extent.east,
        "north": extent.north,
    }
