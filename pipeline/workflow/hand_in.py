"""Hand in: a file on this machine becomes a flight, as an upload does, from a terminal or a script."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from pipeline.domain.flight import Flight
from pipeline.domain.people import DistrictId, Person
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.files import Files, plain_name
from pipeline.store.flights import NewFlight
from pipeline.store.uploads import NewUpload
from pipeline.workflow.enter import Arrival, check_may_enter, enter

CHUNK_BYTES: Final = 8 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A file, and what is said of it. ``name`` is the file's where nobody says another; ``flown_on`` a local date."""

    path: Path
    district: DistrictId
    name: str = ""
    flown_on: date | None = None
    note: str = ""


def hand_in(database: Database, files: Files, given: HandedIn, person: Person, *, now: datetime) -> Flight:
    """Keep a copy of the file as an original, and ``enter`` its flight; a worker finds it there.

    Raises:
        NotAllowedError: The person is no surveyor.
        NotFoundError: The district is not theirs, or there is no such file.
        InvalidInputError: It is a folder, or what is said of it cannot be right.
        ConflictError: A flight of the district has these bytes already; it is named.
    """
    check_may_enter(person, given.district, given.flown_on, now=now)
    if not given.path.exists():
        raise NotFoundError(f"there is nothing at {given.path}")
    if not given.path.is_file():
        raise InvalidInputError(f"{given.path} is a folder; hand in its orthomosaic, or a zip of the folder")
    upload = new_id()
    arrived = files.arriving / upload
    try:
        sha256, size_bytes = _copy(given.path, arrived)
        coming = NewUpload(
            id=upload,
            person=person.id,
            district=given.district,
            name=plain_name(given.path.name),
            bytes_total=size_bytes,
            sha256=sha256,
        )
        new = NewFlight(
            district=given.district,
            name=given.name or given.path.stem,
            uploaded_by=person.id,
            flown_on=given.flown_on,
            note=given.note,
        )
        arrival = Arrival(path=arrived, upload=coming, flight=new)
        entered = enter(database, files, person, arrival, now=now)
    finally:
        arrived.unlink(missing_ok=True)
    if entered.already:
        raise ConflictError(f"these bytes are the flight {entered.flight.name} ({entered.flight.id}) already")
    return entered.flight


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """The sha256 and the size in bytes of ``source``, copied to ``target``."""
    digest, size_bytes = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("xb") as written:
        while chunk := read.read(CHUNK_BYTES):
            digest.update(chunk)
            written.write(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes
