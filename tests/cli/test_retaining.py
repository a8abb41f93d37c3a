"""Old imagery from a terminal: what is due, what keeps the rest, and its removal."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from handed_in import Bureau, a_bureau, a_flight_file
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.flight import FlightState
from pipeline.store.database import Database
from pipeline.store.flights import move_flight

LONG_AGO = datetime(2020, 6, 1, tzinfo=UTC)


@pytest.fixture
def bureau(sqlite_database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(sqlite_database, tmp_path)


def plotwatch(bureau: Bureau, folder: Path, *words: str, days: float = 180.0) -> str:
    store, config = bureau.settings.store, folder / "plotwatch.toml"
    config.write_text(
        f'[store]\ndata_dir = "{store.data_dir}"\ndatabase_url = "{store.database_url}"\n'
        f"[retention]\nimagery_days = {days}\n"
    )
    result = CliRunner().invoke(build_app(), ["retention", *words, "--config", str(config)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_is_due_is_listed_and_removed_only_when_asked_to(bureau: Bureau, tmp_path: Path) -> None:
    waits, ended = (bureau.hand_in(a_flight_file(tmp_path, width=700 + more), now=LONG_AGO) for more in (0, 20))
    with bureau.database.transaction() as connection:
        move_flight(connection, ended.id, FlightState.CANCELLED, now=LONG_AGO, reason="the wrong field")
    listed = plotwatch(bureau, tmp_path)
    assert f"{ended.name}: is due" in listed
    assert "is kept: the machine works on it" in listed
    assert "2 flights older than 180 days; imagery of 1 is due to be removed" in listed

    said = json.loads(plotwatch(bureau, tmp_path, "--remove", "--json"))
    assert said["removed"] == [ended.id]
    assert said["bytes_freed"] == next(one["bytes"] for one in said["flights"] if one["id"] == ended.id) > 1000
    assert [one["kept_by"] for one in said["flights"] if one["id"] == waits.id] == ["work"]
    assert "removed that of 0" in plotwatch(bureau, tmp_path, "--remove")


def test_imagery_that_is_kept_for_good_is_not_listed(bureau: Bureau, tmp_path: Path) -> None:
    bureau.hand_in(a_flight_file(tmp_path))
    assert plotwatch(bureau, tmp_path, "--remove", days=0).startswith("imagery is kept for good")
