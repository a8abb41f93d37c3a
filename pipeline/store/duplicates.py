"""Duplicates: flights whose file had a certain length, the few that are worth a closer look."""

from typing import Final

from sqlalchemy import Connection, select

from pipeline.domain.flight import Flight
from pipeline.domain.people import Person
from pipeline.store.flights import flight_of_row
from pipeline.store.tables import flights, imagery_removals, uploads

MOST: Final = 20
"""More files of the same length in bytes are no chance, and not looked at."""


def flights_of_length(connection: Connection, person: Person, length_bytes: int) -> tuple[tuple[str, Flight], ...]:
    """The sha256 and the flight of each file of that length that was handed in for the districts of ``person``."""
    chosen = (
        select(flights, uploads.c.sha256.label("file_sha256"))
        .join(uploads, uploads.c.flight_id == flights.c.id)
        .where(flights.c.district_id.in_(person.sees), uploads.c.bytes_total == length_bytes)
        .where(uploads.c.sha256.is_not(None), uploads.c.finished_at.is_not(None))
        .where(flights.c.id.not_in(select(imagery_removals.c.flight_id)))
        .order_by(flights.c.received_at.desc())
        .limit(MOST)
    )
    return tuple((row["file_sha256"], flight_of_row(row)) for row in connection.execute(chosen).mappings())
