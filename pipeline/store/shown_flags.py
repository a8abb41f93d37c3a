"""Flags as they leave the house: the candidates that a person may see on maps, with all that they rest on.

The rule is that of the pages (``domain.sight``, ``flags.is_candidate``): no controls, no audited ground that nobody
confirmed, no score, and nothing of a verdict while anybody may still have to give one.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId, Person
from pipeline.domain.sight import RELEASED, may_see, told
from pipeline.store.flags import is_candidate
from pipeline.store.growers import Grower, growers_about, kinds_at
from pipeline.store.search import Search, asked, cut
from pipeline.store.tables import decisions, districts, flags, flights, orthomosaics, scans


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlag:
    """A candidate for verification; ``outline`` in degrees (EPSG:4326), ``area_m2`` on the ground.

    ``verdicts`` are those in force of a flag that two readers released, in their order; ``licensed`` the kinds of the
    licences that held where it lies on the day of the flight.
    """

    id: str
    label: str
    status: FlagStatus
    class_name: str
    area_m2: float
    outline: shapely.Polygon | shapely.MultiPolygon
    district: str
    flight: str
    flight_name: str
    flown_on: date | None
    raised_at: datetime
    verdicts: tuple[str, ...]
    licensed: tuple[str, ...]
    scan: str
    scanned_at: datetime
    model: str
    model_sha256: str
    software: str
    original: str
    original_sha256: str


def flags_shown_to(
    connection: Connection, person: Person, theirs: Iterable[DistrictId], search: Search
) -> tuple[ShownFlag, ...]:
    """One page of the flags of some districts that ``person`` may see, by id."""
    wanted = cut(_joined(select(*_columns())).where(*_seen(person, theirs, search)), flags, search)
    rows = connection.execute(wanted).mappings().all()
    made, said = _scans(connection, rows), _verdicts(connection, rows)
    growers = _growers(connection, rows)
    return tuple(_shown(row, made[row["scan_id"]], said.get(row["id"], ()), growers[row["flight_id"]]) for row in rows)


def count_flags(connection: Connection, person: Person, theirs: Iterable[DistrictId], search: Search) -> int:
    """How many there are on all pages."""
    counted = _joined(select(func.count())).where(*_seen(person, theirs, search))
    return int(connection.execute(counted).scalar_one())


def _seen(person: Person, theirs: Iterable[DistrictId], search: Search) -> tuple[ColumnElement[bool], ...]:
    roles = [role for role in person.roles if person.has(role)]
    statuses = [status.value for status in FlagStatus if may_see(roles, status)]
    mine = sorted(frozenset(theirs) & person.sees)
    return (
        flights.c.district_id.in_(mine),
        flags.c.status.in_(statuses),
        is_candidate(),
        *asked(flags, search),
    )


def _columns() -> tuple[Any, ...]:
    of_flag = [column for column in flags.c if column.name not in {"score", "origin"}]
    of_flight = (flights.c.name.label("flight_name"), flights.c.flown_on, flights.c.received_at, flights.c.district_id)
    return (*of_flag, *of_flight, districts.c.name.label("district"), orthomosaics.c.name.label("original"))


def _joined(chosen: Select[Any]) -> Select[Any]:
    return (
        chosen.select_from(flags)
        .join(flights, flights.c.id == flags.c.flight_id)
        .join(districts, districts.c.id == flights.c.district_id)
        .outerjoin(orthomosaics, orthomosaics.c.flight_id == flights.c.id)
    )


def _scans(connection: Connection, rows: Sequence[RowMapping]) -> dict[str, dict[str, Any]]:
    """The scans of some flags by id; ``software`` is read from each one's record."""
    chosen = select(scans).where(scans.c.id.in_({row["scan_id"] for row in rows}))
    return {
        row["id"]: {**row, "software": str(json.loads(row["record"]).get("software", ""))}
        for row in connection.execute(chosen).mappings()
    }


def _verdicts(connection: Connection, rows: Sequence[RowMapping]) -> dict[str, tuple[str, ...]]:
    """The verdicts in force, with their reasons and without their people, of those flags that were released."""
    ids = [row["id"] for row in rows if FlagStatus(row["status"]) in RELEASED]
    columns = decisions.c
    chosen = select(columns.id, columns.flag_id, columns.verdict, columns.reason, columns.supersedes)
    given = connection.execute(chosen.where(columns.flag_id.in_(ids)).order_by(columns.reader, columns.leaf)).all()
    superseded = {row.supersedes for row in given}
    said: dict[str, tuple[str, ...]] = {}
    for row in given:
        if row.id not in superseded:
            said[row.flag_id] = (*said.get(row.flag_id, ()), f"{row.verdict} ({row.reason})")
    return said


def _growers(connection: Connection, rows: Sequence[RowMapping]) -> dict[str, tuple[Grower, ...]]:
    """Licensed ground about the flags of each flight, on its day."""
    of_flight: dict[str, list[RowMapping]] = {}
    for row in rows:
        of_flight.setdefault(row["flight_id"], []).append(row)
    return {flight: _growers_about(connection, together) for flight, together in of_flight.items()}


def _growers_about(connection: Connection, rows: Sequence[RowMapping]) -> tuple[Grower, ...]:
    box = Extent(
        west=min(row["west"] for row in rows),
        south=min(row["south"] for row in rows),
        east=max(row["east"] for row in rows),
        north=max(row["north"] for row in rows),
    )
    day = rows[0]["flown_on"] or rows[0]["received_at"].date()
    return growers_about(connection, DistrictId(rows[0]["district_id"]), box, day)


def _shown(row: RowMapping, scan: dict[str, Any], verdicts: tuple[str, ...], growers: tuple[Grower, ...]) -> ShownFlag:
    outline = shapely.from_wkb(row["outline"])
    return ShownFlag(
        id=row["id"],
        label=row["label"],
        status=told(FlagStatus(row["status"])),
        class_name=row["class_name"],
        area_m2=row["area_m2"],
        outline=outline,
        district=row["district"],
        flight=row["flight_id"],
        flight_name=row["flight_name"],
        flown_on=row["flown_on"],
        raised_at=row["raised_at"],
        verdicts=verdicts,
        licensed=kinds_at(outline, growers),
        scan=scan["id"],
        scanned_at=scan["recorded_at"],
        model=scan["model"],
        model_sha256=scan["model_sha256"],
        software=scan["software"],
        original=row["original"] or "",
        original_sha256=scan["original_sha256"],
    )
