"""Plans of flights from pages: over uncovered ground and over what to fly again, and never into a no-fly zone."""

import io
import json
import random
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta

import covered
import flown
import mapbox_vector_tile
import pytest
import shapely
from covered import land
from fastapi.testclient import TestClient
from httpx import Response
from missions import ways
from offices import HASHED, Office, open_office, sign_in
from pages import unclosed

from pipeline.domain.people import District, Role
from pipeline.imagery.vector_tiles import HALF_M, in_mercator
from pipeline.store.areas import Source
from pipeline.store.ground import regions_of
from pipeline.store.no_fly import Barred, add_zones, remove_zone, zones_of
from pipeline.store.people import NewPerson, add_person
from pipeline.web.app import build_app

DAY = date(2026, 10, 1)
SOURCE = Source(name="zones.gpkg", sha256="d" * 64)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Terraces of 2 x 1 pieces (32 ha), of which one was flown; a ridge beside them; and land in the west."""
    office = open_office(tmp_path_factory.mktemp("office"))
    covered.area(office, "Terraces", land(0, 0, 2, 1))
    covered.area(office, "Ridge", land(2.2, 0, 0.3, 0.3))
    covered.area(office, "Flown", land(0.1, 0.1, 0.2, 0.2))
    covered.area(office, "Far away", land(40, 0, 0.3, 0.3), office.west)
    covered.flown(office, DAY, land(0, 0, 1, 1))
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def pages(bureau: Office) -> Iterator[TestClient]:
    with TestClient(build_app(bureau.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield client


@pytest.fixture
def manager(pages: TestClient) -> TestClient:
    pages.cookies.clear()
    return sign_in(pages, "manager")


def area_of(office: Office, name: str | None, district: District | None = None) -> str:
    with office.database.snapshot() as connection:
        return next(one.id for one in regions_of(connection, {(district or office.east).id}) if one.area == name)


def only(office: Office, *zones: Barred, district: District | None = None) -> None:
    """Let these be the zones of a district, and no others."""
    where, now = (district or office.east).id, office.clock()
    with office.database.transaction() as connection:
        for zone in zones_of(connection, where):
            remove_zone(connection, where, zone.id, by=None, now=now)
        if zones:
            add_zones(connection, where, zones, SOURCE, by=None, now=now)


def barred(outline: shapely.Polygon, **days: date) -> Barred:
    return Barred(name="zone", outline=outline, **days)


def plan(client: TestClient, area: str, **asked: str) -> Response:
    return client.get("/coverage/plan.zip", params={"area": area, "camera": "m3e", "gsd_cm": "3", **asked})


def told(answer: Response) -> dict[str, object]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        return dict(json.loads(zipped.read("plan.json")))


@pytest.mark.parametrize("seed", range(4))
def test_no_waypoint_and_no_way_of_a_plan_lies_in_a_stored_zone(bureau: Office, manager: TestClient, seed: int) -> None:
    """Zones of any shape and place, a few of them outside the ground, where only a way could lead."""
    dice = random.Random(seed)
    zones = [
        land(dice.uniform(0.9, 2.1), dice.uniform(-0.2, 1), dice.uniform(0.02, 0.3), 0.1, turned=dice.uniform(0, 90))
        for _ in range(5)
    ]
    zones.append(land(1.5, 0.5, 0.1, 0.1).centroid.buffer(5e-4))
    only(bureau, *(barred(zone) for zone in zones))
    answer = plan(manager, area_of(bureau, "Terraces"))
    assert float(str(told(answer)["kept_out_m2"])) > 100
    flown_ways = list(ways(answer.content))
    assert flown_ways
    together = shapely.union_all(zones)
    assert all(way.intersection(together).is_empty for way in flown_ways)
    assert all(way.distance(together) > 9 / covered.LAT_M for way in flown_ways)


def test_what_was_seen_is_not_planned_and_what_is_planned_is_what_was_not(bureau: Office, manager: TestClient) -> None:
    only(bureau)
    answer = plan(manager, area_of(bureau, "Terraces"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    told_ = told(answer)
    assert told_["pieces"] == {"planned": 1, "left_out": 0}
    assert told_["no_fly_zones"] == {"known": 0, "newest_import": None}
    near = land(1, 0, 1, 1).buffer(2e-4)
    assert all(way.within(near) for way in ways(answer.content))
    before = told(plan(manager, area_of(bureau, "Ridge"), **{"from": "2026-09-01", "to": "2026-09-02"}))
    assert before["pieces"] == {"planned": 1, "left_out": 0}
    whole = told(plan(manager, area_of(bureau, None)))
    assert whole["pieces"] == {"planned": 2, "left_out": 0}


def test_a_window_in_which_nobody_flew_is_planned_whole(bureau: Office, manager: TestClient) -> None:
    only(bureau)
    area = area_of(bureau, "Flown")
    assert plan(manager, area).status_code == 422
    assert plan(manager, area, **{"from": "2026-10-02", "to": "2026-10-03"}).status_code == 200


def test_ground_that_lies_in_a_zone_as_a_whole_is_refused_in_words(bureau: Office, manager: TestClient) -> None:
    ridge, area = land(2.1, -0.1, 0.6, 0.6), area_of(bureau, "Ridge")
    only(bureau, barred(ridge))
    answer = manager.get("/coverage/plan.zip", params={"area": area}, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "all of the ground lies in no-fly zones" in answer.text
    yesterday = bureau.services().today - timedelta(days=1)
    only(bureau, barred(ridge, valid_until=yesterday))
    assert told(plan(manager, area))["kept_out_m2"] == 0
    only(bureau, barred(ridge), district=bureau.west)
    assert told(plan(manager, area))["kept_out_m2"] == 0
    only(bureau, district=bureau.west)


def test_the_page_says_how_many_zones_are_known_and_from_when(bureau: Office, manager: TestClient) -> None:
    only(bureau, barred(land(0, 0, 0.1, 0.1)), barred(land(0, 0, 0.2, 0.1)))
    said = {"district": bureau.east.id, "from": "2026-10-01", "to": "2026-10-09"}
    page = manager.get("/coverage", params=said).text.replace("\u00a0", " ")
    assert not unclosed(page)
    assert "2 no-fly zones of this district are kept out of, newest import 26 Nov 2026." in page
    form = page.split("data-plan>")[1].split("</form>")[0]
    assert 'name="from" value="2026-10-01"' in form
    assert 'name="to" value="2026-10-09"' in form
    assert re.findall(r'<option value="[^"]+">([^<]+)</option>', form)[:3] == ["Flown", "Ridge", "Terraces"]
    chinese = manager.get("/coverage", params=said, headers={"Accept-Language": "zh"}).text
    assert "航线避开本区县的 2 个禁飞区，最近导入于 2026年11月26日。" in chinese
    both = manager.get("/coverage").text
    assert "<strong>West county:</strong> No no-fly zones are known for this district" in both


def test_the_map_draws_zones_that_are_not_over(bureau: Office, manager: TestClient) -> None:
    place = covered.land(1.5, 0.5, 0.01, 0.01).centroid
    address = "/coverage/tiles/flags/12/{}/{}".format(*tile_at(place, 12))
    only(bureau, barred(land(1.4, 0.4, 0.2, 0.2)))
    first = manager.get(address)
    assert len(mapbox_vector_tile.decode(first.content)["zones"]["features"]) == 1
    only(bureau, barred(land(1.4, 0.4, 0.2, 0.2), valid_until=bureau.services().today - timedelta(days=1)))
    assert manager.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 204


def tile_at(place: shapely.Point, zoom: int) -> tuple[int, int]:
    """Column and row of the tile over a place."""
    middle = in_mercator([place])[0]
    side = 2 * HALF_M / 2**zoom
    return int((middle.x + HALF_M) / side), int((HALF_M - middle.y) / side)


@pytest.mark.parametrize("name", ["surveyor", "reviewer", "field", "administrator"])
def test_only_who_sees_coverage_plans_by_it(bureau: Office, pages: TestClient, name: str) -> None:
    pages.cookies.clear()
    assert plan(sign_in(pages, name), area_of(bureau, "Ridge")).status_code == 403


def test_an_area_of_another_district_does_not_exist(bureau: Office, pages: TestClient, manager: TestClient) -> None:
    west = area_of(bureau, "Far away", bureau.west)
    assert plan(manager, west).status_code == 200
    assert plan(manager, west, district=bureau.east.id).status_code == 404
    new = NewPerson(
        name="easterner",
        password_hash=HASHED,
        roles=frozenset({Role.MANAGER}),
        districts=frozenset({bureau.east.id}),
    )
    with bureau.database.transaction() as connection:
        add_person(connection, new, by=None, now=bureau.clock())
    pages.cookies.clear()
    sign_in(pages, "easterner")
    there, nowhere = plan(pages, west), plan(pages, "none")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text.replace(west, "none") == nowhere.text
    assert "West county" not in pages.get("/coverage").text


@pytest.mark.parametrize("asked", [{"camera": "box"}, {"gsd_cm": "0"}, {"gsd_cm": "20"}, {"from": "1.10."}])
def test_a_plan_that_cannot_be_flown_is_refused(bureau: Office, manager: TestClient, asked: dict[str, str]) -> None:
    assert plan(manager, area_of(bureau, "Ridge"), **asked).status_code == 422


def test_the_plan_of_a_flight_keeps_out_of_the_zones_of_its_district(client: TestClient, office: Office) -> None:
    flight = flown.scan(office, office.fly("North slope"))
    sign_in(client, "surveyor")
    page = client.get(f"/flights/{flight.id}").text
    assert "No no-fly zones are known for this district: nothing is kept out of." in page
    features = client.get(f"/flights/{flight.id}/again.geojson").json()["features"]
    ground = shapely.union_all([shapely.geometry.shape(one["geometry"]) for one in features])
    address = f"/flights/{flight.id}/plan.zip?gsd_cm=1.5"
    assert told(client.get(address))["kept_out_m2"] == 0
    only(office, barred(ground.convex_hull.buffer(1e-3)), district=office.west)
    assert told(client.get(address))["kept_out_m2"] == 0
    only(office, barred(ground.convex_hull.buffer(1e-3)))
    assert client.get(address).status_code == 422
    said = client.get(f"/flights/{flight.id}", headers={"Accept-Language": "zh"}).text
    assert "航线避开本区县的 1 个禁飞区" in said
