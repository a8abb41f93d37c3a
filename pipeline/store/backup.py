"""Backup and restore: a consistent copy while everybody works, and no quiet way back to the past.

    <backup>/rows/ contents.json    the database at one moment (``dumping``), the same for both engines
    <backup>/checkpoint.json        the ledger at that moment, signed
    <backup>/originals/ results/ working/ models/ keys/ pictures/ statements/

A backup of one engine can be brought back on the other: so a bureau moves from SQLite to PostgreSQL. Files are only
ever replaced whole, so they are linked where the disk allows it, else copied. Of ``working`` the finished pictures are
kept, which readers and maps need; a scan under way begins anew. Not kept: uploads under way (``arriving``), what a
worker keeps of its jobs (it finds its work in the database), the settings, and a model that only they name.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, update

from pipeline.errors import ConflictError
from pipeline.store.audit import audit
from pipeline.store.checkpoints import Checkpoint, counted_leaves, read_checkpoint, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.dumping import Contents, KeptFile, dump, read_contents, write_contents
from pipeline.store.entering import enter
from pipeline.store.files import Files
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import sessions

CHECKPOINT: Final = "checkpoint.json"
KEPT: Final = {
    "originals": ("*",),
    "results": ("*",),
    "working": ("*.tif", "*.json"),
    "models": ("*",),
    "keys": ("*",),
    "pictures": ("*.jpg",),
    "statements": ("*.json",),
}
"""Folders of the data folder, and which of their files."""
NAMED_BY_SHA256: Final = frozenset({"originals", "pictures", "statements"})
"""Folders of files that carry their sha256 in the name of their folder or their own."""


def back_up(database: Database, files: Files, out: Path, *, now: datetime) -> Checkpoint:
    """Copy database and files to ``out``, a folder that is not there yet; returns the checkpoint of that moment.

    Rows first: a file that a row names is there before the row is.

    Raises:
        ConflictError: ``out`` is there already.
    """
    if out.exists():
        raise ConflictError(f"{out} is there already; name a new folder")
    with database.transaction() as connection:
        checkpoint = sign_checkpoint(connection, signing_key(files.key), now=now)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    with database.snapshot() as connection:
        contents = dump(connection, partial)
    write_contents(replace(contents, files=tuple(_keep(files.root, partial))), partial)
    (partial / CHECKPOINT).write_text(checkpoint.to_json(), encoding="utf-8")
    partial.replace(out)
    return checkpoint


def restore(
    backup: Path,
    database: Database,
    files: Files,
    *,
    now: datetime,
    exported: Checkpoint | None = None,
    anyway: bool = False,
) -> int:
    """Put a backup in place of nothing, whole or not at all; returns how many leaves its ledger has.

    A restore that goes back behind ``exported`` is refused unless ``anyway``, and then told in the ledger. Nobody is
    signed in afterwards.

    Raises:
        NotFoundError: There is no backup.
        InvalidInputError: It was made by newer software, or its checkpoint was changed.
        ConflictError: There is a record or there are files already, the backup is older than the checkpoint, is not
            whole, or was tampered with.
    """
    contents, own = read_contents(backup), read_checkpoint(backup / CHECKPOINT)
    for name in KEPT:
        if any(path.is_file() for path in (files.root / name).rglob("*")):
            raise ConflictError(f"there are files in {files.root / name} already; restore into an empty folder")
    with _nothing_left_behind(database, files.root), database.transaction() as connection:
        enter(connection, contents, backup)
        count = _check_and_tell(connection, own, exported, now=now, anyway=anyway)
        _bring_back(contents, backup, files.root)
        return count


@contextmanager
def _nothing_left_behind(database: Database, root: Path) -> Iterator[None]:
    """Where the block fails, remove its files, and a SQLite file that was not there before."""
    path = Path(str(database.engine.url.database)) if database.is_sqlite else None
    made = path is not None and not path.exists()
    try:
        yield
    except BaseException:
        for name in KEPT:
            shutil.rmtree(root / name, ignore_errors=True)
        if path is not None and made:
            database.close()
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
        raise


def _check_and_tell(
    connection: Connection, own: Checkpoint, exported: Checkpoint | None, *, now: datetime, anyway: bool
) -> int:
    """Refuse a backup that is older than it may be or was tampered with; count its leaves, and add one for this."""
    found = counted_leaves(connection)
    if exported is not None and found < exported.leaves and not anyway:
        raise ConflictError(
            f"this backup has {found} leaves, the checkpoint {exported.leaves}: it is older; use a newer one, "
            "or say --anyway, which the ledger will tell"
        )
    known = own if exported is None or found < exported.leaves else exported
    wrong = audit(connection, known).wrong
    if wrong:
        raise ConflictError(f"this backup was tampered with: {wrong[0]}")
    body = {"leaves": found, "behind": exported.leaves if exported else None}
    record(connection, Entry(kind=Kind.RESTORED, subject="store", person=None, body=body), now)
    connection.execute(update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=now))
    return found


def _keep(root: Path, out: Path) -> Iterator[KeptFile]:
    """Link or copy what is kept; what is removed meanwhile was not there."""
    for name, patterns in KEPT.items():
        for path in sorted(path for pattern in patterns for path in (root / name).rglob(pattern)):
            within = path.relative_to(root)
            if any(part.startswith(".") for part in within.parts) or not path.is_file():
                continue  # hidden: under way
            (out / within).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                _link_or_copy(path, out / within)
                yield KeptFile(path=within.as_posix(), size_bytes=(out / within).stat().st_size)


def _link_or_copy(source: Path, target: Path) -> None:
    """A second name for bytes that are only ever replaced whole; a copy where the disk is another one."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(source, target)


def _bring_back(contents: Contents, backup: Path, root: Path) -> None:
    """Copy the files of a backup; those that carry their sha256 are read again and compared."""
    for file in contents.files:
        target = root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / file.path, target)
        folder, *parts = Path(file.path).parts
        if folder in NAMED_BY_SHA256:
            with target.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found != Path(parts[0]).stem:
                raise ConflictError(f"this backup was tampered with: {file.path} has other bytes than its name says")
    (root / "keys").mkdir(mode=0o700, exist_ok=True)
    (root / "keys").chmod(0o700)
