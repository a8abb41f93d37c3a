"""What people decided, as far as it may be learnt from: flights in the order of their first scan, and their lessons."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Connection, func, select

from pipeline.domain.decision import Decision, DecisionId, Verdict
from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.geometry import Extent
from pipeline.domain.lesson import Lesson, lesson_of
from pipeline.domain.people import DistrictId
from pipeline.store.decisions import decisions_on, outlines_of
from pipeline.store.tables import flags, flights, orthomosaics, scans
from pipeline.store.visits import visits_to


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedFlight:
    """A flight that was scanned, when it first was, and where its original is."""

    id: FlightId
    district: DistrictId
    name: str
    extent: Extent
    first_scanned_at: datetime
    original_sha256: str
    flown_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What one flag teaches, with outlines in degrees (EPSG:4326), and who is answerable for it.

    ``decisions`` are the verdicts in force it rests on; ``visit`` is the visit that found it so, where there was one;
    ``redrawn`` says that a reader drew the outline.
    """

    flag: FlagId
    lesson: Lesson
    outlines: tuple[shapely.Geometry, ...]
    decisions: tuple[DecisionId, ...]
    visit: str | None
    redrawn: bool
    origin: FlagOrigin


def scanned_flights(connection: Connection) -> tuple[ScannedFlight, ...]:
    """Every scanned flight in the order of their first scans, which never changes."""
    first = select(scans.c.flight_id, func.min(scans.c.recorded_at).label("first_at")).group_by(scans.c.flight_id)
    began = first.subquery()
    chosen = (
        select(flights, began.c.first_at, orthomosaics.c.original_sha256)
        .join(began, began.c.flight_id == flights.c.id)
        .join(orthomosaics, orthomosaics.c.flight_id == flights.c.id)
        .where(flights.c.west.is_not(None))
        .order_by(began.c.first_at, flights.c.id)
    )
    return tuple(
        ScannedFlight(
            id=FlightId(row["id"]),
            district=DistrictId(row["district_id"]),
            name=row["name"],
            extent=Extent(west=row["west"], south=row["south"], east=row["east"], north=row["north"]),
            first_scanned_at=row["first_at"],
            original_sha256=row["original_sha256"],
            flown_on=row["flown_on"].isoformat() if row["flown_on"] else None,
        )
        for row in connection.execute(chosen).mappings()
    )


def lessons_of(connection: Connection, flight: FlightId) -> tuple[Taught, ...]:
    """What the flags of a flight teach, found on the ground first, then by the newest scan. Controls are not asked."""
    chosen = (
        select(flags.c.id, flags.c.status, flags.c.origin, flags.c.outline)
        .join(scans, scans.c.id == flags.c.scan_id)
        .where(flags.c.flight_id == flight, flags.c.origin != FlagOrigin.CONTROL.value)
        .order_by(scans.c.recorded_at.desc(), flags.c.id)
    )
    rows = connection.execute(chosen).mappings().all()
    found = [taught for row in rows if (taught := _taught(connection, row)) is not None]
    return tuple(sorted(found, key=lambda taught: taught.visit is None))


def in_force(given: Iterable[Decision]) -> tuple[Decision, ...]:
    """The decisions that no later one supersedes, by reader."""
    every = tuple(given)
    superseded = {decision.supersedes for decision in every}
    return tuple(sorted((one for one in every if one.id not in superseded), key=lambda one: one.reader))


def _taught(connection: Connection, row: Any) -> Taught | None:
    flag, origin = FlagId(row["id"]), FlagOrigin(row["origin"])
    force = in_force(decisions_on(connection, flag))
    lesson = lesson_of(FlagStatus(row["status"]), origin, [decision.verdict for decision in force])
    if lesson is None:
        return None
    drawn = _drawn(connection, force) if lesson is Lesson.TARGET else ()
    visited = [visit for visit in visits_to(connection, flag) if visit.outcome not in {None, FlagStatus.NO_ACCESS}]
    return Taught(
        flag=flag,
        lesson=lesson,
        outlines=drawn or (shapely.from_wkb(row["outline"]),),
        decisions=tuple(decision.id for decision in force),
        visit=visited[-1].id if visited else None,
        redrawn=bool(drawn),
        origin=origin,
    )


def _drawn(connection: Connection, force: tuple[Decision, ...]) -> tuple[shapely.Geometry, ...]:
    """What the last of those who confirmed and drew has drawn; () where nobody drew."""
    for decision in reversed(force):
        parts = outlines_of(connection, decision.id) if decision.verdict is Verdict.CONFIRM else ()
        if parts:
            return tuple(part.outline for part in parts)
    return ()
