"""A person makes tokens for their scripts and ends their own sessions, and nobody else's."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from offices import PASSWORD, Office, csrf_of, sign_in
from pages import unclosed


def make(client: TestClient, **form: object) -> object:
    given = {"csrf": csrf_of(client), "name": "at night", "days": 30, "scope": ["flights:read"], **form}
    return client.post("/account/tokens", data=given)


def test_a_token_is_shown_once_works_and_is_revoked(client: TestClient, office: Office) -> None:
    office.fly("Terrace")
    sign_in(client, "surveyor")
    made = make(client)
    assert made.status_code == 201
    (secret,) = re.findall(r"<code>(plotwatch_\S+)</code>", made.text)
    page = client.get("/account").text
    assert secret not in page
    assert "at night" in page
    assert "never used" in page
    assert not unclosed(page)
    bearer = {"Authorization": f"Bearer {secret}"}
    cookies = dict(client.cookies)
    client.cookies.clear()
    assert client.get("/api/v1/flights", headers=bearer).json()["total"] == 1
    assert client.post("/api/v1/uploads", headers=bearer).status_code == 401
    client.cookies.update(cookies)
    page = client.get("/account").text
    assert "never used" not in page
    (address,) = re.findall(r'action="(/account/tokens/\w+/revoke)"', page)
    form = {"csrf": csrf_of(client)}
    assert client.post(address, data=form).headers["Location"] == "/account?done=revoked"
    assert client.post(address, data=form).status_code == 404
    client.cookies.clear()
    assert client.get("/api/v1/flights", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("surveyor", {"name": "  "}, "Say which script will have it."),
        ("surveyor", {"scope": []}, "Say what it is for"),
        ("reviewer", {"scope": ["flights:upload"]}, "A token opens no more than its person may do."),
        ("administrator", {}, "None of your roles opens anything to a script."),
    ],
)
def test_a_token_for_nothing_or_too_much_is_not_made(
    client: TestClient, name: str, form: dict[str, object], words: str
) -> None:
    sign_in(client, name)
    answer = make(client, **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "/revoke" not in client.get("/account").text


@pytest.mark.parametrize("form", [{"days": 0}, {"days": 367}, {"scope": ["verdicts"]}, {"name": "x" * 101}])
def test_a_token_that_no_form_offers_is_refused(client: TestClient, form: dict[str, object]) -> None:
    sign_in(client, "surveyor")
    assert make(client, **form).status_code == 422


def test_a_person_has_so_many_tokens(client: TestClient) -> None:
    sign_in(client, "surveyor")
    statuses = [make(client).status_code for _ in range(21)]
    assert statuses == [201] * 20 + [409]
    assert "A person has at most 20 tokens" in make(client).text


def test_nobody_ends_a_token_or_a_session_of_somebody_else(client: TestClient, app: FastAPI) -> None:
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as theirs:
        sign_in(theirs, "surveyor")
        make(theirs)
        sign_in(theirs, "surveyor")
        page = theirs.get("/account").text
        (token,) = re.findall(r'action="(/account/tokens/\w+/revoke)"', page)
        with TestClient(app, base_url="https://plots.test", follow_redirects=False) as again:
            sign_in(again, "surveyor")
            (session,) = re.findall(r'action="(/account/sessions/\w+/end)"', again.get("/account").text)
        for name in ("reviewer", "administrator", "westerner"):
            sign_in(client, name)
            for address in (token, session):
                assert client.post(address, data={"csrf": csrf_of(client)}).status_code == 404, (name, address)
        assert theirs.get("/flights").status_code == 200


def test_a_person_sees_where_they_are_signed_in_and_ends_the_others(client: TestClient, app: FastAPI) -> None:
    with (
        TestClient(app, base_url="https://plots.test", follow_redirects=False) as phone,
        TestClient(app, base_url="https://plots.test", follow_redirects=False) as desk,
    ):
        for one in (client, phone, desk):
            sign_in(one, "surveyor")
        addresses = re.findall(r'action="(/account/sessions/\w+/end)"', client.get("/account").text)
        assert len(addresses) == 2
        form = {"csrf": csrf_of(client)}
        assert client.post(addresses[0], data=form).headers["Location"] == "/account?done=ended"
        assert sorted(one.get("/flights").status_code for one in (phone, desk)) == [200, 303]
        client.post("/account/sessions/end-others", data=form)
        assert [one.get("/flights").status_code for one in (client, phone, desk)] == [200, 303, 303]


def test_the_password_one_has_cannot_be_guessed_through_the_form_that_changes_it(
    client: TestClient, office: Office
) -> None:
    sign_in(client, "surveyor")
    office.clock.forward(seconds=1)
    form = {"csrf": csrf_of(client), "current": "wrong wrong wrong", "new": "five grey herons at noon"}
    assert [client.post("/account/password", data=form).status_code for _ in range(5)] == [422] * 5
    right = client.post("/account/password", data=form | {"current": PASSWORD})
    assert right.status_code == 429
    assert "Too many wrong passwords" in right.text
    office.clock.forward(minutes=16)
    assert client.post("/account/password", data=form | {"current": PASSWORD}).status_code == 303
