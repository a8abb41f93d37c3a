"""Keep the interpretation key: readers look at it, managers change it, and every version stays."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.domain.key import Described, KeyEntry, must_be_identity
from pipeline.domain.people import Person, Role
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.key_picture import clean_picture
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.key import (
    change_entry,
    current_key,
    find_entry,
    is_picture_of_key,
    key_version,
    note_key_shown,
)
from pipeline.store.sessions import Session

ONLY_READERS: Final = "only reviewers and managers open the interpretation key"
ONLY_MANAGERS: Final = "only managers change the interpretation key"
NO_PICTURE: Final = "there is no such picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key in force; ``version`` is the leaf of its newest change, 0 of the starter."""

    version: int
    entries: tuple[KeyEntry, ...]

    @property
    def shown(self) -> tuple[KeyEntry, ...]:
        """What is not withdrawn."""
        return tuple(entry for entry in self.entries if not entry.described.withdrawn)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of what is shown, in order."""
        return tuple(dict.fromkeys(entry.described.about for entry in self.shown))

    @property
    def has_starters(self) -> bool:
        """Whether something that is shown was checked by nobody of the bureau."""
        return any(entry.is_starter for entry in self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new version of ``entry``, or a new entry where that is empty, made from version ``after``.

    ``picture`` are the bytes of a new picture, empty to keep the one that is there; ``unpictured`` takes it away.
    """

    entry: str
    after: int
    described: Described
    picture: bytes = b""
    unpictured: bool = False


def open_key(database: Database, session: Session, *, now: datetime) -> Key:
    """The key, and that it is before the eyes of a reader from now on.

    Raises:
        NotAllowedError: The person is neither reviewer nor manager.
    """
    _must_read(session.person)
    with database.transaction() as connection:
        version = key_version(connection)
        if session.person.has(Role.REVIEWER):
            note_key_shown(connection, session, version, now=now)
        return Key(version=version, entries=current_key(connection))


def key_to_edit(database: Database, person: Person) -> Key:
    """The key with what was withdrawn.

    Raises:
        NotAllowedError: The person is no manager.
    """
    _must_manage(person)
    with database.snapshot() as connection:
        return Key(version=key_version(connection), entries=current_key(connection))


def change_key(database: Database, files: Files, person: Person, change: Change, *, now: datetime) -> KeyEntry:
    """Add a version to an entry of the key, or an entry.

    Raises:
        NotAllowedError: The person is no manager.
        InvalidInputError: The picture cannot be read.
        ConflictError: Somebody else has changed the entry since.
    """
    _must_manage(person)
    picture = clean_picture(change.picture) if change.picture else None
    if picture is not None:
        files.keep_picture(picture.jpeg, sha256=picture.sha256)
    with database.transaction() as connection:
        kept = find_entry(connection, change.entry).described.picture_sha256 if change.entry else None
        sha256 = picture.sha256 if picture else None if change.unpictured else kept
        described = replace(change.described, picture_sha256=sha256)
        entry = must_be_identity(change.entry or new_id())
        return change_entry(connection, person, entry, described, after=change.after, now=now)


def key_picture(database: Database, files: Files, person: Person, sha256: str) -> Path:
    """The file of a picture of the key.

    Raises:
        NotAllowedError: The person is neither reviewer nor manager.
        NotFoundError: No entry has such a picture, or its file is gone.
    """
    _must_read(person)
    with database.snapshot() as connection:
        known = is_picture_of_key(connection, sha256)
    if not known or not files.picture(sha256).is_file():
        raise NotFoundError(NO_PICTURE)
    return files.picture(sha256)


def _must_read(person: Person) -> None:
    if not (person.has(Role.REVIEWER) or person.has(Role.MANAGER)):
        raise NotAllowedError(ONLY_READERS)


def _must_manage(person: Person) -> None:
    if not person.has(Role.MANAGER):
        raise NotAllowedError(ONLY_MANAGERS)
