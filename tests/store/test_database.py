"""The database: whole transactions, one moment a snapshot, and plain sentences where it cannot."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import NOW, a_district, sqlite_copy
from sqlalchemy import inspect, text

from pipeline.errors import ConflictError, InvalidInputError, UnavailableError
from pipeline.store.database import Database, open_database
from pipeline.store.districts import add_district, list_districts
from pipeline.store.migration import current_revision, faults, make_ready, migrate, newest_revision
from pipeline.store.tables import metadata


def test_a_new_database_is_of_the_newest_revision_and_stays_so(database: Database) -> None:
    assert migrate(database) == newest_revision()
    with database.snapshot() as connection:
        assert current_revision(connection) == newest_revision()
        assert {"flights", "decisions", "ledger"} <= set(inspect(connection).get_table_names())


def test_what_fails_half_way_leaves_nothing(database: Database) -> None:
    def half() -> None:
        with database.transaction() as connection:
            add_district(connection, "北山区", by=None, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with database.snapshot() as connection:
        assert list_districts(connection) == ()


def test_a_snapshot_keeps_nothing(database: Database) -> None:
    with database.snapshot() as connection:
        add_district(connection, "北山区", by=None, now=NOW)
    with database.snapshot() as connection:
        assert list_districts(connection) == ()


def test_a_name_is_taken_once(database: Database) -> None:
    a_district(database)
    with pytest.raises(ConflictError, match="already"):
        a_district(database)


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(ConflictError), database.transaction() as connection:
        connection.execute(text("INSERT INTO flight_steps (flight_id, step, state) VALUES ('none', 'scan', 'waiting')"))


@pytest.mark.parametrize("url", ["plotwatch.sqlite", "mysql://host/name"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        open_database(url)


def test_migrations_make_the_tables_that_the_code_speaks_of(database: Database) -> None:
    with database.snapshot() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_database_of_another_revision_is_refused_with_what_would_do(database: Database) -> None:
    make_ready(database)
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    with pytest.raises(UnavailableError, match="run plotwatch db migrate"):
        make_ready(database)


def test_a_sound_database_has_no_faults_and_a_row_without_its_parent_is_one(sqlite_database: Database) -> None:
    assert faults(sqlite_database) == ()
    with closing(sqlite3.connect(str(sqlite_database.engine.url.database))) as by_hand, by_hand:
        by_hand.execute("INSERT INTO flight_steps (flight_id, step, state) VALUES ('none', 'scan', 'waiting')")
    assert faults(sqlite_database) == ("a row of flight_steps refers to nothing",)


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_busy(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.store.database.WAIT_SECONDS", 0)
    with (
        sqlite_copy(sqlite_template, tmp_path) as database,
        database.transaction(),
        pytest.raises(UnavailableError, match="busy"),
        database.transaction(),
    ):
        pass
