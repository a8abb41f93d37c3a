"""What the commands of the store share: the store of the settings, opened and of this software's version."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.store.database import Database
    from pipeline.store.files import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store, and the time at which the command was given."""

    database: "Database"
    files: "Files"
    now: datetime


@contextmanager
def open_store(config: Path | None) -> Iterator[Store]:
    """The store that the settings name; made where there is none yet.

    Raises:
        UnavailableError: It is of another version than this software.
    """
    from pipeline.store.database import open_database
    from pipeline.store.files import Files
    from pipeline.store.migration import make_ready

    settings = load_settings(config).store
    database = open_database(settings.url)
    try:
        make_ready(database)
        yield Store(database=database, files=Files(settings.data_dir), now=datetime.now(UTC))
    finally:
        database.close()
