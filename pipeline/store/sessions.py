"""Sessions: who is signed in. The cookie holds a secret; the database holds its sha256 and cannot make one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.domain.people import Person, PersonId
from pipeline.errors import NotFoundError
from pipeline.store.people import person_by_id
from pipeline.store.tables import sessions

LASTS: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=1)
SEEN_EVERY: Final = timedelta(minutes=1)
"""``seen_at`` is written no more often than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who is signed in. ``csrf`` is what every form of theirs sends back."""

    id: str
    person: Person
    csrf: str
    started_at: datetime
    expires_at: datetime
    seen_at: datetime


def begin_session(
    connection: Connection, person: PersonId, *, now: datetime, lasts: timedelta = LASTS
) -> tuple[str, Session]:
    """The secret for the cookie, and the session. Begin a new one at each sign-in and end the old: that is rotation."""
    secret, csrf, expires_at = secrets.token_urlsafe(32), secrets.token_urlsafe(32), now + lasts
    values = {"id": _id(secret), "person_id": person, "csrf": csrf, "started_at": now, "seen_at": now}
    connection.execute(insert(sessions).values(values | {"expires_at": expires_at}))
    session = Session(
        id=_id(secret),
        person=person_by_id(connection, person),
        csrf=csrf,
        started_at=now,
        expires_at=expires_at,
        seen_at=now,
    )
    return secret, session


def find_session(connection: Connection, secret: str, *, now: datetime, idle: timedelta = IDLE) -> Session | None:
    """The live session of a cookie; None where there is none, it ran out, lay idle, or its person is locked."""
    row = connection.execute(select(sessions).where(sessions.c.id == _id(secret))).mappings().first()
    if row is None or row["ended_at"] is not None or row["expires_at"] <= now or row["seen_at"] + idle <= now:
        return None
    person = person_by_id(connection, PersonId(row["person_id"]))
    if person.locked:
        return None
    return _session(row, person)


def see_session(connection: Connection, session: Session, *, now: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    connection.execute(
        update(sessions).where(sessions.c.id == session.id, sessions.c.seen_at <= now - SEEN_EVERY).values(seen_at=now)
    )


def end_session(connection: Connection, secret: str, *, now: datetime) -> None:
    """Sign out."""
    connection.execute(
        update(sessions).where(sessions.c.id == _id(secret), sessions.c.ended_at.is_(None)).values(ended_at=now)
    )


def sessions_of(
    connection: Connection, person: Person, *, now: datetime, idle: timedelta = IDLE
) -> tuple[Session, ...]:
    """The live sessions of a person, the one last used first."""
    of_person = select(sessions).where(sessions.c.person_id == person.id, sessions.c.ended_at.is_(None))
    live = of_person.where(sessions.c.expires_at > now, sessions.c.seen_at > now - idle)
    rows = connection.execute(live.order_by(sessions.c.seen_at.desc(), sessions.c.id)).mappings()
    return tuple(_session(row, person) for row in rows)


def end_one(connection: Connection, person: PersonId, session: str, *, now: datetime) -> None:
    """End a session of a person by its id; one that has ended stays so.

    Raises:
        NotFoundError: It is none of theirs.
    """
    theirs = (sessions.c.id == session, sessions.c.person_id == person)
    if connection.execute(select(sessions.c.id).where(*theirs)).first() is None:
        raise NotFoundError("there is no such session of yours")
    connection.execute(update(sessions).where(*theirs, sessions.c.ended_at.is_(None)).values(ended_at=now))


def end_all(connection: Connection, person: PersonId, *, now: datetime) -> None:
    """Sign a person out everywhere."""
    connection.execute(
        update(sessions).where(sessions.c.person_id == person, sessions.c.ended_at.is_(None)).values(ended_at=now)
    )


def _session(row: RowMapping, person: Person) -> Session:
    return Session(
        id=row["id"],
        person=person,
        csrf=row["csrf"],
        started_at=row["started_at"],
        expires_at=row["expires_at"],
        seen_at=row["seen_at"],
    )


def _id(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
