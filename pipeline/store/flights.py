"""Flights: made, moved along their life, and told what is known of them. A step of the life is a leaf of the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.domain.flight import (
    BEGINNINGS,
    NEEDS_REASON,
    Flight,
    FlightId,
    FlightState,
    FlightStep,
    StepState,
    check_move,
)
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId, Person, PersonId
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import flight_steps, flights


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFlight:
    """A flight to be remembered: ``received``, or ``not_flown`` with a reason. ``flown_on`` is a local date."""

    district: DistrictId
    name: str
    uploaded_by: PersonId
    state: FlightState = FlightState.RECEIVED
    flown_on: date | None = None
    reason: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a flight without a name, or one that begins in the middle.

        Raises:
            InvalidInputError: The name is empty or too long, the state no beginning, or its reason missing.
        """
        if not 0 < len(self.name.strip()) <= 200:  # noqa: PLR2004 the column
            raise InvalidInputError("a flight's name has 1 to 200 characters")
        if self.state not in BEGINNINGS:
            raise InvalidInputError(f"no flight begins as {self.state}")
        _check_reason(self.state, self.reason)


def check_day(flown_on: date | None, *, now: datetime) -> None:
    """Refuse a day that has not come yet anywhere.

    Raises:
        InvalidInputError: It has not.
    """
    if flown_on is not None and (flown_on - now.date()).days > 1:  # a day's grace for zones east of UTC
        raise InvalidInputError(f"the flight's date {flown_on} lies in the future")


def create_flight(connection: Connection, new: NewFlight, *, now: datetime) -> Flight:
    """Remember a new flight; one that was flown has its steps waiting.

    Raises:
        InvalidInputError: It was flown tomorrow.
    """
    check_day(new.flown_on, now=now)
    values: dict[str, Any] = {
        "id": new_id(),
        "district_id": new.district,
        "name": new.name.strip(),
        "state": new.state.value,
        "uploaded_by": new.uploaded_by,
        "flown_on": new.flown_on,
        "received_at": now,
        "changed_at": now,
        "reason": new.reason.strip(),
        "note": new.note.strip(),
    }
    connection.execute(insert(flights).values(values))
    if new.state is not FlightState.NOT_FLOWN:
        connection.execute(insert(flight_steps), [_waiting(values["id"], step) for step in FlightStep])
    body = {name: str(values[name] or "") for name in ("district_id", "name", "state", "flown_on", "reason")}
    entry = Entry(kind=Kind.FLIGHT_RECEIVED, subject=values["id"], person=new.uploaded_by, body=body)
    record(connection, entry, now)
    return get_flight(connection, FlightId(values["id"]))


def get_flight(connection: Connection, flight: FlightId) -> Flight:
    """The flight of an id, for work that no person asked for.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(flights).where(flights.c.id == flight)).mappings().first()
    if row is None:
        raise NotFoundError("there is no such flight")
    return flight_of_row(row)


def get_flights(connection: Connection, wanted: Iterable[FlightId]) -> dict[FlightId, Flight]:
    """The flights of some ids, in one question, for work that no person asked for."""
    rows = connection.execute(select(flights).where(flights.c.id.in_(list(wanted)))).mappings()
    return {flight.id: flight for flight in map(flight_of_row, rows)}


def flights_in(connection: Connection, state: FlightState | None = None) -> tuple[Flight, ...]:
    """All flights, or those in one state, in the order of their arrival; for work that no person asked for."""
    chosen = select(flights).order_by(flights.c.received_at, flights.c.id)
    if state is not None:
        chosen = chosen.where(flights.c.state == state.value)
    return tuple(flight_of_row(row) for row in connection.execute(chosen).mappings())


def find_flight(connection: Connection, person: Person, flight: FlightId) -> Flight:
    """The flight of an id, as far as it exists for ``person``.

    Raises:
        NotFoundError: There is none, or it is of a district that is not theirs; nobody can tell which.
    """
    found = get_flight(connection, flight)
    person.must_see(found.district, "such flight")
    return found


def move_flight(
    connection: Connection,
    flight: FlightId,
    to: FlightState,
    *,
    now: datetime,
    reason: str = "",
    by: PersonId | None = None,
) -> Flight:
    """Take a flight one step along its life; ``by`` is None where the machine does it.

    A retry (back to ``checking``) needs a reason, and sets its steps to waiting. A cancellation or failure leaves the
    step that ran as cancelled or failed.

    Raises:
        NotFoundError: There is no such flight.
        ConflictError: Its life does not allow the step, or somebody else took one in the meantime.
        InvalidInputError: The step needs a reason and has none.
    """
    before = get_flight(connection, flight)
    check_move(before, to)
    is_retry = to is FlightState.CHECKING and before.state is not FlightState.RECEIVED
    _check_reason(to, reason, also=is_retry)
    body = {"from": before.state.value, "to": to.value, "reason": reason.strip()}
    record(connection, Entry(kind=Kind.FLIGHT_MOVED, subject=flight, person=by, body=body), now)
    moved = connection.execute(
        update(flights)
        .where(flights.c.id == flight, flights.c.state == before.state.value)
        .values(state=to.value, reason="" if is_retry else reason.strip(), changed_at=now)
    )
    if not moved.rowcount:
        raise ConflictError("somebody else has just moved this flight")
    _settle_steps(connection, flight, to, now=now, is_retry=is_retry)
    return get_flight(connection, flight)


def describe_flight(connection: Connection, flight: FlightId, *, extent: Extent, area_m2: float, gsd_m: float) -> None:
    """Write what the file says of a flight: its box in degrees, flown area and ground sampling distance."""
    connection.execute(
        update(flights)
        .where(flights.c.id == flight)
        .values(
            west=extent.west,
            south=extent.south,
            east=extent.east,
            north=extent.north,
            area_m2=area_m2,
            gsd_m=gsd_m,
        )
    )


def flight_of_row(row: RowMapping) -> Flight:
    """A flight from a row that has all columns of the table."""
    extent = None
    if row["west"] is not None:
        extent = Extent(west=row["west"], south=row["south"], east=row["east"], north=row["north"])
    return Flight(
        id=FlightId(row["id"]),
        district=DistrictId(row["district_id"]),
        name=row["name"],
        state=FlightState(row["state"]),
        uploaded_by=PersonId(row["uploaded_by"]),
        received_at=row["received_at"],
        changed_at=row["changed_at"],
        flown_on=row["flown_on"],
        reason=row["reason"],
        note=row["note"],
        extent=extent,
        area_m2=row["area_m2"],
        gsd_m=row["gsd_m"],
    )


def _settle_steps(connection: Connection, flight: FlightId, to: FlightState, *, now: datetime, is_retry: bool) -> None:
    """Leave no step running in a flight that does not run, and every step waiting in one that begins again."""
    of_flight = update(flight_steps).where(flight_steps.c.flight_id == flight)
    if is_retry:
        anew = {"state": StepState.WAITING.value, "done": 0, "total": 0, "unit": "", "message": ""}
        connection.execute(of_flight.values(**anew, started_at=None, ended_at=None))
    ends = {
        FlightState.FAILED: StepState.FAILED,
        FlightState.CANCELLED: StepState.CANCELLED,
        FlightState.UNUSABLE: StepState.FAILED,
    }
    if to in ends:
        running = of_flight.where(flight_steps.c.state == StepState.RUNNING.value)
        connection.execute(running.values(state=ends[to].value, ended_at=now))


def _waiting(flight: str, step: FlightStep) -> dict[str, str]:
    return {"flight_id": flight, "step": step.value, "state": StepState.WAITING.value}


def _check_reason(state: FlightState, reason: str, *, also: bool = False) -> None:
    if (state in NEEDS_REASON or also) and not reason.strip():
        raise InvalidInputError(f"a reason is needed to make a flight {state.replace('_', ' ')}")
