"""Visits on a phone: the way, a visit, what was found; without JavaScript, and for those who go there alone."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from browsers import DESK, PHONE, findings, served, visitor, wide
from databases import sqlite_copy
from fastapi.testclient import TestClient
from offices import Clock, Office, csrf_of
from PIL import Image
from playwright.sync_api import Browser
from visited import Field, fly_over, open_field, second_team

from pipeline.domain.people import District, DistrictId
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.audit import audit
from pipeline.web.app import build_app
from pipeline.web.assets import STATIC
from pipeline.web.sessions import COOKIE
from pipeline.workflow.visit import plan_visits, told_of, travel


@pytest.fixture
def field(sqlite_template: Path, tmp_path: Path) -> Iterator[Field]:
    with sqlite_copy(sqlite_template, tmp_path) as database:
        yield open_field(database)


@pytest.fixture
def office(field: Field, tmp_path: Path) -> Office:
    """The server of the bureau whose field it is."""
    east, west = District(id=field.district, name="北山区"), District(id=DistrictId("none"), name="南山区")
    return Office(
        database=field.database,
        east=east,
        west=west,
        people=field.survey.people,
        clock=Clock(field.survey.now),
        folder=tmp_path,
    )


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        yield client


def be(client: TestClient, field: Field, name: str) -> TestClient:
    client.cookies.clear()
    client.cookies.set(f"__Host-{COOKIE}", field.survey.secrets[name])
    return client


def first_visit(client: TestClient) -> str:
    page = client.get("/visits", params={"from": "25,99.9"}).text
    return page.split('href="/visits/')[1].split('"')[0]


def sent(client: TestClient, visit: str, **said: Any) -> dict[str, Any]:
    return {"csrf": csrf_of(client), "visit": visit} | said


def photograph() -> tuple[str, bytes, str]:
    jpeg = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(jpeg, "JPEG")
    return ("field.jpg", jpeg.getvalue(), "image/jpeg")


def test_a_manager_plans_and_a_team_records_what_it_found(client: TestClient, field: Field) -> None:
    be(client, field, "manager")
    assert "4 confirmed flags wait" in client.get("/visits").text
    answer = client.post("/visits/plan", data={"csrf": csrf_of(client), "district": field.district})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/visits?district={field.district}")
    visit = first_visit(client)
    assert "/visits/findings" not in client.get(f"/visits/{visit}").text
    be(client, field, "field")
    assert "/visits/findings" in client.get(f"/visits/{visit}").text
    said = sent(client, visit, outcome="look_alike", look_alike="corn poppy", accuracy_m="4.5", note="east side")
    answer = client.post("/visits/findings", data=said, files={"photograph": photograph()})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/visits/{visit}")
    page = client.get(f"/visits/{visit}").text
    assert all(words in page for words in ("Something that looks alike", "corn poppy", "4.5", "east side"))
    picture = client.get(page.split('src="')[-1].split('"')[0])
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert client.post("/visits/findings", data=said).status_code == 403
    assert "corn poppy" not in client.get("/visits").text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client: TestClient, field: Field) -> None:
    plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    visit = first_visit(client)
    for said, words in (
        ({"outcome": ""}, "Choose what was found."),
        ({"outcome": "rejected"}, "Choose what was found."),
        ({"outcome": "look_alike"}, "Say what grows there instead."),
        ({"outcome": "verified", "accuracy_m": "far"}, "The accuracy is a number of metres"),
    ):
        answer = client.post("/visits/findings", data=sent(client, visit, note="by the <well>", **said))
        assert answer.status_code == 422
        assert words in answer.text
        assert "by the &lt;well&gt;" in answer.text
    heic = {"photograph": ("a.jpg", b"\0\0\0\x18ftypheic", "image/jpeg")}
    answer = client.post("/visits/findings", data=sent(client, visit, outcome="verified"), files=heic)
    assert (answer.status_code, "is a JPEG" in answer.text) == (422, True)
    answer = client.get("/visits", params={"from": "here"})
    assert (answer.status_code, "latitude,longitude in degrees" in answer.text) == (422, True)


@pytest.mark.parametrize("wanted", ["gpx", "kml", "gpkg", "csv", "geojson"])
def test_the_route_is_downloaded(client: TestClient, field: Field, wanted: str) -> None:
    plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    answer = client.get(f"/visits/route.{wanted}", params={"district": field.district, "from": "25,99.9"})
    assert answer.status_code == 200
    assert f'filename="visits.{wanted}"' in answer.headers["Content-Disposition"]
    assert b"candidate for verification" in answer.content


@pytest.mark.parametrize("wanted", ["gpx", "kml"])
def test_a_handheld_says_what_a_stop_is_in_the_language_of_the_page(
    client: TestClient, field: Field, wanted: str
) -> None:
    plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    asked = {"district": field.district, "from": "25,99.9"}
    chinese = client.get(f"/visits/route.{wanted}", params=asked, headers={"Accept-Language": "zh"}).text
    assert chinese.count("待核实的疑似地块") == 4
    assert "candidate" not in chinese
    assert "CGCS2000, 3 度带第 33 带: 33600958.4 E, 2766432.1 N" in chinese


def test_the_sheet_of_a_route_has_each_stop_with_its_coordinates_in_every_system(
    client: TestClient, office: Office, field: Field
) -> None:
    visits = plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    address = client.get("/visits?from=25,99.99").text.split('href="/visits/sheet')[1].split('"')[0]
    page = client.get(f"/visits/sheet{address.replace('&amp;', '&')}").text
    for words in ("25.000050, 100.000050", "25°00&#39;00.18&#34;N", "600918.0 E, 2765325.5 N", "3-degree zone 33"):
        assert words in page
    assert page.count("Nobody could get there") == 4
    assert "There is no imagery" in page
    fly_over(office.desk.files, field.survey.flight)
    page = client.get("/visits/sheet", params={"district": field.district}).text
    assert all(f"/visits/{visit.id}/picture" in page for visit in visits)
    assert client.get("/visits/sheet?district=none").status_code == 404
    be(client, field, "ada")
    assert client.get("/visits/sheet", params={"district": field.district}).status_code == 403


def test_a_visit_shows_its_plot_as_it_was_flown(client: TestClient, office: Office, field: Field) -> None:
    plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    visit = first_visit(client)
    assert "There is no imagery" in client.get(f"/visits/{visit}").text
    where = rasterio.transform.from_origin(99.9995, 25.0006, 2e-6, 2e-6)
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 500, "height": 500, "crs": "EPSG:4326"}
    path = office.desk.files.working(field.survey.flight) / WORKING_NAME
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", transform=where, **profile) as raster:
        raster.write_mask(np.ones((500, 500), bool))
        raster.write(np.stack([np.full((500, 500), value, np.uint8) for value in (200, 30, 30)]))
    assert f"/visits/{visit}/picture" in client.get(f"/visits/{visit}").text
    picture = client.get(f"/visits/{visit}/picture")
    assert picture.status_code == 200, picture.text
    with Image.open(io.BytesIO(picture.content)) as drawn:
        red, green, _ = drawn.convert("RGB").getpixel((drawn.width // 2, drawn.height // 2))
    assert (red > 150, green < 80) == (True, True)


def test_visits_are_for_those_who_go_and_manage(client: TestClient, field: Field) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    addresses = ("/visits", f"/visits/{visit}", f"/visits/{visit}/picture", "/visits/route.csv?district=x")
    be(client, field, "ada")
    assert {client.get(address).status_code for address in addresses} == {403}
    be(client, field, "field")
    assert [client.get(address).status_code for address in addresses] == [200, 200, 404, 404]
    answer = client.post("/visits/plan", data={"csrf": csrf_of(client), "district": field.district})
    assert answer.status_code in {403, 422}
    client.cookies.clear()
    assert client.get("/visits").status_code in {303, 401}


def sent_by(client: TestClient, visit: str, finding: str, **said: Any) -> Any:
    """What a phone sends, and what it is told."""
    fields = sent(client, visit, finding=finding, made_at="2026-11-26T10:42:00.000Z") | said
    headers = {"Accept": "application/json", "X-CSRF-Token": fields.pop("csrf")}
    return client.post("/visits/findings/sent", data=fields, files={"photograph": photograph()}, headers=headers)


def test_a_finding_of_a_phone_counts_once_however_often_it_is_sent(client: TestClient, field: Field) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    be(client, field, "field")
    answers = [sent_by(client, visit, "a" * 32, outcome="absent", note="bare soil") for _ in range(3)]
    assert [(one.status_code, one.json()["came"]) for one in answers] == [(200, "first")] * 3
    (told,) = told_of(field.database, field.team, visit)
    assert (told.finding.note, told.finding.id) == ("bare soil", "a" * 32)
    assert "by the phone" in client.get(f"/visits/{visit}").text
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()


def test_of_two_findings_the_second_stands_beside_the_first_with_its_photograph(
    client: TestClient, field: Field
) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    second_team(field)
    be(client, field, "field")
    assert sent_by(client, visit, "a" * 32, outcome="absent").status_code == 200
    be(client, field, "second")
    for _ in range(2):
        answer = sent_by(client, visit, "b" * 32, outcome="look_alike", look_alike="corn poppy")
        assert (answer.status_code, answer.json()["came"]) == (409, "beside")
        assert answer.json()["standing"]["outcome"] == "Nothing of the kind is there"
        assert answer.json()["mine"]["look_alike"] == "corn poppy"
        assert client.get(answer.json()["mine"]["photograph"]).status_code == 200
    page = client.get(f"/visits/{visit}").text
    assert page.index("Nothing of the kind is there") < page.index("Recorded as well") < page.index("corn poppy")
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        assert [stop.visit.outcome for stop in travel(field.database, field.team, field.district).ended] == ["absent"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"finding": "a"}, 422),
        ({"finding": "A" * 32}, 422),
        ({"made_at": "yesterday"}, 422),
        ({"made_at": "2026-11-26T10:42:00"}, 422),
        ({"outcome": "confirmed"}, 422),
        ({"outcome": "look_alike"}, 422),
        ({"visit": "none"}, 404),
    ],
)
def test_what_a_phone_sends_wrongly_leaves_nothing(
    client: TestClient, office: Office, field: Field, said: dict[str, str], status: int
) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    be(client, field, "field")
    fields = {"visit": visit, "finding": "a" * 32, "outcome": "verified"} | said
    answer = sent_by(client, fields.pop("visit"), fields.pop("finding"), **fields)
    assert (answer.status_code, bool(answer.json()["title"])) == (status, True)
    assert told_of(field.database, field.team, visit) == ()
    assert not (office.desk.files.root / "pictures").exists()


def test_an_id_is_of_one_finding_and_one_person(client: TestClient, field: Field) -> None:
    visit = plan_visits(field.database, field.manager, field.district, now=field.survey.now)[0].id
    second_team(field)
    be(client, field, "field")
    assert sent_by(client, visit, "a" * 32, outcome="absent").status_code == 200
    answer = sent_by(client, visit, "a" * 32, outcome="absent", note="more")
    assert (answer.status_code, answer.json()["came"], answer.json()["mine"]["note"]) == (409, "beside", "more")
    be(client, field, "second")
    assert sent_by(client, visit, "a" * 32, outcome="absent").status_code == 403
    be(client, field, "manager")
    assert sent_by(client, visit, "c" * 32, outcome="absent").status_code == 403


def test_a_phone_keeps_what_its_person_may_see(client: TestClient, office: Office, field: Field) -> None:
    fly_over(office.desk.files, field.survey.flight)
    visits = plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    be(client, field, "field")
    kept = client.get("/visits/kept", params={"district": field.district}).json()
    addresses = [one["address"] for one in kept["addresses"]]
    assert (kept["visits"], kept["left_out"]) == (4, 0)
    assert {f"/visits/{visit.id}" for visit in visits} | {f"/visits/{visit.id}/picture" for visit in visits} < set(
        addresses
    )
    tiles = [one for one in addresses if "/tiles/" in one]
    assert 16 <= len(tiles) <= 4 * 4 * 4
    assert {client.get(address).status_code for address in addresses} <= {200, 204}
    assert client.get(tiles[-1]).status_code == 200
    assert client.get("/visits/kept?district=none").status_code == 404
    be(client, field, "ada")
    assert client.get("/visits/kept", params={"district": field.district}).status_code == 403


def test_the_worker_answers_for_visits_alone_and_only_their_pages_may_ask_where_one_stands(
    client: TestClient, field: Field
) -> None:
    be(client, field, "field")
    worker = client.get("/visits/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/visits"
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert client.get("/visits/reader").json()["csrf"] == csrf_of(client)
    allowed = [client.get(address).headers["Permissions-Policy"] for address in ("/visits", "/visits/none", "/account")]
    assert ["geolocation=(self)" in policy for policy in allowed] == [True, True, False]


@pytest.mark.parametrize(("language", "name"), [("en", "Plotwatch field visits"), ("zh-Hans", "Plotwatch 外业核查")])
def test_a_phone_can_keep_visits_among_its_apps_in_the_language_of_the_page(
    client: TestClient, field: Field, language: str, name: str
) -> None:
    be(client, field, "field")
    page = client.get("/visits", headers={"Accept-Language": language}).text
    address = page.split('<link rel="manifest" href="')[1].split('"')[0]
    client.cookies.clear()  # browsers ask for it without
    answer = client.get(address)
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["start_url"], told["display"], told["lang"]) == (name, "/visits", "standalone", language)
    sheet = (STATIC.parent / "front" / "app.css").read_text(encoding="utf-8")
    assert f"--accent: {told['theme_color']};" in sheet
    assert f"--ground: {told['background_color']};" in sheet
    assert f'name="theme-color" content="{told["theme_color"]}"' in page
    for icon in told["icons"]:
        picture = client.get(icon["src"])
        assert picture.headers["Content-Type"] == icon["type"]
        if icon["type"] == "image/png":
            with Image.open(io.BytesIO(picture.content)) as drawn:
                assert f"{drawn.width}x{drawn.height}" == icon["sizes"]


def test_pages_fit_both_widths_and_have_no_barrier(browser: Browser, office: Office, field: Field) -> None:
    plan_visits(field.database, field.manager, field.district, now=field.survey.now)
    with served(build_app(office.services())) as address:
        for size, locale in ((DESK, "en"), (PHONE, "zh-CN"), (DESK, "zh-CN"), (PHONE, "en")):
            with visitor(browser, address, viewport=size, locale=locale) as context:
                context.add_cookies([{"name": COOKIE, "value": field.survey.secrets["field"], "url": address}])
                page = context.new_page()
                page.goto("/visits")
                assert findings(page) == []
                assert not wide(page)
                page.locator("ol a").first.click()
                page.wait_for_url("**/visits/*")
                assert findings(page) == []
                assert not wide(page)
                page.goto(f"/visits/sheet?district={field.district}")
                assert findings(page) == []
                assert not wide(page)
