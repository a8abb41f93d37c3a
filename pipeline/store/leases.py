"""Leases: a flag that is offered belongs to one reviewer for a while, so that two never work on the same one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NewType

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.domain.flag import FlagId
from pipeline.domain.people import Person, PersonId
from pipeline.errors import ConflictError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.flags import find_flag
from pipeline.store.tables import flags, leases

LASTS: Final = timedelta(minutes=15)
NO_READING: Final = "there is no such reading"


LeaseId = NewType("LeaseId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A flag in somebody's hands, and what of it was on the screen.

    ``pictures_sha256`` is of the evidence that was served; ``shown_at`` is when the reader had it before the eyes, and
    ``revealed_at`` when the model's opinion was.
    """

    id: LeaseId
    flag: FlagId
    person: PersonId
    leased_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    picture_sha256: str | None = None
    overview_sha256: str | None = None
    served_at: datetime | None = None
    pictures_sha256: str | None = None
    shown_at: datetime | None = None
    revealed_at: datetime | None = None
    undone: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether a verdict may be given under it."""
        return self.ended_at is None and now < self.expires_at


def take_lease(
    connection: Connection, person: Person, flag: FlagId, *, now: datetime, lasts: timedelta = LASTS
) -> Lease:
    """Put a flag into a reviewer's hands, or leave it there for longer; the first lease of a flag begins its review.

    Raises:
        NotFoundError: The flag does not exist for this person.
        ConflictError: Somebody else is looking at it.
        NotAllowedError: A law forbids it: no reviewer, an own flight, judged already, or nothing left to judge.
    """
    find_flag(connection, person, flag)
    held = connection.execute(select(leases).where(leases.c.flag_id == flag, leases.c.ended_at.is_(None))).first()
    if held is not None and held.person_id != person.id and held.expires_at > now:
        raise ConflictError("another reviewer is looking at this flag")
    if held is not None:
        end_lease(connection, held.id, now=now)
    lease = Lease(id=LeaseId(new_id()), flag=flag, person=person.id, leased_at=now, expires_at=now + lasts)
    values: dict[str, Any] = {"id": lease.id, "flag_id": flag, "person_id": person.id, "leased_at": now}
    connection.execute(insert(leases).values(values | {"expires_at": lease.expires_at}))
    return lease


def find_lease(connection: Connection, person: Person, lease: LeaseId) -> Lease:
    """A lease of this person on a flag that exists for them, open or ended.

    Raises:
        NotFoundError: There is none, or it is somebody else's; nobody can tell which.
    """
    row = connection.execute(select(leases).where(leases.c.id == lease, leases.c.person_id == person.id)).mappings()
    found = row.first()
    if found is None:
        raise NotFoundError(NO_READING)
    try:
        find_flag(connection, person, FlagId(found["flag_id"]))
    except NotFoundError as error:
        raise NotFoundError(NO_READING) from error
    return _lease(found)


def hold_lease(connection: Connection, person: Person, lease: LeaseId) -> Lease:
    """The same, once nobody else can do anything to its flag until this transaction ends.

    Whoever takes their turn in the ledger as well does that before, so that no two wait for each other.

    Raises:
        NotFoundError: There is none, or it is somebody else's; nobody can tell which.
    """
    flag = find_lease(connection, person, lease).flag
    connection.execute(select(flags.c.id).where(flags.c.id == flag).with_for_update(key_share=True))
    return find_lease(connection, person, lease)  # as it is now: one may have waited for somebody


def open_leases_of(connection: Connection, person: Person, *, now: datetime) -> tuple[Lease, ...]:
    """What lies in this person's hands, in the order in which it was taken."""
    chosen = select(leases).where(
        leases.c.person_id == person.id, leases.c.ended_at.is_(None), leases.c.expires_at > now
    )
    rows = connection.execute(chosen.order_by(leases.c.leased_at, leases.c.id)).mappings()
    return tuple(_lease(row) for row in rows)


def evidence_sha256(picture_sha256: str, overview_sha256: str) -> str:
    """The sha256 of the evidence: over those of the picture and of the overview, in this order."""
    return hashlib.sha256(f"{picture_sha256}{overview_sha256}".encode()).hexdigest()


def note_served(
    connection: Connection,
    lease: LeaseId,
    *,
    picture_sha256: str | None = None,
    overview_sha256: str | None = None,
    now: datetime,
) -> None:
    """Write down which picture, or which overview, was served under a lease; the first of each counts."""
    for column, sha256 in ((leases.c.picture_sha256, picture_sha256), (leases.c.overview_sha256, overview_sha256)):
        if sha256 is not None:
            connection.execute(update(leases).where(leases.c.id == lease, column.is_(None)).values({column: sha256}))
    row = connection.execute(select(leases).where(leases.c.id == lease)).mappings().one()
    if row["served_at"] is None and row["picture_sha256"] and row["overview_sha256"]:
        whole = evidence_sha256(row["picture_sha256"], row["overview_sha256"])
        connection.execute(update(leases).where(leases.c.id == lease).values(served_at=now, pictures_sha256=whole))


def note_shown(connection: Connection, lease: LeaseId, *, now: datetime) -> None:
    """Write down that the evidence is before the reader's eyes; the first time counts."""
    connection.execute(update(leases).where(leases.c.id == lease, leases.c.shown_at.is_(None)).values(shown_at=now))


def note_revealed(connection: Connection, lease: LeaseId, *, now: datetime) -> None:
    """Write down that the reader was shown the model's opinion; from now on the verdict stands.

    Raises:
        NotAllowedError: A law forbids it: no verdict was given yet.
    """
    unseen = update(leases).where(leases.c.id == lease, leases.c.revealed_at.is_(None))
    connection.execute(unseen.values(revealed_at=now))


def note_undone(connection: Connection, lease: LeaseId, decision: str) -> None:
    """Write down which verdict the reader wants to take back; the next one under this lease takes its place."""
    connection.execute(update(leases).where(leases.c.id == lease).values(undone=decision))


def end_lease(connection: Connection, lease: LeaseId, *, now: datetime) -> None:
    """Take a flag out of somebody's hands."""
    connection.execute(update(leases).where(leases.c.id == lease, leases.c.ended_at.is_(None)).values(ended_at=now))


def end_leases_of(connection: Connection, person: Person, flag: FlagId, *, now: datetime) -> None:
    """Take a flag out of this person's hands, if it is there."""
    theirs = (leases.c.flag_id == flag, leases.c.person_id == person.id, leases.c.ended_at.is_(None))
    connection.execute(update(leases).where(*theirs).values(ended_at=now))


def end_open_leases(connection: Connection, person: Person, *, now: datetime) -> None:
    """Take everything out of this person's hands. What has run out is there no more: whoever is next ends it."""
    held = update(leases).where(leases.c.person_id == person.id, leases.c.ended_at.is_(None), leases.c.expires_at > now)
    connection.execute(held.values(ended_at=now))


def _lease(row: RowMapping) -> Lease:
    return Lease(
        id=LeaseId(row["id"]),
        flag=FlagId(row["flag_id"]),
        person=PersonId(row["person_id"]),
        leased_at=row["leased_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        picture_sha256=row["picture_sha256"],
        overview_sha256=row["overview_sha256"],
        served_at=row["served_at"],
        pictures_sha256=row["pictures_sha256"],
        shown_at=row["shown_at"],
        revealed_at=row["revealed_at"],
        undone=row["undone"],
    )
