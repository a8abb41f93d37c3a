"""Pages of models: who sees what of a comparison, and a signature that is a person's own."""

import pytest
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from entered_models import a_challenger, a_founder
from fastapi.testclient import TestClient
from offices import NOON, PASSWORD, Office, csrf_of, sign_in
from pages import unclosed
from playwright.sync_api import Browser

from pipeline.store.audit import audit
from pipeline.store.files import COMPARISON
from pipeline.store.people import NewPerson, Role, add_person
from pipeline.store.registry import Model, champion, list_promotions
from pipeline.web.app import build_app

OTHERS = "five brown hills at dusk"
pytestmark = pytest.mark.learning


@pytest.fixture
def entered(office: Office) -> dict[str, Model]:
    flight = office.fly("Slope above the mill")
    founder = a_founder(office)
    flights = ((flight.id, flight.name), ("elsewhere", "Hidden valley"))
    return {
        "founder": founder,
        "better": a_challenger(office, "poppy-2", founder, gained=12, flights=flights),
        "unproven": a_challenger(office, "poppy-3", founder, gained=1),
    }


def sign(client: TestClient, path: str, **form: str) -> object:
    told = {"csrf": csrf_of(client), "password": PASSWORD, "reason": "it finds more"} | form
    return client.post(path, data=told)


def of_office(office: Office) -> Model | None:
    with office.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        return champion(connection)


def test_a_manager_sees_what_was_measured_with_its_n_and_a_flight_of_their_own(
    client: TestClient, entered: dict[str, Model]
) -> None:
    sign_in(client, "manager")
    overview = client.get("/models").text
    assert not unclosed(overview)
    assert overview.count("<article") == 2
    for told in ("Not shown to be better", "Better", "n = 80", "Nobody has signed for a model yet"):
        assert told in overview, told
    page = client.get(f"/models/{entered['better'].id}").text
    assert not unclosed(page)
    for told in (
        "+30.0",
        "n = 80",
        "Slope above the mill",
        "not yours to see: 1",
        "on the server: 1",
        "Labels settled",
    ):
        assert told in page, told
    for hidden in ("Hidden valley", "Secret slope"):
        assert hidden not in page


def test_an_administrator_sees_models_and_no_flight_and_signs_for_nothing(
    client: TestClient, office: Office, entered: dict[str, Model]
) -> None:
    sign_in(client, "administrator")
    page = client.get(f"/models/{entered['better'].id}").text
    assert "Slope above the mill" not in page
    assert "not yours to see: 2" in page
    assert 'name="password"' not in page + client.get("/models").text
    assert sign(client, f"/models/{entered['better'].id}/promote").status_code == 403
    assert of_office(office) is None


@pytest.mark.parametrize("name", ["reviewer", "surveyor", "field"])
def test_nobody_else_sees_models(client: TestClient, entered: dict[str, Model], name: str) -> None:
    sign_in(client, name)
    for path in ("/models", f"/models/{entered['better'].id}"):
        assert client.get(path).status_code == 403
    assert 'href="/models"' not in client.get("/account").text


def test_a_manager_signs_with_their_password_and_rolls_back(
    client: TestClient, office: Office, entered: dict[str, Model]
) -> None:
    sign_in(client, "manager")
    better = f"/models/{entered['better'].id}/promote"
    wrong = sign(client, better, password="not mine")  # noqa: S106
    assert (wrong.status_code, "password is wrong" in wrong.text) == (403, True)
    assert "it finds more" in wrong.text
    assert "not mine" not in wrong.text
    assert of_office(office) is None
    for refused in ({"reason": " "}, {"csrf": "0"}):
        assert sign(client, better, **refused).status_code == 403
    assert of_office(office) is None
    answer = sign(client, better)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/models?done=promoted")
    assert of_office(office).name == "poppy-2"
    page = client.get("/models").text
    assert "Roll back to demo-poppy" in page
    assert "That one scans no longer" in page  # of the other challenger
    assert sign(client, better).status_code == 403  # it is champion already
    office.clock.forward(minutes=1)
    elsewhere = sign(client, "/models/roll-back", onto=entered["unproven"].id)
    assert (elsewhere.status_code, "meanwhile" in elsewhere.text) == (409, True)
    assert of_office(office).name == "poppy-2"
    assert sign(client, "/models/roll-back", onto=entered["founder"].id).status_code == 303
    assert of_office(office).name == "demo-poppy"
    with office.database.snapshot() as connection:
        signed = list_promotions(connection)
    assert [one.step for one in signed] == ["roll_back", "promotion", "founding"]
    assert {one.signed_by for one in signed} == {"manager"}


def test_what_was_not_shown_to_be_better_needs_a_reason_for_doing_so_all_the_same(
    client: TestClient, office: Office, entered: dict[str, Model]
) -> None:
    sign_in(client, "manager")
    path = f"/models/{entered['unproven'].id}"
    assert 'name="override"' in client.get(path).text
    assert "not shown to be better is promoted only" in sign(client, f"{path}/promote").text.lower()
    assert of_office(office) is None
    assert sign(client, f"{path}/promote", override="a trial in one district").status_code == 303
    assert "a trial in one district" in client.get("/models").text


def test_nobody_signs_in_anothers_name_or_for_a_report_that_was_altered(
    client: TestClient, office: Office, entered: dict[str, Model]
) -> None:
    with office.database.transaction() as connection:
        hashed = office.services().passwords.hash(OTHERS)
        new = NewPerson(name="wei", password_hash=hashed, roles=frozenset({Role.MANAGER}), districts=frozenset())
        add_person(connection, new, by=None, now=NOON)
    sign_in(client, "wei", OTHERS)
    better = f"/models/{entered['better'].id}"
    assert sign(client, f"{better}/promote", name="manager").status_code == 403  # the password is the manager's
    report = office.desk.files.model(entered["better"].id) / COMPARISON
    report.write_text(report.read_text("utf-8").replace("0.", "1.", 1), "utf-8")
    page = client.get(better).text
    assert "not the one that was entered" in page
    assert 'name="password"' not in page
    answer = sign(client, f"{better}/promote", password=OTHERS)
    assert answer.status_code == 409
    assert of_office(office) is None
    assert client.get("/models/nothing").status_code == 404


def test_models_are_readable_for_everybody_on_a_phone(
    browser: Browser, office: Office, entered: dict[str, Model]
) -> None:
    with served(build_app(office.services())) as address:
        for locale, size in (("en-GB", DESK), ("zh-CN", PHONE)):
            with visitor(browser, address, viewport=size, locale=locale) as context:
                page = let_in(context, office, "manager", address)
                for path in ("/models", f"/models/{entered['better'].id}", f"/models/{entered['unproven'].id}"):
                    page.goto(path)
                    assert findings(page) == []
                    assert not wide(page), path
