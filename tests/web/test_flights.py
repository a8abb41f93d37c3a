"""The list of flights: what needs me first, found by words and states, in pages, in both languages."""

import re

import pytest
from fastapi.testclient import TestClient
from offices import Office, sign_in

from pipeline.domain.flight import FlightState
from pipeline.store.flights import move_flight


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/flights/[^"]+">([^<]+)</a>', page)


def move(office: Office, flight: str, *states: FlightState) -> None:
    with office.database.transaction() as connection:
        for state in states:
            move_flight(connection, flight, state, now=office.clock(), reason="blurred")


def test_what_needs_me_comes_first_then_mine_then_the_rest(client: TestClient, office: Office) -> None:
    for name, by in (("stuck", "surveyor"), ("mine", "surveyor"), ("theirs", "manager")):
        flight = office.fly(name, by)
        office.clock.forward(minutes=1)
        if name == "stuck":
            move(office, flight.id, FlightState.CHECKING, FlightState.UNUSABLE)
    page = sign_in(client, "surveyor").get("/flights").text
    assert names(page) == ["stuck", "mine", "theirs"]
    assert page.index("Needs you") < page.index("stuck") < page.index("Yours") < page.index("All others")
    assert "blurred" in page


def test_a_list_in_another_order_has_no_headings(client: TestClient, office: Office) -> None:
    for name in ("b", "c", "a"):
        office.fly(name)
    page = sign_in(client, "surveyor").get("/flights?order=name").text
    assert names(page) == ["a", "b", "c"]
    assert "Yours" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("text=terrace", {"Terrace 1", "Terrace 2"}),
        ("text=%25", set()),
        ("text=' OR 1=1 --", set()),
        ("state=again", {"Ridge"}),
        ("state=working", {"Terrace 1", "Terrace 2", "Manager's"}),
        ("mine=yes", {"Terrace 1", "Terrace 2", "Ridge"}),
        ("mine=yes&state=working&text=2", {"Terrace 2"}),
    ],
)
def test_flights_are_found_by_words_states_and_whose_they_are(
    client: TestClient, office: Office, query: str, expected: set[str]
) -> None:
    office.fly("Terrace 1")
    office.fly("Terrace 2")
    office.fly("Manager's", "manager")
    office.not_flown("Ridge")
    page = sign_in(client, "surveyor").get(f"/flights?{query}").text
    assert {name.replace("&#39;", "'") for name in names(page)} == expected


def test_an_empty_list_says_what_to_do_and_an_empty_answer_how_to_see_all(client: TestClient, office: Office) -> None:
    sign_in(client, "surveyor")
    assert "No flights yet" in client.get("/flights").text
    office.fly("Terrace")
    page = client.get("/flights?text=nothing-like-it").text
    assert "No flight fits" in page
    assert "Show all flights" in page


def test_a_long_list_has_pages_with_counts_and_keeps_its_question(client: TestClient, office: Office) -> None:
    office.fly_many(f"Terrace {number:03}" for number in range(101))
    sign_in(client, "surveyor")
    first = client.get("/flights?text=terrace&order=name")
    assert "101 flights" in first.text
    assert "1 to 50" in first.text
    assert "/flights?text=terrace&amp;order=name&amp;page=2" in first.text
    seen = [name for page in (1, 2, 3) for name in names(client.get(f"/flights?order=name&page={page}").text)]
    assert seen == [f"Terrace {number:03}" for number in range(101)]
    assert names(client.get("/flights?order=name&page=99").text) == ["Terrace 100"]


def test_htmx_gets_the_list_alone(client: TestClient, office: Office) -> None:
    office.fly("Terrace")
    part = sign_in(client, "surveyor").get("/flights", headers={"HX-Request": "true"}).text
    assert names(part) == ["Terrace"]
    assert "<html" not in part


def test_a_name_that_is_a_script_is_shown_and_not_run(client: TestClient, office: Office) -> None:
    office.fly("<script>alert(1)</script> %(name)s {{ 7 * 7 }}", note="<img src=x onerror=alert(1)>")
    office.not_flown("Ridge", reason="other: <b>%(x)s 100 %</b>")
    page = sign_in(client, "surveyor").get("/flights").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; %(name)s {{ 7 * 7 }}" in page
    assert "&lt;b&gt;%(x)s 100 %&lt;/b&gt;" in page


def test_the_list_speaks_chinese_and_so_do_the_reasons_that_we_know(client: TestClient, office: Office) -> None:
    office.not_flown("山脊", reason="weather: 大雾")
    page = sign_in(client, "surveyor").get("/flights", headers={"Accept-Language": "zh-CN"}).text
    assert "需要您处理" not in page
    assert "未飞" in page
    assert "天气 · 大雾" in page
    assert "2026年11月26日 20:00" in page


def test_an_administrator_is_told_why_there_are_no_flights(client: TestClient) -> None:
    answer = sign_in(client, "administrator").get("/flights")
    assert answer.status_code == 403
    assert "Your roles see no flights" in answer.text


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "order=random", "state=none", "mine=perhaps", "text=" + "x" * 101]
)
def test_a_question_that_makes_no_sense_is_refused(client: TestClient, query: str) -> None:
    assert sign_in(client, "surveyor").get(f"/flights?{query}").status_code == 422
