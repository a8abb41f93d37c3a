"""Receive: from the bytes that a team sent to a flight that the machine works on, left alone from then on.

All bytes are here -> ``enter`` -> forget the upload -> start the work

Any part may be interrupted, and the same request sent again: it ends with the same flight, and one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import DistrictId, Person
from pipeline.errors import ConflictError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.duplicates import flights_of_length
from pipeline.store.files import Files, plain_name
from pipeline.store.flights import NewFlight, get_flight
from pipeline.store.likeness import likeness_of
from pipeline.store.partials import Partials, PartialUpload
from pipeline.store.uploads import NewUpload, find_upload
from pipeline.workflow.enter import Arrival, Entered, check_may_enter, enter

Start = Callable[[FlightId], None]
"""Lets the machine work on a flight; asked again for the same flight, it changes nothing."""


def leave_to_a_worker(flight: FlightId) -> None:
    """Do nothing: workers look into the record for flights that were received."""
    del flight


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where flights are handed in."""

    database: Database
    files: Files
    partials: Partials
    start: Start = leave_to_a_worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A complete upload, and what its team says of it; ``flown_on`` is a local date."""

    upload: str
    name: str
    district: DistrictId
    flown_on: date | None = None
    note: str = ""


def receive(desk: Desk, person: Person, delivery: Delivery, *, now: datetime) -> Entered:
    """Make a flight of an upload and start the work on it; bytes that the district has already are its flight.

    Raises:
        NotAllowedError: The person is no surveyor.
        NotFoundError: There is no such upload of theirs, or the district is not theirs.
        ConflictError: Bytes are missing.
        InvalidInputError: What was said of it cannot be right, such as a date in the future.
    """
    check_may_enter(person, delivery.district, delivery.flown_on, now=now)
    done = _handed_in_before(desk, person, delivery.upload)
    if done is not None:
        return _known(desk, done, already=False)
    upload = desk.partials.find(delivery.upload, person.id)
    if not upload.complete:
        missing = upload.length_bytes - upload.offset_bytes
        raise ConflictError(f"{missing} bytes of this upload are missing; go on with it, then hand it in")
    entered = enter(desk.database, desk.files, person, _arrival(desk, person, delivery, upload), now=now)
    desk.partials.remove(upload.id, person.id)
    return _known(desk, entered.flight, already=entered.already)


def flights_like(desk: Desk, person: Person, *, length_bytes: int, likeness: str) -> tuple[Flight, ...]:
    """Flights of the person's districts that were probably made from the file of this length and likeness."""
    with desk.database.snapshot() as connection:
        candidates = flights_of_length(connection, person, length_bytes)
    return tuple(flight for sha256, flight in candidates if likeness_of(desk.files.original(sha256)) == likeness)


def _handed_in_before(desk: Desk, person: Person, upload: str) -> Flight | None:
    """The flight of an upload that was handed in already: an answer that never reached its reader is given again."""
    with desk.database.snapshot() as connection:
        try:
            found = find_upload(connection, person, upload)
        except NotFoundError:
            return None
        return None if found.flight is None else get_flight(connection, found.flight)


def _arrival(desk: Desk, person: Person, delivery: Delivery, upload: PartialUpload) -> Arrival:
    file_name = plain_name(upload.metadata.get("filename", ""))
    return Arrival(
        path=desk.partials.bytes_of(upload.id),
        upload=NewUpload(
            id=upload.id,
            person=person.id,
            district=delivery.district,
            name=file_name,
            bytes_total=upload.length_bytes,
            sha256=desk.partials.sha256(upload),
        ),
        flight=NewFlight(
            district=delivery.district,
            name=delivery.name,
            uploaded_by=person.id,
            flown_on=delivery.flown_on,
            note=delivery.note,
        ),
    )


def _known(desk: Desk, flight: Flight, *, already: bool) -> Entered:
    if flight.state is FlightState.RECEIVED:
        desk.start(flight.id)
    return Entered(flight=flight, already=already)
