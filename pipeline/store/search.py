"""Search: what other people's software asks of flights, flags and survey areas: a place, days, a page by page.

Pages are cut by the last id of the one before: what is added meanwhile neither shifts nor repeats anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import shapely
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.freshness import Window
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.store.flights import flight_of_row
from pipeline.store.ground import meets
from pipeline.store.ground_map import flown_in
from pipeline.store.tables import districts, flights, survey_areas

MOST: Final = 1000
"""Rows a page, so that lists of ids stay short in SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: empty means all.

    ``within`` are boxes of which one must be met (two where a box crosses the anti-meridian); ``window`` has the days
    of flights, where a flight without a date counts for the day of its arrival; ``ids`` are the ones wanted.
    """

    within: tuple[Extent, ...] = ()
    window: Window | None = None
    ids: frozenset[str] | None = None
    after: str = ""
    limit: int = MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFlight:
    """A flight and the name of its district."""

    flight: Flight
    district: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArea:
    """A survey area; ``outline`` in degrees (EPSG:4326), ``area_m2`` on the ground."""

    id: str
    name: str
    district: str
    outline: shapely.Polygon | shapely.MultiPolygon
    area_m2: float
    imported_at: datetime
    source_sha256: str


def cut(chosen: Select[Any], table: Table, search: Search) -> Select[Any]:
    """One page of ``chosen``, of the rows of ``table`` in the order of their ids."""
    return chosen.where(table.c.id > search.after).order_by(table.c.id).limit(search.limit)


def asked(table: Table, search: Search, *, by_day: bool = True) -> tuple[ColumnElement[bool], ...]:
    """True of rows whose box, id and flight's day are those of a search."""
    wanted: list[ColumnElement[bool]] = []
    if search.within:
        wanted.append(or_(*(and_(*meets(table, extent)) for extent in search.within)))
    if search.ids is not None:
        wanted.append(table.c.id.in_(sorted(search.ids)))
    if search.window is not None and by_day:
        wanted.append(flown_in(search.window))
    return tuple(wanted)


def flights_found(
    connection: Connection, theirs: Iterable[DistrictId], search: Search, state: FlightState | None = None
) -> tuple[FoundFlight, ...]:
    """Flights of some districts, or those in one state, by id."""
    chosen = select(flights, districts.c.name.label("district_name")).join(
        districts, districts.c.id == flights.c.district_id
    )
    rows = connection.execute(cut(chosen.where(*_flights(theirs, search, state)), flights, search)).mappings()
    return tuple(FoundFlight(flight=flight_of_row(row), district=row["district_name"]) for row in rows)


def count_flights(
    connection: Connection, theirs: Iterable[DistrictId], search: Search, state: FlightState | None = None
) -> int:
    """How many flights there are on all pages."""
    counted = select(func.count()).select_from(flights).where(*_flights(theirs, search, state))
    return int(connection.execute(counted).scalar_one())


def areas_found(connection: Connection, theirs: Iterable[DistrictId], search: Search) -> tuple[FoundArea, ...]:
    """Survey areas of some districts, by id; days mean nothing to them."""
    chosen = select(survey_areas, districts.c.name.label("district_name")).join(
        districts, districts.c.id == survey_areas.c.district_id
    )
    rows = connection.execute(cut(chosen.where(*_areas(theirs, search)), survey_areas, search)).mappings()
    return tuple(
        FoundArea(
            id=row["id"],
            name=row["name"],
            district=row["district_name"],
            outline=shapely.from_wkb(row["outline"]),
            area_m2=row["area_m2"],
            imported_at=row["imported_at"],
            source_sha256=row["source_sha256"],
        )
        for row in rows
    )


def count_areas(connection: Connection, theirs: Iterable[DistrictId], search: Search) -> int:
    """How many survey areas there are on all pages."""
    counted = select(func.count()).select_from(survey_areas).where(*_areas(theirs, search))
    return int(connection.execute(counted).scalar_one())


def _flights(
    theirs: Iterable[DistrictId], search: Search, state: FlightState | None
) -> tuple[ColumnElement[bool], ...]:
    wanted = (flights.c.district_id.in_(sorted(theirs)), *asked(flights, search))
    return wanted if state is None else (*wanted, flights.c.state == state.value)


def _areas(theirs: Iterable[DistrictId], search: Search) -> tuple[ColumnElement[bool], ...]:
    return (survey_areas.c.district_id.in_(sorted(theirs)), *asked(survey_areas, search, by_day=False))
