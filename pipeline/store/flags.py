"""Flags of a scan: inserted once. What becomes of them is up to people (``decisions``), and only read here."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import shapely
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select

from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.people import Person
from pipeline.domain.sight import RELEASED
from pipeline.errors import NotFoundError
from pipeline.store.scans import Scan, ScanId
from pipeline.store.tables import flags, flights

SECOND_READ: Final = 0.2
"""The share of flags whose rejection is read a second time, blind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlag:
    """A flag as it is stored. ``label`` is its number in the scan's files, ``outline`` in degrees (EPSG:4326)."""

    id: FlagId
    scan: ScanId
    flight: FlightId
    label: str
    status: FlagStatus
    outline: shapely.Polygon | shapely.MultiPolygon
    class_name: str
    score: float
    area_m2: float
    cells: int
    model: str
    threshold: float
    second_read: bool
    raised_at: datetime
    origin: FlagOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedFlag:
    """A flag as a scan raises it, with its outline in degrees (EPSG:4326)."""

    label: str
    outline: shapely.Polygon | shapely.MultiPolygon
    class_name: str
    score: float
    area_m2: float
    cells: int
    model: str
    threshold: float


def insert_flags(
    connection: Connection,
    scan: Scan,
    raised: Iterable[RaisedFlag],
    *,
    now: datetime,
    second_read: float = SECOND_READ,
    origin: FlagOrigin = FlagOrigin.SCAN,
) -> int:
    """Store flags of a scanned flight, each once however often this is called; returns how many are new.

    Ids follow from the scan's id and the flag's label. Which rejections are read twice follows from the id alone, so
    that nobody, and no second run, can choose them.
    """
    held = set(connection.execute(select(flags.c.label).where(flags.c.scan_id == scan.id)).scalars())
    rows = [_row(scan, flag, now, second_read) | {"origin": origin.value} for flag in raised if flag.label not in held]
    if rows:
        connection.execute(insert(flags), rows)
    return len(rows)


def is_candidate() -> ColumnElement[bool]:
    """True of what may be spoken of outside of review: what a scan raised, and finds of the un-flagged audit.

    Control items never, and audited ground not before two readers confirmed it.
    """
    found = and_(flags.c.origin == FlagOrigin.AUDIT.value, flags.c.status.in_(sorted(RELEASED)))
    return or_(flags.c.origin == FlagOrigin.SCAN.value, found)


def flags_of_flight(connection: Connection, flight: FlightId) -> tuple[StoredFlag, ...]:
    """The candidates of a flight, by label."""
    chosen = select(flags).where(flags.c.flight_id == flight, is_candidate())
    chosen = chosen.order_by(flags.c.scan_id, flags.c.label)
    return tuple(_flag(row) for row in connection.execute(chosen).mappings())


def find_flag(connection: Connection, person: Person, flag: FlagId) -> StoredFlag:
    """A flag as far as it exists for ``person``.

    Raises:
        NotFoundError: There is none, or it is of a district that is not theirs; nobody can tell which.
    """
    chosen = select(flags).join(flights, flights.c.id == flags.c.flight_id).where(flags.c.id == flag)
    row = connection.execute(chosen.where(flights.c.district_id.in_(person.sees))).mappings().first()
    if row is None:
        raise NotFoundError("there is no such flag")
    return _flag(row)


def find_flags(connection: Connection, person: Person, wanted: Iterable[FlagId]) -> dict[FlagId, StoredFlag]:
    """Those of ``wanted`` that exist for ``person``, in one question."""
    chosen = select(flags).join(flights, flights.c.id == flags.c.flight_id)
    chosen = chosen.where(flags.c.id.in_(list(wanted)), flights.c.district_id.in_(person.sees))
    return {FlagId(row["id"]): _flag(row) for row in connection.execute(chosen).mappings()}


def get_flag(connection: Connection, flag: FlagId) -> StoredFlag:
    """A flag of whatever origin, whoever asks.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(flags).where(flags.c.id == flag)).mappings().first()
    if row is None:
        raise NotFoundError("there is no such flag")
    return _flag(row)


def is_read_twice(flag: str, share: float) -> bool:
    """Whether a rejection of this flag is read a second time: a fixed ``share`` in [0, 1] of ids, evenly spread."""
    return int(hashlib.sha256(flag.encode()).hexdigest()[:8], 16) < share * 2**32


def _row(scan: Scan, flag: RaisedFlag, now: datetime, second_read: float) -> dict[str, Any]:
    west, south, east, north = flag.outline.bounds
    flag_id = f"{scan.id}-{flag.label}"
    return {
        "id": flag_id,
        "scan_id": scan.id,
        "flight_id": scan.flight,
        "label": flag.label,
        "status": FlagStatus.UNREVIEWED.value,
        "outline": shapely.to_wkb(flag.outline),
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "class_name": flag.class_name,
        "score": flag.score,
        "area_m2": flag.area_m2,
        "cells": flag.cells,
        "model": flag.model,
        "threshold": flag.threshold,
        "second_read": is_read_twice(flag_id, second_read),
        "raised_at": now,
    }


def _flag(row: RowMapping) -> StoredFlag:
    return StoredFlag(
        id=FlagId(row["id"]),
        scan=ScanId(row["scan_id"]),
        flight=FlightId(row["flight_id"]),
        label=row["label"],
        status=FlagStatus(row["status"]),
        outline=shapely.from_wkb(row["outline"]),
        class_name=row["class_name"],
        score=row["score"],
        area_m2=row["area_m2"],
        cells=row["cells"],
        model=row["model"],
        threshold=row["threshold"],
        second_read=row["second_read"],
        raised_at=row["raised_at"],
        origin=FlagOrigin(row["origin"]),
    )
