"""The managers' overview: who sees it, what it says of flights unlike the others, and that scores lead no reader."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import overseen
import pytest
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from fastapi.testclient import TestClient
from offices import HASHED, NOON, Office, open_office, sign_in
from playwright.sync_api import Browser
from typer.testing import CliRunner

from pipeline.cli import build_app as build_commands
from pipeline.domain.flight import FlightState
from pipeline.domain.people import Role
from pipeline.store.flights import move_flight
from pipeline.store.people import NewPerson, add_person
from pipeline.web.app import build_app
from pipeline.workflow.oversee import oversee


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(tmp_path_factory.mktemp("office"))
    overseen.season(office)
    yield office
    office.database.close()


@pytest.fixture
def manager(bureau: Office) -> Iterator[TestClient]:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield sign_in(client, "manager")


def test_the_odd_flight_alone_stands_out_and_is_linked(bureau: Office, manager: TestClient) -> None:
    found = oversee(bureau.database, bureau.people["manager"], now=bureau.clock())
    assert [(alarm.flight.name, [*alarm.measures]) for alarm in found.alarms] == [("Terrace 33", ["red"])]
    assert (found.drift[0].total, found.drift[0].compared) == (40, 20)
    page = manager.get("/overview").text
    assert page.count('class="alarm"') == 1
    assert f'<a href="/flights/{found.alarms[0].flight.flight}">Terrace 33</a>' in page
    assert page.count("▲<span") == 1
    assert "Mean score" in page


def test_each_age_is_counted_in_its_district(manager: TestClient) -> None:
    rows = manager.get("/api/v1/overview").json()["rows"]
    waiting = {row["figure"]: row["value"] for row in rows if row["name"] == "East county"}
    assert [waiting[f"waiting {words}"] for words in ("under 3 days", "under 7 days", "under 28 days")] == [1, 2, 10]
    assert waiting["waiting 28 days and longer"] == 27
    assert {row["value"] for row in rows if row["name"] == "West county" and row["of"] == "district"} >= {0}


def test_who_reads_flags_too_is_shown_no_score(bureau: Office) -> None:
    with bureau.database.transaction() as connection:
        new = NewPerson(
            name="both",
            password_hash=HASHED,
            roles=frozenset({Role.MANAGER, Role.REVIEWER}),
            districts=frozenset({bureau.east.id}),
        )
        add_person(connection, new, by=None, now=NOON)
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        page = sign_in(client, "both").get("/overview").text
    assert "scores are not shown to you" in page
    assert "Mean score" not in page
    assert not re.search(r"0\.0\d\d</td>", page)
    assert "Mean red" in page


@pytest.mark.parametrize("name", ["surveyor", "reviewer", "field", "administrator"])
def test_only_managers_see_it(bureau: Office, name: str) -> None:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        sign_in(client, name)
        assert client.get("/overview").status_code == 403
        assert client.get("/api/v1/overview").status_code == 403


def test_before_enough_flights_the_page_says_so(office: Office, client: TestClient) -> None:
    overseen.season(office, 12, odd=11)
    page = sign_in(client, "manager").get("/overview").text
    assert "it takes 20 flights before a flight, and this model has scanned 12" in page
    assert 'class="alarm"' not in page
    assert "no flight stands out" in page


def test_an_empty_bureau_is_told_so(client: TestClient) -> None:
    page = sign_in(client, "manager").get("/overview").text
    assert "No flight has been scanned yet." in page
    assert "No visit has ended in this time" in page


@pytest.mark.parametrize(("size", "language"), [(DESK, "en-GB"), (PHONE, "zh-CN")])
def test_everybody_can_use_it(browser: Browser, bureau: Office, size: dict[str, int], language: str) -> None:
    with (
        served(build_app(bureau.services())) as address,
        visitor(browser, address, viewport=size, locale=language) as context,
    ):
        page = let_in(context, bureau, "manager", address)
        page.goto("/overview")
        page.wait_for_selector("#drift svg")
        assert findings(page) == []
        assert not wide(page)


def test_the_number_of_failed_flights_leads_to_those_and_to_no_cancelled_one(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    for name, end in (("Broken", FlightState.FAILED), ("Called off", FlightState.CANCELLED)):
        flight = office.fly(name).id
        with office.database.transaction() as connection:
            move_flight(connection, flight, end, now=office.clock(), reason="no longer wanted")
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        page = sign_in(client, "manager").get("/overview").text
        links = re.findall(r'href="(/flights\?state=failed[^"]*)"', page)
        assert len(links) == 2
        for link in links:
            listed = client.get(link.replace("&amp;", "&")).text
            assert "Broken" in listed
            assert "Called off" not in listed
        assert "Called off" in client.get("/flights?state=stopped").text
    office.database.close()


def test_a_terminal_says_the_same(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    overseen.season(office, 3)
    office.database.close()
    settings = tmp_path / "plotwatch.toml"
    settings.write_text(f'[store]\ndata_dir = "{tmp_path}"\ndatabase_url = "sqlite:///{tmp_path / "plotwatch.db"}"\n')
    words = ["overview", "--as", "manager", "--config", str(settings)]
    told = CliRunner().invoke(build_commands(), [*words, "--json"])
    assert told.exit_code == 0, told.output
    assert {row["figure"] for row in json.loads(told.stdout)} >= {"flags read", "visits planned", "flights scanned"}
    assert "flights that stand out" in CliRunner().invoke(build_commands(), words).stdout
    refused = CliRunner().invoke(build_commands(), ["overview", "--as", "reviewer", "--config", str(settings)])
    assert "only managers" in str(refused.exception)
