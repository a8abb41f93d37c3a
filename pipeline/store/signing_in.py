"""Sign-in: a password is tried, counted, and after too many failures there is a pause.

A name pauses for ``PAUSE`` after ``NAME_FAILURES`` in a row; a source of requests pauses after ``SOURCE_FAILURES``
whatever names it tried. Both open again by themselves, and a name at once with ``plotwatch user unlock``.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from pipeline.domain.people import Person
from pipeline.store.database import Database
from pipeline.store.passwords import Passwords
from pipeline.store.people import lock_person, password_hash_of, person_named
from pipeline.store.tables import sign_ins

NAME_FAILURES: Final = 5
SOURCE_FAILURES: Final = 30
PAUSE: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=30)
"""Attempts older than this are forgotten."""


class Refusal(StrEnum):
    """Why somebody is not let in. Say no more than this to them: whether a name exists is nobody's business."""

    WRONG = "wrong"
    """Name or password is wrong, or the person is locked by somebody."""
    PAUSED = "paused"
    """Too many attempts; the same will be heard again after the pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Who wants in: a name, a password and where the request comes from (hashed before it is kept)."""

    name: str
    password: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt whose password was compared with ``hashed``, the hash that its name had; None for nobody's."""

    attempt: Attempt
    hashed: str | None
    right: bool


def try_password(database: Database, attempt: Attempt, passwords: Passwords, *, now: datetime) -> Tried:
    """Compare the password, which takes up to half a second and holds nobody up: nothing is written, no lock is held.

    A name that nobody has takes as long as one that somebody has. While a name or source pauses, nothing is compared.
    """
    with database.snapshot() as connection:
        paused = _is_paused(connection, attempt, now)
        hashed = password_hash_of(connection, attempt.name)
    right = not paused and passwords.verify(attempt.password, hashed)
    return Tried(attempt=attempt, hashed=hashed, right=right)


def sign_in(connection: Connection, tried: Tried, *, now: datetime) -> Person | Refusal:
    """The person, or why not. Commit the transaction in both cases: a refusal that is forgotten does not count.

    What was tried at the same time is counted one after the other, so that many at once get no more tries than one
    by one; a password that was replaced meanwhile is wrong. Follow it with ``sessions.begin_session``.
    """
    attempt = tried.attempt
    if _is_paused(connection, attempt, now):
        return Refusal.PAUSED
    known = tried.hashed is not None and password_hash_of(connection, attempt.name) == tried.hashed
    person = person_named(connection, attempt.name) if known else None
    let_in = tried.right and person is not None and not person.locked and not person.is_too_late(now)
    _note(connection, attempt, now, succeeded=let_in)
    if person is None or not let_in:
        if person is not None and _failures(connection, _of_name(attempt), now, since_success=True) >= NAME_FAILURES:
            _pause(connection, person, now)
        return Refusal.WRONG
    return person


def _is_paused(connection: Connection, attempt: Attempt, now: datetime) -> bool:
    """Whether too much was tried, from this source or with this name."""
    if _failures(connection, sign_ins.c.source == _hashed(attempt.source), now) >= SOURCE_FAILURES:
        return True
    return _failures(connection, _of_name(attempt), now, since_success=True) >= NAME_FAILURES


def _of_name(attempt: Attempt) -> ColumnElement[bool]:
    return sign_ins.c.name == attempt.name[:100]


def forgive(connection: Connection, name: str) -> None:
    """Forget the failures of a name, when its person is unlocked or has a new password."""
    connection.execute(delete(sign_ins).where(sign_ins.c.name == name, sign_ins.c.succeeded.is_(False)))


def _pause(connection: Connection, person: Person, now: datetime) -> None:
    """Say in the ledger that sign-in is paused; a lock by somebody stays what it is."""
    if not person.locked:
        why = f"{NAME_FAILURES} wrong passwords in a row"
        lock_person(connection, person.id, why=why, by=None, now=now, until=now + PAUSE)


def _note(connection: Connection, attempt: Attempt, now: datetime, *, succeeded: bool) -> None:
    values = {"name": attempt.name[:100], "source": _hashed(attempt.source), "tried_at": now, "succeeded": succeeded}
    connection.execute(insert(sign_ins).values(values))
    connection.execute(delete(sign_ins).where(sign_ins.c.tried_at < now - KEPT))


def _failures(connection: Connection, of: ColumnElement[bool], now: datetime, *, since_success: bool = False) -> int:
    """Failures within the pause, counted from the last success where that is asked for."""
    since = now - PAUSE
    if since_success:
        last = connection.execute(select(func.max(sign_ins.c.tried_at)).where(of, sign_ins.c.succeeded)).scalar()
        since = max(since, last) if last else since
    counted = select(func.count()).where(of, sign_ins.c.succeeded.is_(False), sign_ins.c.tried_at > since)
    return connection.execute(counted).scalar_one()


def _hashed(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
