"""Imagery that was let go, as the page of its flight, its files and other software meet it."""

import flown
from fastapi.testclient import TestClient
from offices import Office, sign_in
from pages import unclosed

from pipeline.domain.flight import FlightState
from pipeline.store.flights import move_flight
from pipeline.workflow.let_go import let_go

CHINESE = {"Accept-Language": "zh"}


def words(page: str) -> str:
    """A page on one line, with plain spaces."""
    return " ".join(page.split())


def test_a_page_says_until_when_imagery_is_kept_and_when_it_was_removed(client: TestClient, office: Office) -> None:
    flight = flown.scan(office, office.fly("Empty slope"), flown.Ground(flags=False))
    here = f"/flights/{flight.id}"
    before = sign_in(client, "surveyor").get(here).text
    assert "The imagery is kept until 25 May 2027, and longer where a flag is confirmed" in words(before)

    office.clock.forward(days=181)
    over = sign_in(client, "surveyor").get(here).text
    assert "The imagery was to be kept until 25 May 2027." in words(over)
    let_go(office.database, office.desk.files, days=180, now=office.clock())

    page = client.get(here)
    assert page.status_code == 200
    assert not unclosed(page.text)
    assert "The imagery was removed on 26 May 2027" in words(page.text)
    assert "data-map=" not in page.text
    assert "Yes: 96.9 % of the 526 m² flown could be assessed." in words(page.text)
    assert "影像已于 2027年5月26日 删除" in client.get(here, headers=CHINESE).text
    assert client.get(f"{here}/picture").status_code == 404
    assert client.get(f"{here}/tiles/orthomosaic/20/1/1").status_code == 404
    assert client.get(f"{here}/again.geojson").status_code == 200


def test_a_flight_whose_imagery_is_gone_is_not_offered_to_be_tried_again(client: TestClient, office: Office) -> None:
    flight = office.fly("Broken")
    with office.database.transaction() as connection:
        move_flight(connection, flight.id, FlightState.CANCELLED, now=office.clock(), reason="wrong field")
    here = f"/flights/{flight.id}"
    assert f'action="{here}/retry"' in sign_in(client, "surveyor").get(here).text
    office.clock.forward(days=181)
    let_go(office.database, office.desk.files, days=180, now=office.clock())
    page = sign_in(client, "surveyor").get(here).text
    assert "The imagery was removed on" in page
    assert f'action="{here}/retry"' not in page
