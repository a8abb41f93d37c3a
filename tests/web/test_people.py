"""Administrators keep people; nobody else does, and nobody at all opens flights to themselves."""

import re
import threading

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from offices import NOON, PASSWORD, Office, csrf_of, sign_in
from pages import unclosed

from pipeline.domain.people import Person, Role
from pipeline.errors import NotAllowedError, PlotwatchError
from pipeline.store.ledger import history
from pipeline.store.people import person_by_id, person_named
from pipeline.workflow.keep_people import Access, entrust, lock_out

OWN = "five grey herons at noon"


def post(client: TestClient, path: str, **form: object) -> object:
    return client.post(path, data={"csrf": csrf_of(client), **form})


def password_on(page: str) -> str:
    (password,) = re.findall(r"<code>([a-z2-9-]{24})</code>", page)
    return str(password)


def named(office: Office, name: str) -> Person:
    with office.database.snapshot() as connection:
        return person_named(connection, name)


def kinds(office: Office, person: Person) -> list[tuple[str, str | None]]:
    with office.database.snapshot() as connection:
        return [(leaf.kind, leaf.person) for leaf in history(connection, person.id)]


def test_the_list_is_searched_by_name_role_district_and_state(client: TestClient, office: Office) -> None:
    lock_out(office.database, office.people["administrator"], office.people["field"].id, why="left", now=NOON)
    sign_in(client, "administrator")
    everybody = client.get("/people").text
    assert not unclosed(everybody)
    assert "7 people" not in everybody
    assert "6 people" in everybody
    for question, found in {
        "text=SURV": {"surveyor"},
        "role=surveyor": {"surveyor", "westerner"},
        f"district={office.west.id}": {"manager", "administrator", "westerner"},
        "standing=locked": {"field"},
        "standing=paused": set(),
        "standing=invited": set(),
    }.items():
        page = client.get(f"/people?{question}").text
        assert set(re.findall(r'<a href="/people/\w+">(\w+)</a>', page)) == found, question
    assert "Nobody fits" in client.get("/people?text=zzz").text


def test_somebody_new_signs_in_once_and_then_with_a_password_of_their_own(client: TestClient, office: Office) -> None:
    sign_in(client, "administrator")
    form = {"name": "li.na", "role": ["surveyor", "reviewer"], "district": [office.east.id]}
    made = post(client, "/people/new", **form)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    password = password_on(made.text)
    added = named(office, "li.na")
    assert (added.roles, added.districts) == ({Role.SURVEYOR, Role.REVIEWER}, {office.east.id})
    assert kinds(office, added) == [("person.added", office.people["administrator"].id)]
    assert password not in client.get(f"/people/{added.id}").text
    client.cookies.clear()
    sign_in(client, "li.na", password)
    for path in ("/flights", "/upload", "/flights/not-flown"):
        assert client.get(path).headers["Location"] == "/account"
    assert client.get("/api/v1/flights").status_code == 403
    assert client.get("/flights", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account"
    assert "Choose a password of your own" in client.get("/account").text
    token = {"csrf": csrf_of(client), "name": "x", "scope": "flights:read"}
    assert client.post("/account/tokens", data=token).headers["Location"] == "/account"
    assert post(client, "/account/password", current=password, new=OWN).status_code == 303
    assert client.get("/flights").status_code == 200
    client.cookies.clear()
    assert client.post("/sign-in", data={"name": "li.na", "password": password}).status_code == 401


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("li na", 422, "has 1 to 100 characters and no space"),
        ("Surveyor", 409, "There is a person Surveyor already"),
        ("x" * 150, 422, "has 1 to 100 characters"),
    ],
)
def test_a_name_that_cannot_be_is_told_and_the_form_comes_back(
    client: TestClient, office: Office, name: str, status: int, words: str
) -> None:
    sign_in(client, "administrator")
    answer = post(client, "/people/new", name=name, role="field", district=office.west.id)
    assert answer.status_code == status
    assert words in answer.text
    assert not unclosed(answer.text)
    assert re.search(r'value="field" checked', answer.text)
    assert re.search(f'value="{office.west.id}" checked', answer.text)


def test_roles_and_districts_are_replaced_and_hold_at_once(client: TestClient, app: FastAPI, office: Office) -> None:
    office.fly("Terrace")
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as theirs:
        sign_in(theirs, "surveyor")
        assert "Terrace" in theirs.get("/flights").text
        sign_in(client, "administrator")
        person = office.people["surveyor"]
        answer = post(client, f"/people/{person.id}/access", role=["surveyor"], district=[office.west.id])
        assert answer.headers["Location"] == f"/people/{person.id}?done=access"
        assert "They hold at once" in client.get(answer.headers["Location"]).text
        assert "Terrace" not in theirs.get("/flights").text
    assert kinds(office, person)[-1] == ("person.changed", office.people["administrator"].id)


def test_a_locked_person_is_out_at_once_and_in_again_when_unlocked(
    client: TestClient, app: FastAPI, office: Office
) -> None:
    person = office.people["reviewer"]
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as theirs:
        sign_in(theirs, "reviewer")
        sign_in(client, "administrator")
        post(client, f"/people/{person.id}/lock", reason="on leave")
        assert theirs.get("/flights").status_code == 303
        page = client.get(f"/people/{person.id}").text
        assert not unclosed(page)
        assert "on leave" in page
        assert theirs.post("/sign-in", data={"name": "reviewer", "password": PASSWORD}).status_code == 401
        post(client, f"/people/{person.id}/unlock")
        sign_in(theirs, "reviewer")
    assert [kind for kind, _ in kinds(office, person)][1:] == ["person.locked", "person.unlocked"]


def test_a_pause_after_wrong_passwords_is_seen_and_opened(client: TestClient, office: Office) -> None:
    for _ in range(5):
        client.post("/sign-in", data={"name": "field", "password": "wrong"})
    sign_in(client, "administrator")
    assert ">field</a>" in client.get("/people?standing=paused").text
    page = client.get(f"/people/{office.people['field'].id}").text
    assert "It opens by itself at" in page
    assert "5 wrong passwords in a row" in page
    post(client, f"/people/{office.people['field'].id}/unlock")
    client.cookies.clear()
    sign_in(client, "field")


def test_a_lost_password_is_replaced_by_one_that_opens_one_page(
    client: TestClient, app: FastAPI, office: Office
) -> None:
    person = office.people["manager"]
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as theirs:
        sign_in(theirs, "manager")
        sign_in(client, "administrator")
        made = post(client, f"/people/{person.id}/password")
        assert theirs.get("/flights").status_code == 303
        assert theirs.post("/sign-in", data={"name": "manager", "password": PASSWORD}).status_code == 401
        sign_in(theirs, "manager", password_on(made.text))
        assert theirs.get("/flights").headers["Location"] == "/account"
    assert ">manager</a>" in client.get("/people?standing=invited").text
    assert kinds(office, person)[-1] == ("person.changed", office.people["administrator"].id)


def test_nobody_gives_themselves_more_and_the_last_administrator_stays(client: TestClient, office: Office) -> None:
    me = office.people["administrator"]
    flight = office.fly("Terrace")
    sign_in(client, "administrator")
    mine = {"role": ["administrator"], "district": [office.east.id, office.west.id]}
    more = post(client, f"/people/{me.id}/access", **(mine | {"role": ["administrator", "manager"]}))
    assert (more.status_code, "Nobody gives themselves roles" in more.text) == (403, True)
    last = post(client, f"/people/{me.id}/access", district=[office.east.id])
    assert (last.status_code, "The last administrator keeps that role" in last.text) == (403, True)
    for path in ("lock", "password"):
        assert post(client, f"/people/{me.id}/{path}", reason="x").status_code == 403
    assert named(office, "administrator") == me
    assert kinds(office, me) == [("person.added", None)]
    assert client.get(f"/flights/{flight.id}").status_code == 404
    less = post(client, f"/people/{me.id}/access", role=["administrator"])
    assert less.headers["Location"] == "/account"
    assert named(office, "administrator").districts == frozenset()


def test_an_administrator_may_go_when_another_is_there(client: TestClient, office: Office) -> None:
    sign_in(client, "administrator")
    post(client, f"/people/{office.people['manager'].id}/access", role=["administrator"])
    assert post(client, f"/people/{office.people['administrator'].id}/access").headers["Location"] == "/account"
    assert client.get("/people").status_code == 403


def test_two_who_take_the_role_from_each_other_do_not_both_succeed(office: Office) -> None:
    one, nothing = office.people["administrator"], Access(roles=frozenset(), districts=frozenset())
    access = Access(roles=frozenset({Role.ADMINISTRATOR}), districts=frozenset())
    two = entrust(office.database, one, office.people["manager"].id, access, now=NOON)
    refused: list[PlotwatchError] = []

    def take(keeper: Person, other: Person) -> None:
        try:
            entrust(office.database, keeper, other.id, nothing, now=NOON)
        except NotAllowedError as error:
            refused.append(error)

    threads = [threading.Thread(target=take, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with office.database.snapshot() as connection:
        left = [person_by_id(connection, person.id).roles for person in (one, two)]
    assert sorted(map(len, left)) == [0, 1]


def test_a_district_is_added_once(client: TestClient) -> None:
    sign_in(client, "administrator")
    assert post(client, "/people/districts", name=" North  county ").status_code == 303
    assert "North county" in client.get("/people").text
    assert post(client, "/people/districts", name="North county").status_code == 409
    assert post(client, "/people/districts", name="   ").status_code == 422


WRONG = {
    "/people/new": {"name": "mallory", "role": "administrator"},
    "/people/districts": {"name": "Mine"},
    "/people/{me}/access": {"role": "administrator"},
    "/people/{other}/access": {"role": "field"},
    "/people/{other}/lock": {"reason": "because"},
    "/people/{other}/unlock": {},
    "/people/{other}/password": {},
    "/people/{me}/password": {},
}


@pytest.mark.parametrize("name", ["surveyor", "reviewer", "field", "manager", "westerner"])
def test_nobody_but_an_administrator_changes_or_sees_anything_of_people(
    client: TestClient, office: Office, name: str
) -> None:
    sign_in(client, name)
    me, other = office.people[name], office.people["administrator"]
    with office.database.snapshot() as connection:
        before = [history(connection, person.id) for person in office.people.values()]
    for path, form in WRONG.items():
        answer = post(client, path.format(me=me.id, other=other.id), **form)
        assert answer.status_code == 403, path
    for path in ("/people", "/people/new", f"/people/{me.id}", f"/people/{other.id}", "/people/none"):
        assert client.get(path).status_code == 403, path
    assert "/people" not in client.get("/account").text
    with office.database.snapshot() as connection:
        assert [history(connection, person.id) for person in office.people.values()] == before
        assert person_named(connection, name) == me


def test_an_administrator_needs_the_token_of_their_session_for_every_change(client: TestClient, office: Office) -> None:
    sign_in(client, "administrator")
    other = office.people["surveyor"]
    for path, form in WRONG.items():
        address = path.format(me=other.id, other=other.id)
        for more in ({}, {"csrf": "wrong"}):
            assert client.post(address, data={**form, **more}).status_code == 403, path
        foreign = {"csrf": csrf_of(client), **form}
        assert client.post(address, data=foreign, headers={"Origin": "https://evil.test"}).status_code == 403, path
    assert named(office, "surveyor") == other


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/people/none/access", {"role": "field"}, 404),
        ("/people/none/lock", {"reason": "x"}, 404),
        ("/people/none/password", {}, 404),
        ("/people/{other}/access", {"role": "owner"}, 422),
        ("/people/{other}/access", {"role": "field", "district": "none"}, 404),
        ("/people/{other}/lock", {"reason": ""}, 422),
        ("/people/{other}/lock", {"reason": "   "}, 422),
        ("/people/{other}/lock", {"reason": "x" * 501}, 422),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    client: TestClient, office: Office, path: str, form: dict[str, str], status: int
) -> None:
    sign_in(client, "administrator")
    other = office.people["surveyor"]
    assert post(client, path.format(other=other.id), **form).status_code == status
    assert named(office, "surveyor") == other


def test_somebody_who_lost_the_role_meanwhile_changes_nothing_with_what_they_still_hold(office: Office) -> None:
    stale = office.people["administrator"]
    access = Access(roles=frozenset({Role.ADMINISTRATOR}), districts=frozenset())
    other = entrust(office.database, stale, office.people["manager"].id, access, now=NOON)
    nothing = Access(roles=frozenset(), districts=frozenset())
    entrust(office.database, other, stale.id, nothing, now=NOON)
    with pytest.raises(NotAllowedError):
        lock_out(office.database, stale, office.people["field"].id, why="revenge", now=NOON)
    assert not named(office, "field").locked


def test_the_way_in_leads_an_administrator_to_people(client: TestClient) -> None:
    sign_in(client, "administrator")
    assert client.get("/").headers["Location"] == "/people"
