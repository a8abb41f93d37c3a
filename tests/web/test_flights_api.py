"""Scripts see the flights that their person sees, by a token with the scope for it."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from offices import Office, sign_in

from pipeline.store.tokens import NewToken, Scope, add_token, revoke_token
from pipeline.web.problems import PROGRAMMING_INTERFACE


def token(office: Office, name: str = "surveyor", scope: Scope = Scope.READ) -> tuple[dict[str, str], str]:
    new = NewToken(name="nightly", person=office.people[name].id, scopes=frozenset({scope}), lasts=timedelta(days=7))
    with office.database.transaction() as connection:
        secret, made = add_token(connection, new, by=None, now=office.clock())
    return {"Authorization": f"Bearer {secret}"}, made.id


def test_a_token_reads_the_list_and_a_flight(client: TestClient, office: Office) -> None:
    flight = office.fly("Terrace", note="north side")
    headers, _ = token(office)
    page = client.get("/api/v1/flights", headers=headers).json()
    assert (page["total"], page["page"], page["pages"]) == (1, 1, 1)
    (listed,) = page["flights"]
    assert listed == client.get(f"/api/v1/flights/{flight.id}", headers=headers).json()
    assert (listed["name"], listed["state"], listed["mine"]) == ("Terrace", "received", True)
    assert listed["received_at"] == "2026-11-26T12:00:00Z"
    assert "surveyor" not in str(page)


def test_the_list_is_asked_as_on_the_page(client: TestClient, office: Office) -> None:
    office.fly("Terrace")
    office.not_flown("Ridge")
    headers, _ = token(office)
    page = client.get("/api/v1/flights?state=again", headers=headers).json()
    assert [flight["name"] for flight in page["flights"]] == ["Ridge"]


def test_a_token_sees_the_districts_of_its_person_only(client: TestClient, office: Office) -> None:
    flight = office.fly("Terrace")
    headers, _ = token(office, "westerner")
    assert client.get("/api/v1/flights", headers=headers).json()["total"] == 0
    there = client.get(f"/api/v1/flights/{flight.id}", headers=headers)
    assert there.status_code == 404
    assert there.json() == client.get("/api/v1/flights/none", headers=headers).json()


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer x", "Bearer plotwatch_x_y", "Basic c3VydmV5b3I6eA=="])
def test_what_is_no_token_is_told_so(client: TestClient, sent: str) -> None:
    answer = client.get("/api/v1/flights", headers={"Authorization": sent})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_of_another_scope_old_or_revoked_opens_nothing(client: TestClient, office: Office) -> None:
    other, _ = token(office, scope=Scope.UPLOAD)
    assert client.get("/api/v1/flights", headers=other).status_code == 401
    revoked, name = token(office)
    with office.database.transaction() as connection:
        revoke_token(connection, name, by=None, now=office.clock())
    assert client.get("/api/v1/flights", headers=revoked).status_code == 401
    old, _ = token(office)
    office.clock.forward(days=8)
    assert client.get("/api/v1/flights", headers=old).status_code == 401


def test_a_token_opens_no_page(client: TestClient, office: Office) -> None:
    headers, _ = token(office)
    assert client.get("/flights", headers=headers).status_code == 303


def test_an_open_page_may_ask_like_a_script(client: TestClient, office: Office) -> None:
    office.fly("Terrace")
    assert sign_in(client, "surveyor").get("/api/v1/flights").json()["total"] == 1


def test_the_description_names_the_doors_the_token_and_no_page(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert {"/api/v1/flights", "/api/v1/flights/{flight_id}"} <= set(described["paths"])
    assert all(path.startswith(PROGRAMMING_INTERFACE) for path in described["paths"])
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    door = described["paths"]["/api/v1/flights"]["get"]
    assert door["security"]
    assert set(door["responses"]) == {"200", "401", "404", "422"}
    assert list(door["responses"]["422"]["content"]) == ["application/problem+json"]


def test_a_script_records_ground_that_could_not_be_flown(client: TestClient, office: Office) -> None:
    headers, _ = token(office, scope=Scope.UPLOAD)
    given = {"name": "Ridge", "district": office.east.id, "planned_on": "2026-11-25", "cause": "weather"}
    answer = client.post("/api/v1/flights/not-flown", json=given, headers=headers)
    assert answer.status_code == 201
    assert (answer.json()["state"], answer.json()["reason"]) == ("not_flown", "weather")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"district": "none"}, 404),
        ({"planned_on": "2027-01-01"}, 422),
        ({"cause": "laziness"}, 422),
        ({"cause": "other"}, 422),
        ({"name": ""}, 422),
        ({"pilot": "a person"}, 422),
    ],
)
def test_what_a_script_gets_wrong_is_said_and_not_repeated(
    client: TestClient, office: Office, changed: dict[str, str], status: int
) -> None:
    headers, _ = token(office, scope=Scope.UPLOAD)
    given = {"name": "Ridge", "district": office.east.id, "planned_on": "2026-11-25", "cause": "weather"}
    answer = client.post("/api/v1/flights/not-flown", json=given | changed, headers=headers)
    assert answer.status_code == status
    assert "laziness" not in answer.text


def test_a_token_that_reads_records_nothing(client: TestClient, office: Office) -> None:
    headers, _ = token(office)
    assert client.post("/api/v1/flights/not-flown", json={}, headers=headers).status_code == 401
