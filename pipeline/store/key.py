"""The interpretation key as it is kept: no version is ever altered, and each has its leaf in the ledger."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from pipeline.domain.key import Described, KeyEntry, KeyEntryId, Likeness, Stage, in_force
from pipeline.domain.people import Person
from pipeline.domain.starter import STARTER
from pipeline.errors import ConflictError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.sessions import Session
from pipeline.store.tables import decisions, key_entries, key_views

LEAF_COLUMNS = ("version", *(one.name for one in fields(Described)))
"""What the leaf of a version repeats of its row; entry, person and time are the leaf's own."""


def key_versions(connection: Connection) -> tuple[KeyEntry, ...]:
    """Every version that the bureau made, oldest first."""
    rows = connection.execute(select(key_entries).order_by(key_entries.c.leaf)).mappings()
    return tuple(_entry(row) for row in rows)


def current_key(connection: Connection) -> tuple[KeyEntry, ...]:
    """The newest version of each entry, withdrawn ones among them; what nobody has changed is the starter's."""
    return in_force(STARTER, key_versions(connection))


def key_version(connection: Connection) -> int:
    """The leaf of the newest change of the key; 0 while it is the starter."""
    return int(connection.execute(select(func.max(key_entries.c.leaf))).scalar() or 0)


def find_entry(connection: Connection, entry: str) -> KeyEntry:
    """The newest version of an entry.

    Raises:
        NotFoundError: There is none.
    """
    found = next((one for one in current_key(connection) if one.id == entry), None)
    if found is None:
        raise NotFoundError("there is no such entry of the key")
    return found


def change_entry(
    connection: Connection, person: Person, entry: KeyEntryId, described: Described, *, after: int, now: datetime
) -> KeyEntry:
    """Add a version to an entry, or its first; ``after`` is the version that ``person`` had before their eyes.

    Raises:
        ConflictError: Somebody else has changed it since.
        NotAllowedError: A law forbids it: only managers change the key.
    """
    held = connection.execute(select(func.max(key_entries.c.version)).where(key_entries.c.id == entry)).scalar() or 0
    if held != after:
        raise ConflictError("somebody else has changed this entry since; open it again")
    told = asdict(described)
    body = entry_body(told | {"version": held + 1})
    leaf = record(connection, Entry(kind=Kind.KEY_CHANGED, subject=entry, person=person.id, body=body), now)
    values = told | {"id": entry, "version": held + 1, "person_id": person.id, "at": leaf.at, "leaf": leaf.position}
    connection.execute(insert(key_entries).values(values))
    return KeyEntry(id=entry, version=held + 1, described=described)


def is_picture_of_key(connection: Connection, sha256: str) -> bool:
    """Whether any version of any entry has this picture."""
    found = select(key_entries.c.id).where(key_entries.c.picture_sha256 == sha256).limit(1)
    return connection.execute(found).first() is not None


def note_key_shown(connection: Connection, session: Session, version: int, *, now: datetime) -> None:
    """Write down that a version of the key is before somebody's eyes."""
    values = {"id": new_id(), "session_id": session.id, "key_version": version, "at": now}
    connection.execute(insert(key_views).values(values))


def key_version_at(connection: Connection, decision: str) -> int | None:
    """The version of the key that was last shown in the session of a decision before it; None: none was."""
    last = (
        select(key_views.c.key_version)
        .join(decisions, decisions.c.session_id == key_views.c.session_id)
        .where(decisions.c.id == decision, key_views.c.at <= decisions.c.decided_at)
        .order_by(key_views.c.at.desc(), key_views.c.key_version.desc())
        .limit(1)
    )
    found = connection.execute(last).scalar()
    return None if found is None else int(found)


def entry_body(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    """What the leaf of a version says; ``audit`` compares it with the row."""
    return {name: row[name] for name in LEAF_COLUMNS}


def _entry(row: RowMapping) -> KeyEntry:
    words = {name: row[name] for name in ("about", "rank", "name_en", "name_zh", "text_en", "text_zh")}
    described = Described(
        likeness=Likeness(row["likeness"]),
        stage=Stage(row["stage"]),
        picture_sha256=row["picture_sha256"],
        withdrawn=bool(row["withdrawn"]),
        **words,
    )
    return KeyEntry(id=KeyEntryId(row["id"]), version=row["version"], described=described)
