"""The search of STAC Items: by place and day, on pages, of one's own districts only."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pystac
import pytest
from bundles import write_bundle
from fastapi.testclient import TestClient
from offices import Office, open_office
from stac import validate
from uploads import write_upload

from pipeline.domain.flight import FlightId, FlightState
from pipeline.domain.geometry import Extent
from pipeline.settings import ScanSettings, Settings
from pipeline.store.flights import describe_flight, move_flight
from pipeline.store.tokens import NewToken, Scope, add_token
from pipeline.web.app import build_app
from pipeline.workflow.order import WORKING, Order
from pipeline.workflow.scan import scan

BOX = Extent(west=111.0, south=40.64, east=111.01, north=40.66)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three scanned flights of June with one scan's files, and one that was not scanned."""
    folder = tmp_path_factory.mktemp("office")
    office = open_office(folder)
    made = folder / "made"
    order = Order(source=write_upload(folder / "flight.tif"), model=write_bundle(folder / "red"), out=made)
    scan(order, Settings(scan=ScanSettings(window_px=128)))
    for day in (1, 2, 3):
        scanned(office, made, date(2026, 6, day))
    office.fly("not scanned")
    yield office
    office.database.close()


def scanned(office: Office, made: Path, day: date) -> None:
    flight = office.fly(f"flight of {day}", flown_on=day)
    shutil.copytree(made, office.desk.files.results(flight.id), dirs_exist_ok=True)
    shutil.copytree(made / WORKING, office.desk.files.working(flight.id), dirs_exist_ok=True)
    with office.database.transaction() as connection:
        for state in (FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED):
            move_flight(connection, flight.id, state, now=office.clock())
        describe_flight(connection, flight.id, extent=BOX, area_m2=1.0, gsd_m=0.02)


@pytest.fixture(scope="module")
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        client.headers["Authorization"] = bearer(office, "reviewer")
        yield client


def bearer(office: Office, name: str) -> str:
    new = NewToken(name="gis", person=office.people[name].id, scopes=frozenset({Scope.READ}), lasts=timedelta(days=7))
    with office.database.transaction() as connection:
        return f"Bearer {add_token(connection, new, by=None, now=office.clock())[0]}"


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["properties"]["start_datetime"][:10] for item in answer.json()["features"]]


def test_items_are_found_by_place_and_day_both_ways(client: TestClient) -> None:
    for query, body, days in (
        ("", {}, 3),
        ("?bbox=110,40,112,41", {"bbox": [110, 40, 112, 41]}, 3),
        ("?bbox=10,40,12,41", {"bbox": [10, 40, 12, 41]}, 0),
        ("?datetime=2026-06-02T00:00:00Z/..", {"datetime": "2026-06-02T00:00:00Z/.."}, 2),
        ("?collections=flights", {"collections": ["flights"]}, 3),
        ("?collections=moon", {"collections": ["moon"]}, 0),
    ):
        by_address = client.get(f"/stac/search{query}")
        assert len(found(by_address)) == days == by_address.json()["numberMatched"]
        assert found(client.post("/stac/search", json=body)) == found(by_address)


def test_items_are_stac_and_pages_follow_each_other(client: TestClient) -> None:
    page = client.get("/stac/search?limit=2").json()
    for item in page["features"]:
        validate(item)
    (link,) = page["links"]
    last = client.get(link["href"]).json()
    by_body = client.post("/stac/search", json={"limit": 2}).json()["links"][0]
    assert client.post(by_body["href"], json=by_body["body"]).json() == last
    assert last["links"] == []
    assert len({item["id"] for item in page["features"] + last["features"]}) == 3


def test_the_catalogue_leads_to_the_search(client: TestClient) -> None:
    said = client.get("/stac").json()
    catalogue = pystac.Catalog.from_dict(said | {"links": []})
    assert catalogue.id == "plotwatch"
    assert {link["href"] for link in said["links"] if link["rel"] == "search"} == {"https://plots.test/stac/search"}
    assert all(client.get(link["href"]).status_code == 200 for link in said["links"])


def test_other_districts_have_other_items(client: TestClient, office: Office) -> None:
    theirs = {"Authorization": bearer(office, "westerner")}
    assert found(client.get("/stac/search", headers=theirs)) == []
    assert client.get("/stac/search", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("query", ["bbox=1", "limit=0", "datetime=x", "ids=1"])
def test_what_makes_no_sense_is_a_bad_request(client: TestClient, query: str) -> None:
    assert client.get(f"/stac/search?{query}").status_code == 400


def test_a_flight_whose_files_are_gone_hides_no_other(client: TestClient, office: Office) -> None:
    gone = office.desk.files.results(FlightId(client.get("/stac/search").json()["features"][0]["id"]))
    gone.rename(gone.with_name("elsewhere"))
    page = client.get("/stac/search").json()
    shutil.rmtree(gone)
    gone.with_name("elsewhere").rename(gone)
    assert (page["numberReturned"], page["numberMatched"], len(page["features"])) == (2, 3, 2)
