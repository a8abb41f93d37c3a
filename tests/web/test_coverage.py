"""The managers' map of coverage: who may see it, that its numbers are those of the record, and what its tiles hold."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import covered
import mapbox_vector_tile
import pytest
from covered import land
from fastapi.testclient import TestClient
from ground_read import read_ground
from httpx import Response
from offices import Office, open_office, sign_in

from pipeline.imagery.vector_tiles import HALF_M, MEDIA_TYPE
from pipeline.store.ground import regions_of
from pipeline.web.app import build_app
from pipeline.workflow.draw_coverage import days
from pipeline.workflow.skip import Cause, Skipped, skip

DAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Terraces of 2 x 1 pieces (32 ha): half was flown twice, the second time blurred; a ridge was not flown."""
    office = open_office(tmp_path_factory.mktemp("office"))
    covered.area(office, "Terraces", land(0, 0, 2, 1))
    covered.area(office, "Ridge", land(3, 0, 1, 1))
    covered.area(office, "Far away", land(40, 0, 1, 1), office.west)
    covered.flown(office, DAY, land(0, 0, 1, 1), flags=[land(0.2, 0.2, 0.1, 0.1)])
    covered.flown(office, DAY + timedelta(days=20), land(0.5, 0, 1, 1), land(0.5, 0, 1, 1))
    covered.flown(office, DAY, land(40, 0, 1, 1), district=office.west)
    with office.database.snapshot() as connection:
        ridge = next(one for one in regions_of(connection, {office.east.id}) if one.area == "Ridge")
    given = Skipped(name="Ridge", district=office.east.id, planned_on=DAY, cause=Cause.AIRSPACE, area=ridge.id)
    skip(office.database, office.people["surveyor"], given, now=office.clock())
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def manager(bureau: Office) -> Iterator[TestClient]:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield sign_in(client, "manager")


def areas(client: TestClient, **asked: str) -> dict[str | None, dict[str, float]]:
    found = client.get("/api/v1/coverage", params=asked).json()["areas"]
    return {area["area"]: area for area in found}


def test_the_four_states_sum_to_each_area(bureau: Office, manager: TestClient) -> None:
    found = areas(manager, district=bureau.east.id)
    assert set(found) == {"Terraces", "Ridge", None}
    for area in found.values():
        parts = ("seen_m2", "not_assessable_m2", "could_not_be_flown_m2", "not_flown_m2")
        assert round(100 * sum(area[part] for part in parts)) == round(100 * area["total_m2"])
    assert found["Terraces"]["seen_share"] == pytest.approx(0.5, abs=2e-4)
    assert found["Terraces"]["not_assessable_m2"] == pytest.approx(found["Terraces"]["total_m2"] / 4, rel=1e-3)
    assert found["Ridge"]["could_not_be_flown_m2"] == found["Ridge"]["total_m2"]


def test_a_window_of_days_has_what_was_flown_in_it(manager: TestClient) -> None:
    later = areas(manager, **{"from": "2026-10-10", "to": "2026-11-01"})["Terraces"]
    assert later["seen_m2"] == 0
    assert later["not_assessable_m2"] == pytest.approx(later["total_m2"] / 2, rel=1e-3)


def test_the_page_says_the_same_and_rounds_what_was_seen_down(bureau: Office, manager: TestClient) -> None:
    page = manager.get("/coverage", params={"district": bureau.east.id}).text
    row = page.split("Terraces</button>")[1].split("</tbody>")[0]
    shown = [float(number) for number in re.findall(r'number">([\d.]+) ha', row)]
    area = areas(manager, district=bureau.east.id)["Terraces"]
    assert area["seen_m2"] / 10_000 - 0.01 < shown[0] <= area["seen_m2"] / 10_000
    assert area["not_flown_m2"] / 10_000 <= shown[-1] < area["not_flown_m2"] / 10_000 + 0.01
    assert page.split("with reviewers")[1].split("</span>")[0].endswith(">1")


def test_the_table_alone_is_the_one_of_the_page(manager: TestClient) -> None:
    asked = {"from": "2026-10-01", "to": "2026-10-05"}
    page, table = manager.get("/coverage", params=asked).text, manager.get("/coverage/table", params=asked).text
    assert table.strip() in page


def tile_over(x: float, y: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile over a place of the drawn land."""
    from pipeline.imagery.vector_tiles import in_mercator

    middle = in_mercator([land(x, y, 0.01, 0.01).centroid])[0]
    side = 2 * HALF_M / 2**zoom
    return int((middle.x + HALF_M) / side), int((HALF_M - middle.y) / side)


def got(client: TestClient, layer: str, zoom: int, x: float, y: float, **asked: str) -> Response:
    column, row = tile_over(x, y, zoom)
    return client.get(f"/coverage/tiles/{layer}/{zoom}/{column}/{row}", params=asked)


def tile(client: TestClient, layer: str, zoom: int, x: float, y: float) -> dict[str, Any]:
    answer = got(client, layer, zoom, x, y)
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    return dict(mapbox_vector_tile.decode(answer.content))


def test_cells_of_ground_are_in_the_states_of_the_table_in_any_window(manager: TestClient) -> None:
    """About 25 m2 a cell, of 480,000 m2: cells of the rim are on the side of what was not seen."""
    ground = read_ground(got(manager, "ground", 15, 0.5, 0.5).content, packed=False)
    for first, last in ((DAY, DAY + timedelta(days=30)), (DAY + timedelta(days=9), DAY + timedelta(days=30))):
        shown = ground.state(days(first), days(last))
        told = areas(manager, **{"from": first.isoformat(), "to": last.isoformat()})["Terraces"]
        cell_m2 = told["total_m2"] / (shown != "nothing").sum()
        assert (shown == "seen").sum() * cell_m2 <= told["seen_m2"]
        assert (shown == "seen").sum() * cell_m2 == pytest.approx(told["seen_m2"], rel=0.02)


def test_ground_that_could_not_be_flown_is_shown(manager: TestClient) -> None:
    shown = read_ground(got(manager, "ground", 11, 3.5, 0.5).content, packed=False).state(days(DAY), days(DAY))
    assert (shown == "could_not_be_flown").sum() > 10


def test_flags_are_counted_from_afar_and_outlined_from_near(manager: TestClient) -> None:
    ((*_, kind, counts),) = got(manager, "marks", 9, 0.2, 0.2).json()["marks"]
    assert (kind, counts) == ("open", [days(DAY), 0, 1])
    assert got(manager, "flags", 9, 0.2, 0.2).status_code == 204
    near = tile(manager, "flags", 15, 0.25, 0.25)["flags"]["features"]
    assert near[0]["geometry"]["type"] == "Polygon"
    assert near[0]["properties"]["status"] == "unreviewed"
    assert got(manager, "marks", 15, 0.25, 0.25).status_code == 204


def test_survey_areas_have_outlines_for_the_pointer(manager: TestClient) -> None:
    assert len(tile(manager, "areas", 11, 1, 0.5)["areas"]["features"]) >= 2


def test_a_browser_that_has_a_tile_is_told_so_until_the_ground_changes(bureau: Office, manager: TestClient) -> None:
    column, row = tile_over(1, 0.5, 11)
    address = f"/coverage/tiles/ground/11/{column}/{row}"
    first = manager.get(address)
    assert "no-cache" in first.headers["Cache-Control"]
    tagged = {"If-None-Match": first.headers["ETag"]}
    assert manager.get(address, headers=tagged).status_code == 304
    covered.area(bureau, "Beyond", land(300, 0, 1, 1))
    assert manager.get(address, headers=tagged).status_code == 304
    covered.area(bureau, "New field", land(0.2, 1.2, 0.2, 0.2))
    assert manager.get(address, headers=tagged).status_code == 200
    tagged = {"If-None-Match": manager.get(address).headers["ETag"]}
    covered.flown(bureau, DAY, land(0.2, 1.2, 0.2, 0.2))
    assert manager.get(address, headers=tagged).status_code == 200


def test_where_nothing_lies_there_is_no_tile(manager: TestClient) -> None:
    assert manager.get("/coverage/tiles/ground/11/0/0").status_code == 204
    assert manager.get("/coverage/tiles/ground/99/0/0").status_code == 404


@pytest.mark.parametrize("name", ["surveyor", "reviewer", "field", "administrator"])
@pytest.mark.parametrize(
    "address",
    [
        "/coverage",
        "/coverage/table",
        "/coverage/tiles/ground/11/0/0",
        "/coverage/tiles/marks/11/0/0",
        "/coverage/tiles/imagery/15/0/0",
        "/api/v1/coverage",
    ],
)
def test_only_managers_see_coverage(bureau: Office, name: str, address: str) -> None:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        sign_in(client, name)
        assert client.get(address).status_code == 403
        assert 'href="/coverage"' not in client.get("/account").text


def test_a_district_that_is_not_mine_does_not_exist(bureau: Office, manager: TestClient) -> None:
    assert manager.get("/coverage", params={"district": "none"}).status_code == 404
    column, row = tile_over(40.5, 0.5, 12)
    address = f"/coverage/tiles/ground/12/{column}/{row}"
    assert manager.get(address).status_code == 200
    assert manager.get(address, params={"district": bureau.east.id}).status_code == 204


def test_uncovered_ground_can_be_taken_to_the_planner(bureau: Office, manager: TestClient) -> None:
    with bureau.database.snapshot() as connection:
        terraces = next(one for one in regions_of(connection, {bureau.east.id}) if one.area == "Terraces")
    answer = manager.get("/coverage/uncovered.geojson", params={"area": terraces.id})
    assert "attachment" in answer.headers["Content-Disposition"]
    sizes = {one["properties"]["state"]: one["properties"]["area_m2"] for one in answer.json()["features"]}
    area = areas(manager, district=bureau.east.id)["Terraces"]
    assert sizes == {
        "not_assessable": pytest.approx(area["not_assessable_m2"], abs=0.1),
        "not_flown": pytest.approx(area["not_flown_m2"], abs=0.1),
    }
    assert manager.get("/coverage/uncovered.geojson", params={"area": "none"}).status_code == 404


@pytest.mark.parametrize("asked", [{"from": "1.10."}, {"from": "2026-10-02", "to": "2026-10-01"}])
def test_a_window_that_makes_no_sense_is_refused(manager: TestClient, asked: dict[str, str]) -> None:
    assert manager.get("/coverage", params=asked).status_code == 422


def test_without_survey_areas_the_page_says_what_to_do(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    with TestClient(build_app(office.services()), base_url="https://plots.test") as client:
        sign_in_page = client.post("/sign-in", data={"name": "manager", "password": "four green hills at dawn"})
        assert sign_in_page.status_code == 200
        page = client.get("/coverage").text
        assert "plotwatch area import" in page
        assert "data-map" not in page
        covered.area(office, "Terraces", land(0, 0, 1, 1))
        assert "Nothing was flown yet" in client.get("/coverage").text
    office.database.close()
