"""Ground that was looked at, without imagery: what scans say of it, drawn by hand, in square pieces of land."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import shapely
from offices import NOON, Office

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import District
from pipeline.imagery.looked import Looked, degrees_in_plane
from pipeline.store.areas import Source, SurveyArea, import_areas
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.flights import NewFlight, create_flight, move_flight
from pipeline.store.scans import Scan, ScanId, record_scan
from pipeline.workflow.cover import cover_new_areas, cover_scan

WEST, SOUTH = 111.6, 40.8
LAT_M = 111_040.0
LON_M = 111_320.0 * math.cos(math.radians(SOUTH))
PIECE_M = 400.0
SEEN_ON = date(2026, 10, 1)


def land(x: float, y: float, width: float, height: float, turned: float = 0.0) -> shapely.Polygon:
    """A piece of land in degrees; lengths are in pieces of 400 m, from the south-west corner."""
    box = shapely.affinity.rotate(shapely.box(x, y, x + width, y + height), turned)
    return shapely.transform(box, lambda points: points * (PIECE_M / LON_M, PIECE_M / LAT_M) + (WEST, SOUTH))


def area(office: Office, name: str, outline: shapely.Polygon, district: District | None = None) -> None:
    """A survey area."""
    made = SurveyArea(name=name, outline=outline, area_m2=degrees_in_plane(outline).area)
    where = (district or office.east).id
    with office.database.transaction() as connection:
        import_areas(connection, where, [made], Source(name="a.gpkg", sha256="a" * 64), by=None, now=NOON)
        cover_new_areas(connection)


def flown(  # noqa: PLR0913 what a flight is made of
    office: Office,
    day: date,
    imaged: shapely.Polygon,
    blurred: shapely.Geometry | None = None,
    flags: Sequence[shapely.Polygon] = (),
    district: District | None = None,
    *,
    record: Mapping[str, Any] | None = None,
) -> Flight:
    """A scanned flight with imagery of some ground, of which some cannot be assessed; all in degrees.

    ``record`` is what its scan left.
    """
    ground = degrees_in_plane(imaged)
    seen = ground if blurred is None else shapely.difference(ground, degrees_in_plane(blurred))
    new = NewFlight(
        district=(district or office.east).id,
        name=f"flight of {day}",
        uploaded_by=office.people["surveyor"].id,
        flown_on=day,
    )
    with office.database.transaction() as connection:
        flight = create_flight(connection, new, now=NOON)
        scan = scan_of(flight.id, record)
        record_scan(connection, scan, now=NOON)
        cover_scan(connection, flight, scan.id, Looked(seen=seen, imaged=ground))
        insert_flags(connection, scan, [flag_of(n, outline) for n, outline in enumerate(flags)], now=NOON)
        for state in (FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED):
            move_flight(connection, flight.id, state, now=NOON)
    return flight


def scan_of(flight: FlightId, record: Mapping[str, Any] | None = None) -> Scan:
    return Scan(
        id=ScanId(f"{flight}-1"),
        flight=flight,
        model="m",
        model_sha256="a" * 64,
        original_sha256="b" * 64,
        record=dict(record or {}),
        recorded_at=NOON,
    )


def flag_of(number: int, outline: shapely.Polygon) -> RaisedFlag:
    return RaisedFlag(
        label=f"F{number:05d}",
        outline=outline,
        class_name="poppy",
        score=0.8,
        area_m2=degrees_in_plane(outline).area,
        cells=4,
        model="m",
        threshold=0.5,
    )
