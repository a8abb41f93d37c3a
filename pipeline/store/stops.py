"""The stop switch: while it is on, nothing is scanned and nothing is released."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select, text

from pipeline.domain.people import Person
from pipeline.errors import InvalidInputError
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import stops

SUBJECT: Final = "stop"


def is_stopped(connection: Connection) -> bool:
    """Whether everything is stopped."""
    last = select(stops.c.stopped).order_by(stops.c.number.desc()).limit(1)
    return bool(connection.execute(last).scalar())


def hold_switch(connection: Connection) -> bool:
    """Whether everything is stopped; nobody turns the switch until this transaction ends, and others may hold it too.

    Who holds it does that before anything else, so that no two wait for each other. SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE stops IN SHARE MODE"))
    return is_stopped(connection)


def turn_switch(connection: Connection, person: Person, *, stopped: bool, reason: str, now: datetime) -> None:
    """Stop everything, or let it go on, once whoever holds the switch is done.

    Raises:
        InvalidInputError: The reason is missing.
        NotAllowedError: The person is neither manager nor administrator.
    """
    if not reason.strip():
        raise InvalidInputError("the stop switch asks for a reason")
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE stops IN SHARE ROW EXCLUSIVE MODE"))
    number = connection.execute(select(func.count()).select_from(stops)).scalar_one() + 1
    body = {"stopped": stopped, "reason": reason.strip()}
    leaf = record(connection, Entry(kind=Kind.STOP, subject=SUBJECT, person=person.id, body=body), now)
    values = {"number": number, "stopped": stopped, "person_id": person.id, "at": leaf.at, "reason": reason.strip()}
    connection.execute(insert(stops).values(values))
