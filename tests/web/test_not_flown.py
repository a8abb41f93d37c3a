"""Ground that could not be flown is recorded with its reason, by those who would have flown it."""

import covered
import pytest
from fastapi.testclient import TestClient
from offices import Office, csrf_of, sign_in

from pipeline.domain.flight import FlightId, FlightState
from pipeline.store.flights import get_flight
from pipeline.store.ground import regions_of
from pipeline.web.app import build_app


def form(client: TestClient, office: Office, **changed: str) -> dict[str, str]:
    good = {"name": "Ridge", "district": office.east.id, "planned_on": "2026-11-25", "cause": "weather"}
    return good | {"csrf": csrf_of(client), "details": "fog until noon"} | changed


def test_it_becomes_a_flight_that_was_not_flown(client: TestClient, office: Office) -> None:
    sign_in(client, "surveyor")
    answer = client.post("/flights/not-flown", data=form(client, office))
    assert answer.status_code == 303
    with office.database.snapshot() as connection:
        flight = get_flight(connection, FlightId(answer.headers["Location"].rsplit("/")[-1]))
    assert (flight.state, flight.name) == (FlightState.NOT_FLOWN, "Ridge")
    assert flight.reason == "weather: fog until noon"
    assert str(flight.flown_on) == "2026-11-25"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "  "}, "Say which ground it is."),
        ({"district": "none"}, "Choose one of your districts."),
        ({"planned_on": "2026-11-28"}, "Choose a day that is not in the future."),
        ({"planned_on": "25.11."}, "Choose a day that is not in the future."),
        ({"cause": ""}, "Choose why."),
        ({"cause": "other", "details": " "}, "Say what happened, when it is something else."),
    ],
)
def test_what_is_wrong_is_marked_and_what_was_typed_is_kept(
    client: TestClient, office: Office, changed: dict[str, str], words: str
) -> None:
    sign_in(client, "surveyor")
    answer = client.post("/flights/not-flown", data=form(client, office, **changed))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text or "cause" in changed
    assert "details" in changed or "fog until noon" in answer.text


def test_nobody_records_it_for_a_district_that_is_not_theirs(client: TestClient, office: Office) -> None:
    sign_in(client, "surveyor")
    page = client.get("/flights/not-flown").text
    assert "East county" in page
    assert "West county" not in page
    answer = client.post("/flights/not-flown", data=form(client, office, district=office.west.id))
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["reviewer", "field", "manager", "administrator"])
def test_only_surveyors_record_it(client: TestClient, office: Office, name: str) -> None:
    sign_in(client, name)
    assert client.get("/flights/not-flown").status_code == 403
    assert client.post("/flights/not-flown", data=form(client, office)).status_code == 403


def test_a_survey_area_that_could_not_be_flown_is_shown_so_in_its_coverage(client: TestClient, office: Office) -> None:
    covered.area(office, "Ridge", covered.land(0, 0, 1, 1))
    covered.area(office, "Elsewhere", covered.land(9, 0, 1, 1), office.west)
    with office.database.snapshot() as connection:
        ids = {one.area: one.id for one in regions_of(connection, {office.east.id, office.west.id})}
    sign_in(client, "surveyor")
    page = client.get("/flights/not-flown").text
    assert "Ridge</option>" in page
    assert "Elsewhere" not in page
    refused = client.post("/flights/not-flown", data=form(client, office, area=ids["Elsewhere"]))
    assert refused.status_code == 422
    assert "Choose a survey area of this district" in refused.text
    assert client.post("/flights/not-flown", data=form(client, office, area=ids["Ridge"])).status_code == 303
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as other:
        areas = sign_in(other, "manager").get("/api/v1/coverage").json()["areas"]
    ridge = next(area for area in areas if area["area"] == "Ridge")
    assert ridge["could_not_be_flown_m2"] == ridge["total_m2"] > 0
