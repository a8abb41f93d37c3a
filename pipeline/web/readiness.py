"""Readiness: what the server needs to work, looked at each time somebody asks."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.errors import UnavailableError
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.migration import current_revision, newest_revision
from pipeline.store.workers import is_anybody_at_work
from pipeline.web.services import Check

LEAST_FREE_BYTES: Final = 2 * 1024**3
"""With less room an upload of any size is likely to fail half-way."""


def checks_of(settings: Settings, database: Database, now: Callable[[], datetime]) -> tuple[Check, ...]:
    """Database, disk and worker."""
    lost_after = timedelta(seconds=settings.jobs.lost_after_seconds)
    return (
        Check(name="database", holds=lambda: answers(database)),
        Check(name="disk", holds=lambda: has_room(settings.store.data_dir, LEAST_FREE_BYTES)),
        Check(name="worker", holds=lambda: has_worker(database, now(), lost_after)),
    )


def answers(database: Database) -> bool:
    """Whether the database can be read, and has the tables of this software."""
    try:
        with database.snapshot() as connection:
            return current_revision(connection) == newest_revision()
    except UnavailableError:
        return False


def has_room(folder: Path, least_free_bytes: int) -> bool:
    """Whether the disk of ``folder`` has room for more."""
    try:
        return shutil.disk_usage(folder).free >= least_free_bytes
    except OSError:
        return False


def has_worker(database: Database, now: datetime, lost_after: timedelta) -> bool:
    """Whether somebody works on flights; without, they are received and wait."""
    try:
        with database.snapshot() as connection:
            return is_anybody_at_work(connection, now=now, lost_after=lost_after)
    except UnavailableError:
        return False
