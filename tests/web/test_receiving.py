"""Handing in: bytes become a flight once, whatever breaks on the way, and known files are recognised."""

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from offices import Office, csrf_of, sign_in

from pipeline.domain.flight import FlightState
from pipeline.store.audit import audit
from pipeline.store.ledger import Kind, history
from pipeline.store.likeness import likeness_of
from pipeline.store.tables import ledger, uploads
from pipeline.workflow.hand_in import HandedIn
from pipeline.workflow.hand_in import hand_in as hand_in_at_terminal
from pipeline.workflow.receive import Delivery, receive

BYTES = b"II*\0 an orthomosaic of few words"
SHA256 = hashlib.sha256(BYTES).hexdigest()


def arrive(office: Office, content: bytes = BYTES, by: str = "surveyor", missing: int = 0) -> str:
    """An upload of which all bytes came, but for the last ``missing``."""
    partials, person = office.desk.partials, office.people[by].id
    upload = partials.create(person, len(content), {"filename": "../north slope.tif"})
    with partials.appending(upload.id, person, 0) as appending:
        appending.write(content[: len(content) - missing])
    return upload.id


def hand_in(client: TestClient, office: Office, arrived: str, **said: Any) -> Any:
    form = {"upload": arrived, "name": "North slope", "district": office.east.id, "flown_on": "2026-11-25"} | said
    return client.post("/api/v1/flights", json=form, headers={"X-CSRF-Token": csrf_of(client)})


@pytest.fixture
def surveyor(client: TestClient) -> TestClient:
    return sign_in(client, "surveyor")


def test_a_complete_upload_becomes_a_flight_and_the_work_begins(surveyor: TestClient, office: Office) -> None:
    answer = hand_in(surveyor, office, arrive(office))
    flight = answer.json()["id"]
    assert (answer.status_code, answer.json()["already"]) == (201, False)
    assert office.started == [flight]
    original = office.desk.files.original(SHA256)
    assert original.read_bytes() == BYTES
    assert original.name == "north slope.tif"
    assert "North slope" in surveyor.get(answer.json()["address"]).text
    assert surveyor.get("/api/v1/uploads").json() == []


def test_a_file_handed_in_at_a_terminal_has_the_same_leaves_as_one_that_was_uploaded(
    surveyor: TestClient, office: Office, tmp_path: Path
) -> None:
    uploaded = hand_in(surveyor, office, arrive(office)).json()["id"]
    path = tmp_path / "north slope.tif"
    path.write_bytes(BYTES + b"other")
    given = HandedIn(path=path, district=office.east.id, name="North slope", flown_on=date(2026, 11, 25))
    person = office.people["surveyor"]
    handed = hand_in_at_terminal(office.database, office.desk.files, given, person, now=office.clock())
    told = []
    with office.database.snapshot() as connection:
        for flight, content in ((uploaded, BYTES), (handed.id, BYTES + b"other")):
            bodies = [(leaf.kind, leaf.person, json.loads(leaf.body)) for leaf in history(connection, flight)]
            (kept,) = (body for kind, _, body in bodies if kind == Kind.ORIGINAL_KEPT)
            sha256 = hashlib.sha256(content).hexdigest()
            assert (kept.pop("original_sha256"), kept.pop("bytes")) == (sha256, len(content))
            assert office.desk.files.original(sha256).name == "north slope.tif"
            told.append(bodies)
        assert audit(connection).wrong == ()
    assert told[0] == told[1]


def test_the_audit_misses_an_original_that_is_another_one(surveyor: TestClient, office: Office) -> None:
    flight = hand_in(surveyor, office, arrive(office)).json()["id"]
    with office.database.transaction() as connection:
        connection.execute(uploads.update().where(uploads.c.flight_id == flight).values(sha256="0" * 64))
    with office.database.snapshot() as connection:
        assert audit(connection).wrong == (f"the original of flight {flight} is not the one that was handed in",)


def test_the_ledger_has_the_hash_of_what_was_received(surveyor: TestClient, office: Office) -> None:
    flight = hand_in(surveyor, office, arrive(office)).json()["id"]
    with office.database.snapshot() as connection:
        leaves = connection.execute(ledger.select().where(ledger.c.subject == flight)).mappings().all()
        assert audit(connection).wrong == ()
    assert any(SHA256 in leaf["body"] for leaf in leaves if leaf["kind"] == Kind.ORIGINAL_KEPT.value)


def test_the_same_bytes_for_the_same_district_are_the_flight_that_is_there(
    surveyor: TestClient, office: Office
) -> None:
    first = hand_in(surveyor, office, arrive(office)).json()
    again = hand_in(surveyor, office, arrive(office), name="Another name")
    assert (again.status_code, again.json()) == (200, first | {"already": True})
    assert not list(office.desk.files.arriving.iterdir()), "the second copy is not kept"


def test_the_same_bytes_for_another_district_are_another_flight(client: TestClient, office: Office) -> None:
    first = hand_in(sign_in(client, "surveyor"), office, arrive(office)).json()
    other = hand_in(sign_in(client, "westerner"), office, arrive(office, by="westerner"), district=office.west.id)
    assert other.status_code == 201
    assert other.json()["id"] != first["id"]


def test_a_request_that_is_sent_twice_makes_one_flight(surveyor: TestClient, office: Office) -> None:
    upload = arrive(office)
    first, second = (hand_in(surveyor, office, upload).json() for _ in range(2))
    assert first == second


def test_what_was_interrupted_after_the_bytes_were_kept_is_finished_by_the_next_request(office: Office) -> None:
    upload, desk, person = arrive(office), office.desk, office.people["surveyor"]
    desk.partials.sha256(desk.partials.find(upload, person.id))
    desk.files.keep_original(desk.files.arriving / f"{upload}.part", sha256=SHA256, name="a.tif")
    delivery = Delivery(upload=upload, name="North slope", district=office.east.id)
    received = receive(desk, person, delivery, now=office.clock())
    assert received.flight.state is FlightState.RECEIVED
    assert desk.files.original(SHA256).read_bytes() == BYTES


def test_an_upload_with_missing_bytes_is_no_flight(surveyor: TestClient, office: Office) -> None:
    upload = arrive(office, missing=3)
    answer = hand_in(surveyor, office, upload)
    assert answer.status_code == 409
    assert "3 bytes" in answer.json()["detail"]
    (begun,) = surveyor.get("/api/v1/uploads").json()
    assert begun["sent"] == len(BYTES) - 3


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"flown_on": "2026-12-24"}, 422),
        ({"flown_on": "yesterday"}, 422),
        ({"name": ""}, 422),
        ({"name": "   "}, 422),
        ({"name": "x" * 300}, 422),
        ({"district": "none"}, 404),
        ({"upload": "0" * 32}, 404),
        ({"upload": "../../etc/passwd"}, 404),
        ({"state": "scanned"}, 422),
    ],
)
def test_what_cannot_be_right_is_refused_and_the_bytes_stay(
    surveyor: TestClient, office: Office, said: dict[str, str], status: int
) -> None:
    upload = arrive(office)
    assert hand_in(surveyor, office, upload, **said).status_code == status
    assert office.started == []
    assert hand_in(surveyor, office, upload).status_code == 201


def test_a_district_of_others_does_not_exist(surveyor: TestClient, office: Office) -> None:
    there = hand_in(surveyor, office, arrive(office), district=office.west.id)
    nowhere = hand_in(surveyor, office, arrive(office), district="f" * 32)
    assert there.status_code == nowhere.status_code == 404
    assert there.json() == nowhere.json()


def test_an_upload_of_somebody_else_is_not_handed_in(client: TestClient, office: Office) -> None:
    upload = arrive(office, by="surveyor")
    assert hand_in(sign_in(client, "westerner"), office, upload, district=office.west.id).status_code == 404


def known(client: TestClient, path: Path) -> Any:
    return client.get(f"/api/v1/uploads/known?length={path.stat().st_size}&likeness={likeness_of(path)}").json()


def test_a_file_is_recognised_before_it_is_sent(client: TestClient, office: Office, tmp_path: Path) -> None:
    (tmp_path / "copy.tif").write_bytes(BYTES)
    (tmp_path / "other.tif").write_bytes(BYTES[:-1] + b"!")
    sign_in(client, "surveyor")
    assert known(client, tmp_path / "copy.tif") == []
    flight = hand_in(client, office, arrive(office)).json()
    (like,) = known(client, tmp_path / "copy.tif")
    assert like == {"id": flight["id"], "name": "North slope", "address": flight["address"]}
    assert known(client, tmp_path / "other.tif") == []
    assert known(sign_in(client, "westerner"), tmp_path / "copy.tif") == [], "not of that district"


def test_only_surveyors_see_the_page_of_uploads(client: TestClient, office: Office) -> None:
    arrive(office, missing=16)
    page = sign_in(client, "surveyor").get("/upload").text
    assert "north slope.tif" in page
    assert "50 % sent" in page
    assert sign_in(client, "reviewer").get("/upload").status_code == 403


def test_the_day_of_a_flight_may_be_today_where_the_people_are(client: TestClient, office: Office) -> None:
    office.clock.at = office.clock.at.replace(hour=20)  # in UTC; in Shanghai it is the next day
    tomorrow = (office.clock.at + timedelta(days=1)).date()
    assert f'type="date" required max="{tomorrow}"' in sign_in(client, "surveyor").get("/upload").text


def test_an_upload_of_yesterday_is_still_there_and_one_of_last_month_is_not(office: Office) -> None:
    arrive(office, missing=1)
    office.clock.forward(hours=24)
    assert len(office.desk.partials.of(office.people["surveyor"].id)) == 1
    office.clock.at += timedelta(days=30)
    assert office.desk.partials.of(office.people["surveyor"].id) == ()
