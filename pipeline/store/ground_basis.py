"""What a statement rests on: the scans over a region, what became of its flags and of visits, and the newest leaf."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
from sqlalchemy import Connection, Select, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.freshness import LookKind, Window
from pipeline.store.flags import is_candidate
from pipeline.store.ground import Region, meets
from pipeline.store.scans import Scan, scans_of
from pipeline.store.tables import flags, flights, ground_looks, ledger, visits
from pipeline.store.visits import VisitId


@dataclass(frozen=True, slots=True, kw_only=True)
class FlownOver:
    """A scan whose imagery shows ground of a region: of which flight, by its name, on which day."""

    scan: Scan
    name: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidVisit:
    """A visit to a flag on a region; ``outcome`` and ``found_at`` are None until a team was there."""

    visit: VisitId
    planned_at: datetime
    outcome: FlagStatus | None
    found_at: datetime | None


def scans_over(connection: Connection, region: Region, window: Window) -> tuple[FlownOver, ...]:
    """The scans whose imagery shows any of a region in a window of days, by day."""
    columns = ground_looks.c
    chosen = (
        select(columns.flight_id, columns.scan_id, columns.outline, columns.day, flights.c.name)
        .join(flights, flights.c.id == columns.flight_id)
        .where(
            columns.district_id == region.district,
            columns.kind == LookKind.IMAGED.value,
            columns.day >= window.first,
            columns.day <= window.last,
            *meets(ground_looks, region.extent),
        )
        .order_by(columns.day, columns.id)
    )
    shapely.prepare(region.outline)
    return tuple(
        FlownOver(scan=scan, name=row.name, day=row.day)
        for row in connection.execute(chosen).all()
        if region.outline.intersects(shapely.from_wkb(row.outline))
        for scan in scans_of(connection, FlightId(row.flight_id))
        if scan.id == row.scan_id
    )


def flags_in_region(
    connection: Connection, region: Region, window: Window, outline: shapely.Geometry
) -> dict[FlagStatus, int]:
    """How many candidates of flights of a window touch a region, whose ``outline`` is given in degrees, by status."""
    found: dict[FlagStatus, int] = {}
    for row in _on_region(connection, select(flags.c.status, flags.c.outline), region, window, outline):
        found[FlagStatus(row.status)] = found.get(FlagStatus(row.status), 0) + 1
    return found


def visits_in_region(
    connection: Connection, region: Region, window: Window, outline: shapely.Geometry
) -> tuple[PaidVisit, ...]:
    """The visits to those flags, in the order in which they were planned; ``outline`` is in degrees."""
    columns = visits.c
    wanted = select(columns.id, columns.planned_at, columns.outcome, columns.found_at, flags.c.outline)
    wanted = wanted.select_from(flags.join(visits, columns.flag_id == flags.c.id)).order_by(columns.leaf)
    return tuple(
        PaidVisit(
            visit=VisitId(row.id),
            planned_at=row.planned_at,
            outcome=None if row.outcome is None else FlagStatus(row.outcome),
            found_at=row.found_at,
        )
        for row in _on_region(connection, wanted, region, window, outline)
    )


def _on_region(
    connection: Connection, wanted: Select[Any], region: Region, window: Window, outline: shapely.Geometry
) -> Iterator[Any]:
    """The rows of ``wanted`` whose flag is a candidate of a flight of the window and touches the region."""
    chosen = (
        wanted.join(flights, flights.c.id == flags.c.flight_id)
        .join(ground_looks, ground_looks.c.flight_id == flights.c.id)
        .where(
            ground_looks.c.kind == LookKind.IMAGED.value,
            ground_looks.c.day >= window.first,
            ground_looks.c.day <= window.last,
            flights.c.district_id == region.district,
            is_candidate(),
            *meets(flags, region.extent),
        )
    )
    shapely.prepare(outline)
    return (row for row in connection.execute(chosen) if outline.intersects(shapely.from_wkb(row.outline)))


def newest_leaf(connection: Connection) -> tuple[int, str | None]:
    """How many leaves the ledger has, and the hash of the newest."""
    chosen = select(ledger.c.position, ledger.c.hash).order_by(ledger.c.position.desc()).limit(1)
    row = connection.execute(chosen).first()
    return (0, None) if row is None else (row.position, row.hash)
