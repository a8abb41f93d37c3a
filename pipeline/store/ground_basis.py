"""What a statement of coverage rests on: the scans over a region, what became of its flags, and the newest leaf."""

import shapely
from sqlalchemy import Connection, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.freshness import LookKind, Window
from pipeline.store.flags import is_candidate
from pipeline.store.ground import Region, meets
from pipeline.store.scans import Scan, scans_of
from pipeline.store.tables import flags, flights, ground_looks, ledger


def scans_over(connection: Connection, region: Region, window: Window) -> tuple[Scan, ...]:
    """The scans whose imagery shows any of a region in a window of days, by day."""
    columns = ground_looks.c
    chosen = (
        select(columns.flight_id, columns.scan_id, columns.outline)
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
        scan
        for row in connection.execute(chosen).all()
        if region.outline.intersects(shapely.from_wkb(row.outline))
        for scan in scans_of(connection, FlightId(row.flight_id))
        if scan.id == row.scan_id
    )


def flags_in_region(
    connection: Connection, region: Region, window: Window, outline: shapely.Geometry
) -> dict[FlagStatus, int]:
    """How many candidates of flights of a window touch a region, whose ``outline`` is given in degrees, by status."""
    chosen = (
        select(flags.c.status, flags.c.outline)
        .join(flights, flights.c.id == flags.c.flight_id)
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
    found: dict[FlagStatus, int] = {}
    for row in connection.execute(chosen):
        if outline.intersects(shapely.from_wkb(row.outline)):
            found[FlagStatus(row.status)] = found.get(FlagStatus(row.status), 0) + 1
    return found


def newest_leaf(connection: Connection) -> tuple[int, str | None]:
    """How many leaves the ledger has, and the hash of the newest."""
    chosen = select(ledger.c.position, ledger.c.hash).order_by(ledger.c.position.desc()).limit(1)
    row = connection.execute(chosen).first()
    return (0, None) if row is None else (row.position, row.hash)
