"""Flights from a terminal: handed in, shown, cancelled, tried again; and the switch that stops everything."""

import json
from pathlib import Path
from typing import Any

import pytest
from databases import a_person
from handed_in import Bureau, a_bureau, a_flight_file
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.people import Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.database import Database
from pipeline.workflow.advance import advance_to_the_end


@pytest.fixture
def bureau(sqlite_database: Database, tmp_path: Path) -> Bureau:
    made = a_bureau(sqlite_database, tmp_path)
    store = made.settings.store
    (tmp_path / "plotwatch.toml").write_text(
        f'[store]\ndata_dir = "{store.data_dir}"\ndatabase_url = "{store.database_url}"\n'
    )
    return made


def plotwatch(folder: Path, *words: object, name: str = "lin") -> str:
    command = [*map(str, words), "--as", name, "--config", str(folder / "plotwatch.toml")]
    result = CliRunner().invoke(build_app(), command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def said(folder: Path, *words: object) -> Any:
    return json.loads(plotwatch(folder, *words, "--json"))


def test_a_flight_is_handed_in_listed_and_shown_as_json_and_as_text(bureau: Bureau, tmp_path: Path) -> None:
    source = a_flight_file(tmp_path)
    flight = said(tmp_path, "flight", "add", source, "--district", bureau.district.name, "--flown-on", "2026-11-25")
    assert (flight["state"], flight["name"], flight["flown_on"]) == ("received", "flight", "2026-11-25")
    assert [line["flight"]["id"] for line in said(tmp_path, "flight", "list")] == [flight["id"]]
    shown = said(tmp_path, "flight", "show", flight["id"])
    assert [step["step"] for step in shown["steps"]] == ["intake", "quality", "scan", "plots", "flags"]
    assert "received" in plotwatch(tmp_path, "flight", "list")
    assert "intake   waiting" in plotwatch(tmp_path, "flight", "show", flight["id"])


def test_a_flight_is_cancelled_and_tried_again_with_a_reason(bureau: Bureau, tmp_path: Path) -> None:
    flight = bureau.hand_in(a_flight_file(tmp_path))
    a_person(bureau.database, "reader", Role.REVIEWER, districts=frozenset({bureau.district.id}))
    with pytest.raises(NotAllowedError, match="only surveyors and managers"):
        plotwatch(tmp_path, "flight", "cancel", flight.id, "--reason", "not mine to end", name="reader")
    cancelled = said(tmp_path, "flight", "cancel", flight.id, "--reason", "the wrong field")
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "the wrong field")
    assert said(tmp_path, "flight", "retry", flight.id, "--reason", "it was the right one")["state"] == "checking"
    with pytest.raises(ConflictError):
        plotwatch(tmp_path, "flight", "retry", flight.id, "--reason", "again")


def test_a_scanned_flight_is_printed_as_a_stac_item(bureau: Bureau, tmp_path: Path) -> None:
    flight = bureau.hand_in(a_flight_file(tmp_path))
    advance_to_the_end(bureau.shop(), bureau.attempt(flight.id))
    item = json.loads(plotwatch(tmp_path, "flight", "stac", flight.id))
    assert item["id"] == flight.id
    assert (bureau.files.results(flight.id) / item["assets"]["orthomosaic"]["href"]).is_file()


def test_what_a_person_may_not_do_or_see_is_refused(bureau: Bureau, tmp_path: Path) -> None:
    source = a_flight_file(tmp_path)
    with pytest.raises(NotFoundError):
        plotwatch(tmp_path, "flight", "show", "nothing")
    with pytest.raises(NotFoundError):
        plotwatch(tmp_path, "flight", "list", name="nobody")
    with pytest.raises(NotFoundError):
        plotwatch(tmp_path, "flight", "add", source, "--district", "elsewhere")
    with pytest.raises(InvalidInputError, match="no date"):
        plotwatch(tmp_path, "flight", "add", source, "--district", bureau.district.name, "--flown-on", "yesterday")
    with pytest.raises(NotAllowedError):
        plotwatch(tmp_path, "stop", "--reason", "because")


def test_a_manager_stops_everything_and_lets_it_go_on(bureau: Bureau, tmp_path: Path) -> None:
    assert "until plotwatch go" in plotwatch(tmp_path, "stop", "--reason", "a complaint", name="wang")
    assert "go on" in plotwatch(tmp_path, "go", "--reason", "settled", name="wang")
    assert bureau.database.is_sqlite
