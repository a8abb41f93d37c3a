"""A person sees what they are here, and gives themselves a new password."""

import pytest
from fastapi.testclient import TestClient
from offices import PASSWORD, csrf_of, sign_in

NEW = "five grey herons at noon"


def test_the_account_names_roles_and_districts(client: TestClient) -> None:
    page = sign_in(client, "manager").get("/account").text
    assert "Manager" in page
    assert "East county, West county" in page


def test_a_new_password_works_the_old_does_not_and_other_sessions_end(client: TestClient) -> None:
    sign_in(client, "surveyor")
    elsewhere = client.cookies["__Host-plotwatch"]
    client.cookies.clear()
    sign_in(client, "surveyor")
    form = {"csrf": csrf_of(client), "current": PASSWORD, "new": NEW}
    assert client.post("/account/password", data=form).headers["Location"] == "/account?done=password"
    assert "Your password was changed" in client.get("/account?done=password").text
    client.cookies.clear()
    assert client.get("/flights", headers={"Cookie": f"__Host-plotwatch={elsewhere}"}).status_code == 303
    assert client.post("/sign-in", data={"name": "surveyor", "password": PASSWORD}).status_code == 401
    sign_in(client, "surveyor", NEW)


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("wrong wrong wrong", NEW, "The password you have now is not right."),
        (PASSWORD, "short", "The new password is too short."),
        (PASSWORD, "long" * 50, "The new password is too long."),
        (PASSWORD, PASSWORD, "The new password is the one you have."),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said(client: TestClient, current: str, new: str, words: str) -> None:
    sign_in(client, "surveyor")
    form = {"csrf": csrf_of(client), "current": current, "new": new}
    answer = client.post("/account/password", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert current not in answer.text
    client.cookies.clear()
    sign_in(client, "surveyor")
