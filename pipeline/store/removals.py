"""Removals: imagery that was let go, what keeps that of other flights, and whose originals are still needed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, insert, select

from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.retention import WAITING
from pipeline.store.flights import flight_of_row
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import controls, flags, flights, imagery_removals, orthomosaics, uploads

_IS_CONTROL: Final = flags.c.origin == FlagOrigin.CONTROL.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A flight of which imagery is kept, and what may keep it.

    ``statuses`` are of all that readers were asked about it but of known ground; ``originals`` are sha256.
    """

    flight: Flight
    statuses: frozenset[FlagStatus]
    known_ground: bool
    originals: tuple[str, ...]


def holdings(
    connection: Connection, *, received_by: datetime | None = None, only: FlightId | None = None
) -> tuple[Holding, ...]:
    """Flights whose imagery is kept, in the order of their arrival; those received by a time, or one."""
    chosen = select(flights).where(flights.c.state != FlightState.NOT_FLOWN.value, ~_is_removed(flights.c.id))
    if received_by is not None:
        chosen = chosen.where(flights.c.received_at <= received_by)
    if only is not None:
        chosen = chosen.where(flights.c.id == only)
    rows = connection.execute(chosen.order_by(flights.c.received_at, flights.c.id)).mappings()
    kept = [flight_of_row(row) for row in rows]
    wanted = chosen.with_only_columns(flights.c.id)
    statuses, known, originals = (
        _asked(connection, wanted),
        _known_ground(connection, wanted),
        _files(connection, wanted),
    )
    return tuple(
        Holding(
            flight=flight,
            statuses=frozenset(map(FlagStatus, statuses[flight.id])),
            known_ground=flight.id in known,
            originals=tuple(sorted(originals[flight.id])),
        )
        for flight in kept
    )


def remove_imagery(connection: Connection, flight: FlightId, *, body: Mapping[str, Any], now: datetime) -> None:
    """Write down that the imagery of a flight is let go; files are removed only after that.

    Raises:
        NotAllowedError: A law keeps it.
    """
    leaf = record(connection, Entry(kind=Kind.IMAGERY_REMOVED, subject=flight, person=None, body=body), now)
    values = {"flight_id": flight, "removed_at": leaf.at, "leaf": leaf.position}
    connection.execute(insert(imagery_removals).values(values))


def removed_at(connection: Connection, flight: FlightId) -> datetime | None:
    """When the imagery of a flight was let go; None where it was not."""
    chosen = select(imagery_removals.c.removed_at).where(imagery_removals.c.flight_id == flight)
    when: datetime | None = connection.execute(chosen).scalar()
    return when


def removed(connection: Connection) -> tuple[FlightId, ...]:
    """All flights whose imagery was let go, the first one first."""
    chosen = select(imagery_removals.c.flight_id).order_by(imagery_removals.c.leaf)
    return tuple(FlightId(flight) for flight in connection.execute(chosen).scalars())


def removed_originals(connection: Connection) -> tuple[str, ...]:
    """The sha256 of the files in which all these flights came."""
    chosen = select(uploads.c.sha256).where(_is_removed(uploads.c.flight_id), uploads.c.sha256.is_not(None)).distinct()
    return tuple(sorted(connection.execute(chosen).scalars()))


def originals_of(connection: Connection, flight: FlightId) -> tuple[str, ...]:
    """The sha256 of the files in which a flight came."""
    chosen = select(uploads.c.sha256).where(uploads.c.flight_id == flight, uploads.c.sha256.is_not(None)).distinct()
    return tuple(sorted(connection.execute(chosen).scalars()))


def needed(connection: Connection, sha256s: Collection[str]) -> frozenset[str]:
    """Those of ``sha256s`` that are originals of a flight whose imagery is kept."""
    by_upload = select(uploads.c.sha256).where(uploads.c.sha256.in_(sha256s), ~_is_removed(uploads.c.flight_id))
    by_intake = select(orthomosaics.c.original_sha256).where(
        orthomosaics.c.original_sha256.in_(sha256s), ~_is_removed(orthomosaics.c.flight_id)
    )
    return frozenset(connection.execute(by_upload.union(by_intake)).scalars())


def _asked(connection: Connection, wanted: Select[Any]) -> dict[str, set[str]]:
    """How all stands that readers were asked about flights, but for known ground."""
    columns = flags.c
    chosen = select(columns.flight_id, columns.status).where(columns.flight_id.in_(wanted), ~_IS_CONTROL).distinct()
    return _by_flight(connection, chosen)


def _known_ground(connection: Connection, wanted: Select[Any]) -> frozenset[str]:
    """Flights by whose ground readers are measured, or still asked."""
    waiting = [status.value for status in WAITING]
    waits = select(flags.c.flight_id).where(flags.c.flight_id.in_(wanted), _IS_CONTROL, flags.c.status.in_(waiting))
    measures = select(controls.c.flight_id).where(controls.c.flight_id.in_(wanted), controls.c.retired_at.is_(None))
    return frozenset(connection.execute(waits.union(measures)).scalars())


def _files(connection: Connection, wanted: Select[Any]) -> dict[str, set[str]]:
    chosen = select(uploads.c.flight_id, uploads.c.sha256).where(
        uploads.c.flight_id.in_(wanted), uploads.c.sha256.is_not(None)
    )
    return _by_flight(connection, chosen)


def _by_flight(connection: Connection, chosen: Select[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for flight, value in connection.execute(chosen):
        found[flight].add(value)
    return found


def _is_removed(flight: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(imagery_removals.c.flight_id == flight)
