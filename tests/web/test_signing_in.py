"""Sign-in lets the right ones in, keeps the others out for a while, and ends when it should."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from offices import PASSWORD, Office, csrf_of, sign_in


def test_the_right_password_opens_the_flights(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert client.get("/flights").status_code == 200


def test_the_cookie_is_secure_for_this_host_alone_and_no_script_reads_it(client: TestClient) -> None:
    answer = client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-plotwatch=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_without_tls_the_cookie_is_not_called_secure(app: FastAPI) -> None:
    with TestClient(app, base_url="http://plots.test", follow_redirects=False) as client:
        cookie = client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD}).headers["Set-Cookie"]
        assert cookie.startswith("plotwatch=")
        assert "Secure" not in cookie
        assert client.get("/flights").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("surveyor", "wrong"), ("nobody", PASSWORD), ("nobody", "wrong")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(client: TestClient, name: str, password: str) -> None:
    answer = client.post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "Name or password is not right" in answer.text
    assert password not in answer.text or password == "wrong"  # noqa: S105 the case, not a secret
    assert "Set-Cookie" not in answer.headers


def test_after_too_many_tries_the_page_says_when_to_try_again_and_then_it_works(
    client: TestClient, office: Office
) -> None:
    for _ in range(5):
        assert client.post("/sign-in", data={"name": "surveyor", "password": "wrong"}).status_code == 401
    paused = client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD})
    assert paused.status_code == 429
    assert "20:15:00" in paused.text  # a quarter of an hour after noon UTC, in the bureau's time zone
    office.clock.forward(minutes=15, seconds=1)
    sign_in(client, "surveyor")


def test_signing_in_again_makes_a_new_session_and_ends_the_old(client: TestClient) -> None:
    sign_in(client, "surveyor")
    old = client.cookies["__Host-plotwatch"]
    sign_in(client, "surveyor")
    new = client.cookies["__Host-plotwatch"]
    assert new != old
    client.cookies.clear()
    assert client.get("/flights", headers={"Cookie": f"__Host-plotwatch={old}"}).status_code == 303
    assert client.get("/flights", headers={"Cookie": f"__Host-plotwatch={new}"}).status_code == 200


def test_an_idle_session_ends(client: TestClient, office: Office) -> None:
    sign_in(client, "surveyor")
    for _ in range(3):
        office.clock.forward(minutes=50)
        assert client.get("/flights").status_code == 200
    office.clock.forward(minutes=61)
    assert client.get("/flights").headers["Location"] == "/sign-in?next=%2Fflights"


def test_a_busy_session_ends_after_its_day(client: TestClient, office: Office) -> None:
    sign_in(client, "surveyor")
    for _ in range(23):
        office.clock.forward(minutes=31)
        assert client.get("/flights").status_code == 200
    office.clock.forward(minutes=31)
    assert client.get("/flights").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(client: TestClient) -> None:
    sign_in(client, "surveyor")
    secret = client.cookies["__Host-plotwatch"]
    answer = client.post("/sign-out", data={"csrf": csrf_of(client)})
    assert answer.headers["Location"] == "/sign-in"
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert client.get("/flights", headers={"Cookie": f"__Host-plotwatch={secret}"}).status_code == 303


def test_who_wanted_a_page_gets_it_after_signing_in(client: TestClient) -> None:
    address = client.get("/flights?text=hill&page=2").headers["Location"]
    page = client.get(address).text
    assert "You were signed out" not in page
    assert "You were signed out" in client.get(address, headers={"Cookie": "__Host-plotwatch=over"}).text
    onward = re.search(r'name="next" value="([^"]+)"', page)
    assert onward
    assert onward[1].replace("&amp;", "&") == "/flights?text=hill&page=2"
    answer = client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD, "next": "/flights?page=2"})
    assert answer.headers["Location"] == "/flights?page=2"


@pytest.mark.parametrize("onward", ["//elsewhere.example", "https://elsewhere.example", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(client: TestClient, onward: str) -> None:
    assert 'name="next" value="/"' in client.get("/sign-in", params={"next": onward}).text
    data = {"name": "surveyor", "password": PASSWORD, "next": onward}
    assert client.post("/sign-in", data=data).headers["Location"] == "/"


def test_who_is_signed_in_is_not_asked_again(client: TestClient) -> None:
    assert sign_in(client, "surveyor").get("/sign-in").status_code == 303


def test_htmx_lets_the_whole_page_go_to_sign_in(client: TestClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://plots.test/flights?page=3"}
    answer = client.get("/flights", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Fflights%3Fpage%3D3"


def test_a_page_that_anybody_may_see_knows_who_is_signed_in(client: TestClient) -> None:
    assert "Sign out" not in client.get("/nothing").text
    assert "Sign out" in sign_in(client, "surveyor").get("/nothing").text


@pytest.mark.parametrize(("name", "address"), [("surveyor", "/flights"), ("administrator", "/people")])
def test_the_way_in_leads_to_what_a_person_may_see(client: TestClient, name: str, address: str) -> None:
    assert sign_in(client, name).get("/").headers["Location"] == address
