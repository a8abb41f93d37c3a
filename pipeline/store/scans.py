"""What the machine made of a flight: its orthomosaic, and each scan of it. Recorded once, however often it is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from sqlalchemy import Connection, insert, select

from pipeline.domain.flight import FlightId
from pipeline.domain.geometry import Georeference, Size
from pipeline.domain.orthomosaic import MaskOrigin, Orthomosaic
from pipeline.errors import ConflictError, NotFoundError
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import orthomosaics, scans

ScanId = NewType("ScanId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan that was made of a flight. ``record`` is the content of its ``scan.json``."""

    id: ScanId
    flight: FlightId
    model: str
    model_sha256: str
    original_sha256: str
    record: Mapping[str, Any]
    recorded_at: datetime


def record_orthomosaic(connection: Connection, flight: FlightId, mosaic: Orthomosaic, *, now: datetime) -> None:
    """Remember the orthomosaic of a flight. Once more with the same bytes changes nothing.

    Raises:
        ConflictError: The flight has an orthomosaic of other bytes.
    """
    held = connection.execute(select(orthomosaics.c.original_sha256).where(orthomosaics.c.flight_id == flight)).scalar()
    if held == mosaic.original_sha256:
        return
    if held is not None:
        raise ConflictError("this flight has another orthomosaic already")
    place = mosaic.georeference
    values: dict[str, Any] = {
        "flight_id": flight,
        "name": mosaic.name,
        "original_sha256": mosaic.original_sha256,
        "original_bytes": mosaic.original_bytes,
        "width_px": mosaic.size.width_px,
        "height_px": mosaic.size.height_px,
        "crs": place.crs,
        "left": place.left,
        "top": place.top,
        "pixel_width": place.pixel_width,
        "pixel_height": place.pixel_height,
        "metres_per_unit": place.metres_per_unit,
        "mask_origin": mosaic.mask_origin.value,
        "notes": json.dumps(mosaic.notes, ensure_ascii=False),
        "recorded_at": now,
    }
    connection.execute(insert(orthomosaics).values(values))
    body = {"original_sha256": mosaic.original_sha256, "bytes": mosaic.original_bytes}
    record(connection, Entry(kind=Kind.ORTHOMOSAIC_MADE, subject=flight, person=None, body=body), now)


def orthomosaic_of(connection: Connection, flight: FlightId) -> Orthomosaic:
    """The orthomosaic of a flight.

    Raises:
        NotFoundError: It has none, or not yet.
    """
    row = connection.execute(select(orthomosaics).where(orthomosaics.c.flight_id == flight)).mappings().first()
    if row is None:
        raise NotFoundError("this flight has no orthomosaic yet")
    places = ("crs", "left", "top", "pixel_width", "pixel_height", "metres_per_unit")
    return Orthomosaic(
        name=row["name"],
        original_sha256=row["original_sha256"],
        original_bytes=row["original_bytes"],
        size=Size(width_px=row["width_px"], height_px=row["height_px"]),
        georeference=Georeference(**{name: row[name] for name in places}),
        mask_origin=MaskOrigin(row["mask_origin"]),
        notes=tuple(json.loads(row["notes"])),
    )


def record_scan(connection: Connection, scan: Scan, *, now: datetime) -> None:
    """Remember a scan. Its id is chosen by the caller, so that a step that runs again records nothing twice."""
    if connection.execute(select(scans.c.id).where(scans.c.id == scan.id)).first():
        return
    values: dict[str, Any] = {
        "id": scan.id,
        "flight_id": scan.flight,
        "model": scan.model,
        "model_sha256": scan.model_sha256,
        "original_sha256": scan.original_sha256,
        "record": json.dumps(scan.record, ensure_ascii=False, sort_keys=True),
        "recorded_at": scan.recorded_at,
    }
    connection.execute(insert(scans).values(values))
    body = {"scan": scan.id, "model_sha256": scan.model_sha256, "original_sha256": scan.original_sha256}
    record(connection, Entry(kind=Kind.SCAN_RECORDED, subject=scan.flight, person=None, body=body), now)


def scans_of(connection: Connection, flight: FlightId) -> tuple[Scan, ...]:
    """The scans of a flight, newest first."""
    chosen = select(scans).where(scans.c.flight_id == flight).order_by(scans.c.recorded_at.desc(), scans.c.id)
    return tuple(
        Scan(
            id=ScanId(row["id"]),
            flight=FlightId(row["flight_id"]),
            model=row["model"],
            model_sha256=row["model_sha256"],
            original_sha256=row["original_sha256"],
            record=json.loads(row["record"]),
            recorded_at=row["recorded_at"],
        )
        for row in connection.execute(chosen).mappings()
    )
