"""Databases with tables and laws, as each test of the store gets them: made once, then copied or emptied."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from pipeline.domain.people import District, DistrictId, Person, Role
from pipeline.store.database import Database, open_database
from pipeline.store.districts import add_district
from pipeline.store.laws import enact, missing_laws
from pipeline.store.migration import migrate, newest_revision
from pipeline.store.passwords import Passwords
from pipeline.store.people import NewPerson, add_person
from pipeline.store.tables import metadata

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"  # noqa: S105 of nobody
CHEAP = Passwords.of_cost(time_cost=1, memory_kib=8, parallelism=1)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def migrated_file(folder: Path) -> Path:
    path = folder / "migrated.sqlite"
    with opened(f"sqlite:///{path}") as database:
        migrate(database)
    return path


@contextmanager
def sqlite_copy(migrated: Path, folder: Path) -> Iterator[Database]:
    path = folder / "plotwatch.sqlite"
    shutil.copy(migrated, path)
    with opened(f"sqlite:///{path}") as database:
        yield database


@contextmanager
def emptied(url: str) -> Iterator[Database]:
    """A PostgreSQL database without rows; a new one for each test would copy 8 MB each time."""
    with opened(url) as database:
        with database.transaction() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # laws forbid it to all others
            if missing_laws(connection):  # the test before took one away
                enact(connection)
            connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest_revision()})
            connection.exec_driver_sql("; ".join(f"DELETE FROM {table}" for table in metadata.tables))
        yield database


def a_district(database: Database, name: str = "北山区") -> District:
    with database.transaction() as connection:
        return add_district(connection, name, by=None, now=NOW)


def a_person(database: Database, name: str, *roles: Role, districts: frozenset[DistrictId] = frozenset()) -> Person:
    new = NewPerson(
        name=name, password_hash=CHEAP.hash(PASSWORD), roles=frozenset(roles), districts=frozenset(districts)
    )
    with database.transaction() as connection:
        return add_person(connection, new, by=None, now=NOW)
