"""Bring the tables and the laws of a database to those of this software, and say where they differ."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from pipeline.errors import UnavailableError
from pipeline.store.database import Database
from pipeline.store.laws import enact, missing_laws

MIGRATIONS: Final = Path(__file__).parent / "migrations"
ONE_AT_A_TIME: Final = 7_203_114
"""The advisory lock of PostgreSQL under which tables are changed; any number would do."""


def migrate(database: Database) -> str:
    """Bring tables and laws to those of this software, in one transaction; returns the revision.

    Safe to call by several processes at once, and where nothing is to be done.

    Raises:
        UnavailableError: The database cannot be reached, or is busy.
    """
    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
        upgrade(connection)
        enact(connection)
        return str(current_revision(connection))


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables to a revision; what their laws are is another matter."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def is_known(revision: str) -> bool:
    """Whether this software can make tables of that revision."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def current_revision(connection: Connection) -> str | None:
    """The revision of the tables; None in an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this software works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def make_ready(database: Database) -> None:
    """Make an empty database usable, and make sure that another one is of this software's revision.

    Raises:
        UnavailableError: It is older or newer; the message says what would do.
    """
    with database.snapshot() as connection:
        found = current_revision(connection)
    if found is None:
        migrate(database)
    elif found != newest_revision():
        raise UnavailableError(
            f"the database is of revision {found}, this software of {newest_revision()}: run plotwatch db migrate"
        )


def faults(database: Database) -> tuple[str, ...]:
    """What is wrong with the database itself: damage, a missing law; () where all is well."""
    with database.snapshot() as connection:
        found = [
            f"the law {name} is missing or was changed: run plotwatch db migrate" for name in missing_laws(connection)
        ]
        if database.is_sqlite:
            said = connection.execute(text("PRAGMA integrity_check(10)")).scalars().all()
            found += [f"the file is damaged: {line}" for line in said if line != "ok"]
            found += [
                f"a row of {row[0]} refers to nothing" for row in connection.execute(text("PRAGMA foreign_key_check"))
            ]
    return tuple(found)
