"""The page of a flight: can it be used, how far is it, where is what, what to fly again; and for whom it exists."""

import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import flown
import pytest
import shapely
from fastapi.testclient import TestClient
from offices import Office, csrf_of, open_office, sign_in
from pages import unclosed

from pipeline.domain.flight import Flight, FlightState
from pipeline.store.areas import Source, SurveyArea, import_areas
from pipeline.store.flights import get_flight, move_flight


def said(page: str) -> str:
    """The words of a page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def move(office: Office, flight: Flight, *states: FlightState, reason: str = "blurred") -> None:
    with office.database.transaction() as connection:
        for state in states:
            move_flight(connection, flight.id, state, now=office.clock(), reason=reason)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One store for all: each test has its own flight, or only looks."""
    office = open_office(tmp_path_factory.mktemp("office"))
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def scanned(office: Office) -> Flight:
    return flown.scan(office, office.fly("North slope"))


def test_a_scanned_flight_says_what_it_was_worth_with_numbers(client: TestClient, scanned: Flight) -> None:
    answer = sign_in(client, "surveyor").get(f"/flights/{scanned.id}")
    words = said(answer.text)
    assert answer.status_code == 200
    assert not unclosed(answer.text)
    assert "Yes: 96.9 % of the 526 m² flown could be assessed." in words
    assert "Blurred: 12.0 m²" in words
    assert "2 candidate plots" in words
    assert "2 areas, about 23.0 m² together." in words


def test_the_same_in_chinese(client: TestClient, scanned: Flight) -> None:
    words = said(sign_in(client, "surveyor").get(f"/flights/{scanned.id}", headers={"Accept-Language": "zh"}).text)
    assert "能：已飞 526 m² 中有 96.9 % 可以判读。" in words
    assert "待复核" in words


def test_no_score_is_shown_anywhere(client: TestClient, scanned: Flight) -> None:
    sign_in(client, "surveyor")
    for address in ("", "/flags.geojson", "/progress"):
        text = client.get(f"/flights/{scanned.id}{address}").text
        assert "8765" not in text
        assert "4321" not in text
        assert "score" not in text.lower()


def test_flags_are_outlines_with_a_number_an_area_and_whether_somebody_looked(
    client: TestClient, scanned: Flight
) -> None:
    sign_in(client, "manager")
    one, two = client.get(f"/flights/{scanned.id}/flags.geojson").json()["features"]
    assert one["properties"] == {"id": "F00001", "area_m2": 1.6, "status": "unreviewed", "licensed": []}
    assert two["geometry"]["type"] == "Polygon"


def test_who_only_reads_flags_sees_none_on_a_map(client: TestClient, scanned: Flight) -> None:
    """By its place on the map a reader could tell which item is no flag."""
    sign_in(client, "reviewer")
    assert client.get(f"/flights/{scanned.id}/flags.geojson").json()["features"] == []
    assert "F00001" not in client.get(f"/flights/{scanned.id}").text


def test_a_field_team_sees_no_flag_that_was_not_confirmed(client: TestClient, scanned: Flight) -> None:
    sign_in(client, "field")
    assert client.get(f"/flights/{scanned.id}/flags.geojson").json()["features"] == []
    assert "F00001" not in client.get(f"/flights/{scanned.id}").text


def test_the_map_has_all_it_loads_from_here(client: TestClient, scanned: Flight) -> None:
    page = sign_in(client, "surveyor").get(f"/flights/{scanned.id}").text
    told = json.loads(re.search(r'data-map="([^"]+)"', page)[1].replace("&#34;", '"'))  # type: ignore[index]
    assert told["bounds"][0] < told["bounds"][2]
    for name in ("orthomosaic", "ground", "flags", "again"):
        assert told[name].startswith(f"/flights/{scanned.id}/")


def test_tiles_are_kept_by_nobody_but_their_reader_and_asked_for_again(client: TestClient, scanned: Flight) -> None:
    sign_in(client, "surveyor")
    address = address_of_tile(scanned, "orthomosaic")
    tile = client.get(address)
    assert tile.headers["Content-Type"] in {"image/webp", "image/jpeg"}
    assert tile.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": tile.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    ground = client.get(address.replace("orthomosaic", "ground"))
    assert ground.headers["Content-Type"] == "image/png"
    assert ground.headers["ETag"] != tile.headers["ETag"]


def address_of_tile(flight: Flight, layer: str) -> str:
    """A tile with the middle of the flight in it."""
    place = flight.extent
    assert place is not None
    zoom = 16
    lon, lat = (place.west + place.east) / 2, math.radians((place.south + place.north) / 2)
    column = int((lon + 180) / 360 * 2**zoom)
    row = int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * 2**zoom)
    return f"/flights/{flight.id}/tiles/{layer}/{zoom}/{column}/{row}"


@pytest.mark.parametrize(
    ("address", "status"), [("16/0/0", 204), ("25/0/0", 404), ("3/8/0", 404), ("-1/0/0", 404), ("x/0/0", 422)]
)
def test_a_tile_with_nothing_in_it_is_empty_and_one_that_cannot_be_is_not_there(
    client: TestClient, scanned: Flight, address: str, status: int
) -> None:
    sign_in(client, "surveyor")
    assert client.get(f"/flights/{scanned.id}/tiles/orthomosaic/{address}").status_code == status


def test_what_to_fly_again_is_taken_along(client: TestClient, scanned: Flight) -> None:
    sign_in(client, "surveyor")
    features = client.get(f"/flights/{scanned.id}/again.geojson").json()["features"]
    assert {feature["properties"]["why"] for feature in features} == {"not flown", "not assessable"}
    kml = client.get(f"/flights/{scanned.id}/again.kml")
    assert kml.headers["Content-Disposition"].startswith("attachment")
    assert "North slope" in ET.fromstring(kml.text)[0][0].text  # type: ignore[operator]  # noqa: S314 our own


def test_what_to_fly_again_is_planned_for_a_drone(client: TestClient, scanned: Flight) -> None:
    sign_in(client, "surveyor")
    answer = client.get(f"/flights/{scanned.id}/plan.zip?camera=m30&gsd_cm=1.5")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as plan:
        told = json.loads(plan.read("plan.json"))
        names = set(plan.namelist())
        assert "North slope" in plan.read("plan.kml").decode()
    assert names == {"plan.json", "plan.kml", *(f"mission-{n + 1}.kmz" for n in range(len(told["missions"])))}
    assert (told["camera"], told["gsd_m"], told["unseen_m2"]) == ("DJI Matrice 30 (wide)", 0.015, 0)
    page = client.get(f"/flights/{scanned.id}").text
    assert 'name="gsd_cm" type="number" min="0.2" max="20" step="0.1" value="2.0"' in page


@pytest.mark.parametrize(("asked", "status"), [("camera=box", 422), ("gsd_cm=0", 422), ("gsd_cm=20", 422)])
def test_a_plan_that_cannot_be_flown_is_refused(client: TestClient, scanned: Flight, asked: str, status: int) -> None:
    sign_in(client, "surveyor")
    assert client.get(f"/flights/{scanned.id}/plan.zip?{asked}").status_code == status


def test_what_lies_outside_the_survey_areas_is_not_flown_again(client: TestClient, office: Office) -> None:
    flight = flown.scan(office, office.fly("Ridge", by="westerner", district=office.west))
    assert flight.extent
    sign_in(client, "westerner")
    before = client.get(f"/flights/{flight.id}/again.geojson").json()["features"]
    outlines = [shapely.geometry.shape(feature["geometry"]) for feature in before]
    one, half = outlines[0], shapely.box(*outlines[0].bounds[:2], outlines[0].centroid.x, outlines[0].bounds[3])

    def survey(name: str, outline: shapely.Polygon) -> None:
        area, source = SurveyArea(name=name, outline=outline, area_m2=1.0), Source(name=name, sha256="0" * 64)
        with office.database.transaction() as connection:
            import_areas(connection, office.west.id, [area], source, by=None, now=office.clock())

    survey("far away", shapely.box(0, 0, 1, 1))
    page = said(client.get(f"/flights/{flight.id}").text)
    assert "Nothing inside the survey areas of this district." in page
    assert client.get(f"/flights/{flight.id}/again.geojson").json()["features"] == []
    assert client.get(f"/flights/{flight.id}/plan.zip").status_code == 422
    survey("half of one", half)
    (left,) = client.get(f"/flights/{flight.id}/again.geojson").json()["features"]
    assert left["properties"]["area_m2"] == pytest.approx(before[0]["properties"]["area_m2"] / 2, rel=0.01)
    assert shapely.geometry.shape(left["geometry"]).area == pytest.approx(one.area / 2, rel=0.01)
    assert "outside of them is left out" in said(client.get(f"/flights/{flight.id}").text)
    survey("all", shapely.box(*shapely.union_all(outlines).buffer(1e-4).bounds))
    assert client.get(f"/flights/{flight.id}/again.geojson").json()["features"] == before
    chinese = client.get(f"/flights/{flight.id}", headers={"Accept-Language": "zh"}).text
    assert "以上区域均在本区县的测区内。" in chinese


def test_every_address_of_a_flight_is_a_wall_for_other_districts(
    client: TestClient, office: Office, scanned: Flight
) -> None:
    """`test_doors` walks all routes for a flight without files; here everything is there to be had."""
    addresses = [
        address_of_tile(scanned, "orthomosaic"),
        address_of_tile(scanned, "ground"),
        *(f"/flights/{scanned.id}{tail}" for tail in ("", "/progress", "/picture", "/flags.geojson")),
        *(f"/flights/{scanned.id}/{name}" for name in ("again.geojson", "again.kml", "plan.zip")),
    ]
    sign_in(client, "surveyor")
    assert {client.get(address).status_code for address in addresses} == {200}
    etag = client.get(addresses[0]).headers["ETag"]
    sign_in(client, "westerner")
    for address in addresses:
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 404, address
    form = {"csrf": csrf_of(client), "reason": "mine now"}
    for verb in ("cancel", "retry"):
        assert client.post(f"/flights/{scanned.id}/{verb}", data=form).status_code == 404
    with office.database.snapshot() as connection:
        assert get_flight(connection, scanned.id).state is FlightState.SCANNED


def test_work_under_way_is_looked_at_again_and_says_how_far_it_is(client: TestClient, office: Office) -> None:
    flight = office.fly("River terrace")
    flown.take_in(office, flight)
    page = sign_in(client, "surveyor").get(f"/flights/{flight.id}").text
    assert f'hx-get="/flights/{flight.id}/progress' in page
    assert "38 %" in page
    part = client.get(f"/flights/{flight.id}/progress?has_map=true")
    assert "<html" not in part.text
    assert "HX-Refresh" not in part.headers
    move(office, flight, FlightState.CANCELLED)
    assert client.get(f"/flights/{flight.id}/progress?has_map=true").headers["HX-Refresh"] == "true"


def test_the_page_comes_anew_when_there_is_a_map_to_show(client: TestClient, office: Office) -> None:
    flight = office.fly("River terrace")
    sign_in(client, "surveyor")
    assert "The map comes after the check" in client.get(f"/flights/{flight.id}").text
    flown.take_in(office, flight)
    assert client.get(f"/flights/{flight.id}/progress").headers["HX-Refresh"] == "true"


def test_before_a_scan_what_was_not_flown_is_drawn_and_no_flags_are(client: TestClient, office: Office) -> None:
    flight = office.fly("River terrace")
    flown.take_in(office, flight)
    with office.database.snapshot() as connection:
        flight = get_flight(connection, flight.id)
    sign_in(client, "surveyor")
    assert client.get(address_of_tile(flight, "ground")).headers["Content-Type"] == "image/png"
    assert client.get(f"/flights/{flight.id}/flags.geojson").json()["features"] == []
    assert client.get(f"/flights/{flight.id}/again.kml").status_code == 404


def test_a_person_stops_the_work_with_a_reason(client: TestClient, office: Office) -> None:
    flight = office.fly("Wrong valley")
    form = {"csrf": csrf_of(sign_in(client, "surveyor")), "reason": "the wrong file"}
    answer = client.post(f"/flights/{flight.id}/cancel", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/flights/{flight.id}")
    page = said(client.get(f"/flights/{flight.id}").text)
    assert "Not known: the work was stopped." in page
    assert "the wrong file" in page
    assert client.post(f"/flights/{flight.id}/cancel", data=form).status_code == 409


@pytest.mark.parametrize("end", [FlightState.FAILED, FlightState.UNUSABLE, FlightState.CANCELLED])
def test_a_person_lets_it_be_tried_again_with_a_reason(client: TestClient, office: Office, end: FlightState) -> None:
    flight = office.fly("Too blurred")
    move(office, flight, FlightState.CHECKING, end)
    form = {"csrf": csrf_of(sign_in(client, "manager")), "reason": "there is room again"}
    assert "blurred" in client.get(f"/flights/{flight.id}").text
    assert client.post(f"/flights/{flight.id}/retry", data=form).status_code == 303
    assert "Being checked" in client.get(f"/flights/{flight.id}").text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_nothing_is_stopped_without_a_reason(client: TestClient, office: Office, reason: str) -> None:
    flight = office.fly("Valley")
    form = {"csrf": csrf_of(sign_in(client, "surveyor")), "reason": reason}
    assert client.post(f"/flights/{flight.id}/cancel", data=form).status_code == 422
    with office.database.snapshot() as connection:
        assert get_flight(connection, flight.id).state is FlightState.RECEIVED


def test_a_reviewer_moves_no_flight(client: TestClient, office: Office) -> None:
    flight = office.fly("Valley")
    form = {"csrf": csrf_of(sign_in(client, "reviewer")), "reason": "because"}
    assert client.post(f"/flights/{flight.id}/cancel", data=form).status_code == 403
    assert 'action="/flights/' not in client.get(f"/flights/{flight.id}").text


def test_ground_that_could_not_be_flown_is_a_flight_without_map_and_steps(client: TestClient, office: Office) -> None:
    flight = office.not_flown("Gorge", reason="fog")
    page = said(sign_in(client, "surveyor").get(f"/flights/{flight.id}").text)
    assert "It could not be flown." in page
    assert "fog" in page
    assert "What is done with it" not in page


def test_a_name_that_is_a_script_stays_a_name(client: TestClient, office: Office) -> None:
    flight = flown.scan(office, office.fly("<script>alert(1)</script>", note='"><img src=x>'))
    sign_in(client, "surveyor")
    page = client.get(f"/flights/{flight.id}").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    ET.fromstring(client.get(f"/flights/{flight.id}/again.kml").text)  # noqa: S314 our own


def test_what_a_look_at_the_imagery_came_to_is_said_in_the_language_of_the_reader(
    client: TestClient, office: Office
) -> None:
    flight = office.fly("River terrace")
    looked = {"sentence": "usable: 2.00 cm a pixel", "sentence_zh": "可用：像素分辨率 2.00 cm"}
    (flown.take_in(office, flight).parent / "quality.json").write_text(json.dumps(looked))
    sign_in(client, "surveyor")
    assert "Usable: 2.00 cm a pixel" in client.get(f"/flights/{flight.id}").text
    page = client.get(f"/flights/{flight.id}", headers={"Accept-Language": "zh"}).text
    assert "可用：像素分辨率 2.00 cm" in page
    assert "sable: 2.00" not in page


def test_a_refusal_with_values_is_chinese_on_a_chinese_page(client: TestClient, office: Office) -> None:
    refused = "no<b>rth.tif: a pixel covers 1.5 x 1.5 m of ground; only 0.002 m to 0.5 m are taken, so check the "
    flight = office.fly("Coarse")
    reason = f"{refused}coordinate reference system and the export"
    move(office, flight, FlightState.CHECKING, FlightState.UNUSABLE, reason=reason)
    sign_in(client, "surveyor")
    for address in ("/flights?group=again", f"/flights/{flight.id}"):
        page = client.get(address, headers={"Accept-Language": "zh-CN"}).text
        assert "no&lt;b&gt;rth.tif：地面采样距离为 1.5 × 1.5 米；只接收 0.002 米至 0.5 米" in page  # noqa: RUF001 - a sign of times


def test_a_script_is_refused_in_english_and_a_page_in_the_language_of_its_reader(
    client: TestClient, office: Office
) -> None:
    flight = office.fly("Twice")
    sign_in(client, "reviewer")
    handed = {"upload": "a" * 32, "name": "Ridge", "district": office.east.id}
    chinese = {"Accept-Language": "zh-CN"}
    script = client.post("/api/v1/flights", json=handed, headers=chinese | {"Authorization": "Bearer x"})
    assert (script.status_code, script.headers["Content-Language"]) == (401, "en")
    page = client.post("/api/v1/flights", json=handed, headers=chinese | {"X-CSRF-Token": csrf_of(client)})
    assert (page.status_code, page.headers["Content-Language"]) == (403, "zh-Hans")
    assert page.json()["detail"] == "只有航测员可以提交航次；如需该角色，请联系系统管理员"
    assert client.get(f"/api/v1/flights/{flight.id}").headers["Content-Language"] == "en"
