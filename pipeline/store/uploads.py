"""Uploads: the files that flights came in. Those under way are ``partials``, which no row speaks of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select

from pipeline.domain.flight import Flight, FlightId
from pipeline.domain.people import DistrictId, Person, PersonId
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.flights import flight_of_row
from pipeline.store.tables import flights, imagery_removals, orthomosaics, uploads

LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is here, whole, and the flight that it is of."""

    id: str
    person: PersonId
    district: DistrictId
    name: str
    bytes_total: int
    sha256: str | None
    flight: FlightId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that has arrived whole. ``id`` is the name that the upload protocol gave it."""

    id: str
    person: PersonId
    district: DistrictId
    name: str
    bytes_total: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuse a file without a name or bytes.

        Raises:
            InvalidInputError: The name is empty or too long, or the size not positive.
        """
        if not 0 < len(self.name) <= LONGEST_NAME:
            raise InvalidInputError(f"a file's name has 1 to {LONGEST_NAME} characters")
        if self.bytes_total < 1:
            raise InvalidInputError(f"a file of {self.bytes_total} bytes holds no orthomosaic")


def remember_upload(connection: Connection, new: NewUpload, flight: FlightId, *, now: datetime) -> None:
    """Remember a file and the flight that it is of."""
    values: dict[str, Any] = {"id": new.id, "person_id": new.person, "district_id": new.district, "name": new.name}
    values |= {"bytes_total": new.bytes_total, "bytes_received": new.bytes_total, "sha256": new.sha256}
    values |= {"flight_id": flight, "started_at": now, "changed_at": now, "finished_at": now}
    connection.execute(insert(uploads).values(values))


def find_upload(connection: Connection, person: Person, upload: str) -> Upload:
    """An upload of ``person``.

    Raises:
        NotFoundError: There is none of that id, or it is somebody else's.
    """
    found = _uploads(connection, uploads.c.id == upload, uploads.c.person_id == person.id)
    if not found:
        raise NotFoundError("there is no such upload")
    return found[0]


def flights_with_bytes(connection: Connection, person: Person, sha256: str) -> tuple[Flight, ...]:
    """Flights that ``person`` sees whose original has these bytes: a duplicate is known before it is sent.

    One whose imagery was let go does not count: what is handed in again is a flight of its own.
    """
    by_upload = select(uploads.c.flight_id).where(uploads.c.sha256 == sha256, uploads.c.finished_at.is_not(None))
    by_intake = select(orthomosaics.c.flight_id).where(orthomosaics.c.original_sha256 == sha256)
    chosen = select(flights).where(
        flights.c.district_id.in_(person.sees),
        or_(flights.c.id.in_(by_upload), flights.c.id.in_(by_intake)),
        flights.c.id.not_in(select(imagery_removals.c.flight_id)),
    )
    return tuple(flight_of_row(row) for row in connection.execute(chosen.order_by(flights.c.received_at)).mappings())


def uploads_of_flight(connection: Connection, flight: FlightId) -> tuple[Upload, ...]:
    """The files that a flight came in."""
    return _uploads(connection, uploads.c.flight_id == flight)


def _uploads(connection: Connection, *where: Any) -> tuple[Upload, ...]:
    chosen = select(uploads).where(*where).order_by(uploads.c.started_at.desc(), uploads.c.id)
    return tuple(
        Upload(
            id=row["id"],
            person=PersonId(row["person_id"]),
            district=DistrictId(row["district_id"]),
            name=row["name"],
            bytes_total=row["bytes_total"],
            sha256=row["sha256"],
            flight=None if row["flight_id"] is None else FlightId(row["flight_id"]),
        )
        for row in connection.execute(chosen).mappings()
    )
