"""Visits and the last flight's imagery on the managers' map: what they show of a day, and to whom."""

import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import covered
import numpy as np
import pytest
import rasterio
from databases import sqlite_copy
from fastapi.testclient import TestClient
from httpx import Response
from offices import Clock, Office, open_office, sign_in
from PIL import Image
from visited import Field, open_field

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import District, DistrictId
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.districts import list_districts
from pipeline.store.visits import Finding, open_visits, record_found
from pipeline.web.app import build_app
from pipeline.web.sessions import COOKIE
from pipeline.workflow.draw_coverage import days
from pipeline.workflow.visit import plan_visits

DAY = date(2026, 10, 1)


def address_of(layer: str, zoom: int, lon: float, lat: float) -> str:
    side = 2**zoom
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side
    return f"/coverage/tiles/{layer}/{zoom}/{int((lon + 180) / 360 * side)}/{int(row)}"


@pytest.fixture
def field(sqlite_template: Path, tmp_path: Path) -> Iterator[Field]:
    with sqlite_copy(sqlite_template, tmp_path) as database:
        yield open_field(database)


@pytest.fixture
def team(field: Field, tmp_path: Path) -> Iterator[tuple[Office, TestClient]]:
    """The bureau of the field, and its manager."""
    with field.database.snapshot() as connection:
        east = next(one for one in list_districts(connection) if one.id == field.district)
    west = District(id=DistrictId("none"), name="none")
    clock, people = Clock(field.survey.now), field.survey.people
    office = Office(database=field.database, east=east, west=west, people=people, clock=clock, folder=tmp_path)
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        client.cookies.set(f"__Host-{COOKIE}", field.survey.secrets["manager"])
        yield office, client


def counted(client: TestClient, zoom: int = 9) -> dict[str, Counter[tuple[int, int]]]:
    """Of each kind, how many by the days on which they begin and end."""
    answer = client.get(address_of("marks", zoom, 100.02, 25.00005))
    found: dict[str, Counter[tuple[int, int]]] = {}
    for _, _, kind, numbers in answer.json()["marks"]:
        for day, until, many in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
            found.setdefault(kind, Counter())[day, until] += many
    return found


def test_counts_are_of_candidates_alone(team: tuple[Office, TestClient]) -> None:
    """Beside them lie controls, one of them confirmed, and audited ground that nobody confirmed: never counted."""
    _, client = team
    assert {kind: numbers.total() for kind, numbers in counted(client, zoom=5).items()} == {"open": 2, "confirmed": 4}


def test_a_visit_is_planned_until_the_day_of_its_finding(field: Field, team: tuple[Office, TestClient]) -> None:
    office, client = team
    planned = field.survey.now
    plan_visits(field.database, field.manager, field.district, now=planned)
    with field.database.transaction() as connection:
        first, second, *_ = open_visits(connection, field.district)
        for visit, outcome, later in ((first, FlagStatus.NO_ACCESS, 0), (second, FlagStatus.VERIFIED, 3)):
            at = planned + timedelta(days=later)
            record_found(connection, field.team, visit.id, Finding(outcome=outcome), now=at)
    zone = office.services().zone
    day = days(planned.astimezone(zone).date())
    found = counted(client)
    assert found["visit_planned"] == {(day, 0): 2, (day, day + 3): 1}
    assert found["verified"] == {(day + 3, 0): 1}
    assert found["no_access"] == {(day, 0): 1}
    assert counted(client, zoom=15)["visit_planned"].total() >= 1
    legend = client.get("/coverage/table").text.split('data-marks="visits"')[1]
    said = re.findall(r'data-mark="(\w+)".*?class="number">(\d+)<', legend, re.DOTALL)
    assert {kind for kind, number in said if number != "0"} == {"visit_planned", "no_access"}  # verified in three days


def test_no_count_leaves_its_district(field: Field, team: tuple[Office, TestClient]) -> None:
    _, client = team
    client.cookies.set(f"__Host-{COOKIE}", field.survey.secrets["field"])
    assert client.get(address_of("marks", 9, 100.02, 25.0)).status_code == 403
    client.cookies.set(f"__Host-{COOKIE}", field.survey.secrets["manager"])
    assert client.get(address_of("marks", 9, 100.02, 25.0), params={"district": "none"}).status_code == 404


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One piece of land, red on the first day; its west was flown again ten days later, and was green."""
    office = open_office(tmp_path_factory.mktemp("office"))
    covered.area(office, "Terraces", covered.land(0, 0, 1, 1))
    for day, width, colour in ((DAY, 1.0, (200, 30, 30)), (DAY + timedelta(days=10), 0.5, (30, 160, 30))):
        outline = covered.land(0, 0, width, 1)
        flight = covered.flown(office, day, outline)
        path = office.desk.files.working(flight.id) / WORKING_NAME
        where = rasterio.transform.from_bounds(*outline.bounds, 200, 200)
        profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 200, "height": 200, "crs": "EPSG:4326"}
        with rasterio.open(path, "w", transform=where, **profile) as raster:
            raster.write(np.broadcast_to(np.array(colour, np.uint8)[:, None, None], (3, 200, 200)))
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def manager(bureau: Office) -> Iterator[TestClient]:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield sign_in(client, "manager")


def imagery(client: TestClient, x: float, zoom: int = 19, **asked: str) -> Response:
    middle = covered.land(x, 0.5, 0.001, 0.001).centroid
    return client.get(address_of("imagery", zoom, middle.x, middle.y), params={"from": DAY.isoformat()} | asked)


def colour(answer: Response) -> str:
    assert answer.status_code == 200, answer.text
    pixels_hwb = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).reshape(-1, 3)
    red, green = ((pixels_hwb[:, band] > 120).mean() for band in (0, 1))
    return "both" if red > 0.1 and green > 0.1 else "red" if red > green else "green"


def test_imagery_is_that_of_the_newest_flight_up_to_the_day(manager: TestClient) -> None:
    assert colour(imagery(manager, 0.25, to="2026-10-10")) == "red"
    assert colour(imagery(manager, 0.25, to="2026-10-11")) == "green"
    assert colour(imagery(manager, 0.5, zoom=16, to="2026-10-11")) == "both"
    assert colour(imagery(manager, 0.85, to="2026-11-26")) == "red"
    assert imagery(manager, 0.25, to="2026-10-05", **{"from": "2026-10-02"}).status_code == 204


def test_imagery_that_a_browser_has_is_not_sent_again(manager: TestClient) -> None:
    first = imagery(manager, 0.25, to="2026-10-03")
    assert "no-cache" in first.headers["Cache-Control"]
    tagged = {"If-None-Match": first.headers["ETag"]}
    assert manager.get(first.request.url, headers=tagged).status_code == 304
    later = str(first.request.url).replace("2026-10-03", "2026-10-20")
    assert manager.get(later, headers=tagged).status_code == 200


def test_from_afar_no_flight_is_opened(manager: TestClient) -> None:
    assert imagery(manager, 0.25, zoom=14).status_code == 204


def test_imagery_of_another_district_does_not_exist(bureau: Office, manager: TestClient) -> None:
    assert imagery(manager, 0.25, district=bureau.west.id).status_code == 204
    assert imagery(manager, 0.25, district="none").status_code == 404
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        assert imagery(client, 0.25).status_code == 303
        sign_in(client, "reviewer")
        assert imagery(client, 0.25).status_code == 403


def test_the_page_has_each_layer_with_its_legend(manager: TestClient) -> None:
    page = manager.get("/coverage").text
    layers = ("seen", "imaged", "skipped", "areas", "growers", "zones", "flags", "visits", "imagery")
    assert all(f'data-layer="{layer}"' in page for layer in layers)
    visits = page.split('data-marks="visits"')[1]
    for outcome in ("visit_planned", "verified", "absent", "look_alike", "no_access", "already_removed"):
        assert f'data-mark="{outcome}"' in visits
