"""Every door, one by one: nobody comes in unknown, nothing is changed by a forged form, and districts are walls."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from offices import Office, sign_in

from pipeline.web.app import ROUTERS
from pipeline.web.problems import PROGRAMMING_INTERFACE

OPEN = {"/", "/language", "/sign-in", "/healthz", "/readyz", "/metrics", "/manifest.webmanifest"}
"""Addresses that need no sign-in, each for a reason that its file gives."""
READING = {"GET", "HEAD", "OPTIONS"}
PLACES = {"{layer}": "ground", "{zoom}": "12", "{column}": "7", "{row}": "7"}
"""What stands in places that only take certain values."""


def doors() -> Iterator[tuple[str, str]]:
    """Method and address of every route, with a made-up value in each place."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from ((method, route.path) for method in route.methods)


def filled(path: str) -> str:
    parts = (PLACES.get(part, part) for part in path.split("/"))
    return "/".join("none" if part.startswith("{") else part for part in parts)


def test_every_door_but_the_open_ones_asks_for_sign_in(client: TestClient) -> None:
    found = [(method, path) for method, path in doors() if path not in OPEN]
    assert len(found) > 5
    for method, path in found:
        answer = client.request(method, filled(path))
        scripts = path.startswith(PROGRAMMING_INTERFACE)
        assert answer.status_code == (401 if scripts else 303), (method, path)
        assert scripts or answer.headers["Location"].startswith("/sign-in"), (method, path)


def test_nothing_is_changed_by_a_form_without_the_token_of_the_session(client: TestClient) -> None:
    sign_in(client, "surveyor")
    found = [(method, path) for method, path in doors() if method not in READING and path not in OPEN]
    assert found
    for method, path in found:
        for form in ({}, {"csrf": "wrong"}):
            answer = client.request(method, filled(path), data=form)
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize("name", ["westerner", "administrator"])
def test_a_flight_of_a_district_that_is_not_mine_does_not_exist_for_me(
    client: TestClient, office: Office, name: str
) -> None:
    flight = office.fly("Hillside of the east")
    sign_in(client, name)
    assert "Hillside of the east" not in client.get("/flights").text
    assert client.get(f"/flights?district={office.east.id}&text=Hillside").text.count("Hillside of the east") == 0
    for method, path in doors():
        if "{flight_id}" in path and method in READING:
            there = client.request(method, filled(path.replace("{flight_id}", flight.id)))
            nowhere = client.request(method, filled(path.replace("{flight_id}", "f" * len(flight.id))))
            assert there.status_code == nowhere.status_code == 404, path
            assert there.text.replace(flight.id, "") == nowhere.text.replace("f" * len(flight.id), ""), path
