"""Enter: bytes that are here, whole and hashed, become a flight. The one door, for uploads and for terminals.

May they? -> keep the original -> is it known? -> remember the flight, its file and the hash of its bytes

Any part may be interrupted, and the same done again: it ends with the same flight, and one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipeline.domain.flight import Flight
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import NotAllowedError
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.flights import NewFlight, check_day, create_flight
from pipeline.store.ledger import Entry, Kind, record, take_turn
from pipeline.store.uploads import NewUpload, flights_with_bytes, remember_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A file that has arrived at ``path``, on the file system of the originals, and the flight it is of.

    ``path`` may be gone where this was interrupted before: the bytes are an original then.
    """

    path: Path
    upload: NewUpload
    flight: NewFlight


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The flight of some bytes. ``already``: they had been handed in for this district before."""

    flight: Flight
    already: bool


def check_may_enter(person: Person, district: DistrictId, flown_on: date | None, *, now: datetime) -> None:
    """See, before bytes are moved, whether ``person`` may hand in a flight of that district and day.

    Raises:
        NotAllowedError: The person is no surveyor.
        NotFoundError: The district is not theirs.
        InvalidInputError: The date lies in the future.
    """
    if not person.has(Role.SURVEYOR):
        raise NotAllowedError("only surveyors hand in flights; ask your administrator for that role")
    person.must_see(district, "such district of yours")
    check_day(flown_on, now=now)


def enter(database: Database, files: Files, person: Person, arrival: Arrival, *, now: datetime) -> Entered:
    """Keep the original and remember its flight; bytes that the district has already are its flight.

    The original is kept first, so that no flight lacks its bytes.
    """
    upload, sha256 = arrival.upload, arrival.upload.sha256
    with files.holding(sha256):
        if arrival.path.exists():
            files.keep_original(arrival.path, sha256=sha256, name=upload.name)
        else:
            files.original(sha256)
        return _remember(database, person, arrival, now=now)


def _remember(database: Database, person: Person, arrival: Arrival, *, now: datetime) -> Entered:
    upload, sha256 = arrival.upload, arrival.upload.sha256
    with database.transaction() as connection:
        take_turn(connection)
        for same in flights_with_bytes(connection, person, sha256):
            if same.district == arrival.flight.district:
                return Entered(flight=same, already=True)
        flight = create_flight(connection, arrival.flight, now=now)
        remember_upload(connection, upload, flight.id, now=now)
        body = {"original_sha256": sha256, "bytes": upload.bytes_total}
        record(connection, Entry(kind=Kind.ORIGINAL_KEPT, subject=flight.id, person=person.id, body=body), now)
        return Entered(flight=flight, already=False)
