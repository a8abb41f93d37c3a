"""Readers in the same second, on both engines, through the doors: one is first, nothing doubles, nobody fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flown import scan
from offices import Office, office_on
from reading_desks import NO, YES, Desk, hire

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import Flight
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.decisions import decisions_on
from pipeline.store.flags import flags_of_flight
from pipeline.store.stops import turn_switch
from pipeline.web.app import build_app

pytestmark = pytest.mark.uncounted
NAMES = ("a", "b", "c", "d")
ROUNDS = 6
ACTS = 60
SCREEN = ("picture", "overview")


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """The bureau of the other tests, on each engine in turn."""
    made = office_on(database, tmp_path)
    hire(made, NAMES)
    return made


@pytest.fixture
def flights(office: Office) -> list[Flight]:
    return [scan(office, office.fly(f"flight {number}")) for number in range(2)]


@pytest.fixture
def open_desk(office: Office) -> Iterator[Callable[[str], Desk]]:
    """A browser of somebody; each has its own line to the server."""
    app, number = build_app(office.services()), iter(range(0, 10_000, 1000))
    with ExitStack() as closing:

        def opened(name: str) -> Desk:
            made = Desk(app, name)
            made.number = next(number)
            closing.callback(made.client.close)
            return made

        yield opened


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act was answered, all begun at the same moment."""
    begin, said = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        begin.wait()
        said[number] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def codes(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def given(office: Office, flights: list[Flight]) -> list[int]:
    """How many decisions each flag has; the ledger is whole."""
    with office.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        return sorted(
            len(decisions_on(connection, flag.id)) for one in flights for flag in flags_of_flight(connection, one.id)
        )


def test_readers_who_ask_in_the_same_second_are_given_different_items(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    assert flights
    desks = [open_desk(name) for name in NAMES]
    for _ in range(ROUNDS):
        answers = at_once(*(lambda one=one: one.post("next", {"want": 1}) for one in desks))
        assert codes(answers) == [200] * 4, [answer.text for answer in answers]
        in_hand = [reading["id"] for answer in answers for reading in answer.json()["readings"]]
        assert len(set(in_hand)) == len(in_hand) == 4, "four items wait, and nobody goes away empty-handed"
        office.clock.forward(minutes=16)  # all run out: whoever is next takes them over at once


def test_two_tabs_that_ask_in_the_same_second_hold_no_more_than_one_may(
    flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    assert flights
    one, other = open_desk("a"), open_desk("a")
    answers = at_once(*(lambda tab=tab: tab.post("next", {"want": 2}) for tab in (one, other)))
    assert codes(answers) == [200, 200], [answer.text for answer in answers]
    shown = [[reading["id"] for reading in answer.json()["readings"]] for answer in answers]
    assert shown[0] == shown[1], "both tabs show the same two"
    assert len(open_desk("b").next(want=4)) == 2


def test_a_verdict_sent_many_times_at_once_is_one_decision_and_one_answer(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    a = open_desk("a")
    for number in range(1, 5):
        (reading,) = a.next()
        a.look(reading)
        body: dict[str, object] = {"decision": f"{number:032x}", "verdict": "confirm", "reason": "planted"}
        answers = at_once(*(lambda r=reading, b=body: a.send(r, b) for _ in range(4)))
        assert codes(answers) == [200] * 4, [answer.text for answer in answers]
        assert len({answer.text for answer in answers}) == 1
    assert given(office, flights) == [1, 1, 1, 1]


def test_of_two_tabs_that_disagree_one_is_heard(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    one, other = open_desk("a"), open_desk("a")
    (reading,) = one.next()
    one.look(reading)
    answers = at_once(lambda: one.say(reading, YES), lambda: other.say(reading, NO))
    assert codes(answers) == [200, 409], [answer.text for answer in answers]
    assert "you have judged this item already" in answers[0].text + answers[1].text
    assert given(office, flights) == [0, 0, 0, 1]


def test_after_the_opinion_is_seen_no_other_tab_corrects(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    one, other = open_desk("a"), open_desk("a")
    for _ in range(4):
        (reading,) = one.next()
        one.look(reading)
        assert one.say(reading, YES).status_code == 200
        assert one.post(f"readings/{reading['id']}/undo").status_code == 204
        seen, corrected = at_once(
            lambda r=reading: one.post(f"readings/{r['id']}/reveal"), lambda r=reading: other.say(r, NO)
        )
        assert seen.status_code == 200
        # either it came first, or it is refused; it never comes after
        assert corrected.status_code in {200, 403, 409}, corrected.text
        assert other.say(reading, NO).status_code in {403, 409}
    assert max(given(office, flights)) <= 2


def test_a_verdict_and_a_skip_of_the_same_item_leave_no_half(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    one, other = open_desk("a"), open_desk("a")
    for _ in range(4):
        (reading, *_) = one.next()
        one.look(reading)
        skipped, said = at_once(
            lambda r=reading: other.post(f"readings/{r['id']}/skip"), lambda r=reading: one.say(r, YES)
        )
        assert skipped.status_code == 204
        assert said.status_code in {200, 403, 409}, said.text
    assert max(given(office, flights)) <= 1


def test_while_the_switch_is_turned_items_are_given_before_it_or_not_at_all(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    assert flights
    a = open_desk("a")

    def stop() -> None:
        with office.database.transaction() as connection:
            turn_switch(connection, office.people["manager"], stopped=True, reason="wind", now=office.clock())

    answer, _ = at_once(lambda: a.post("next", {"want": 1}), stop)
    assert answer.status_code in {200, 409}, answer.text
    assert a.post("next", {"want": 1}).status_code == 409


def test_many_readers_work_through_everything_without_a_fault(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    """Four people read until nothing is left for them: each flag ends with two verdicts, whoever came first."""
    desks = [open_desk(name) for name in NAMES]
    odd: list[str] = []

    def work(desk: Desk) -> None:
        for _ in range(40):
            answer = desk.post("next", {"want": 2})
            if answer.status_code != 200:
                odd.append(answer.text)
            for reading in answer.json().get("readings", ()):
                desk.look(reading)
                said = desk.say(reading, YES)
                if said.status_code != 200:
                    odd.append(said.text)

    at_once(*(lambda one=one: work(one) for one in desks))
    assert odd == []
    assert given(office, flights) == [2, 2, 2, 2]
    with office.database.snapshot() as connection:
        assert {flag.status for one in flights for flag in flags_of_flight(connection, one.id)} == {
            FlagStatus.CONFIRMED
        }


@pytest.mark.soak
def test_whatever_readers_do_in_two_tabs_each_nothing_fails_and_the_ledger_is_whole(
    office: Office, flights: list[Flight], open_desk: Callable[[str], Desk]
) -> None:
    """Eight tabs of four readers take, look, judge, take back, reveal, skip and leave as it comes."""
    desks = [open_desk(name) for name in (*NAMES, *NAMES)]
    odd: list[str] = []

    def act(desk: Desk, chance: Random, seen: list[dict[str, Any]]) -> Any:
        door = chance.choice(("next", "next", "verdict", "verdict", "undo", "reveal", "skip", "release"))
        if door == "next" or not seen:
            answer = desk.post("next", {"want": chance.randint(1, 4)})
            seen[:] = answer.json().get("readings", [])
            return answer
        if door == "release":
            return desk.post("release")
        reading = chance.choice(seen)
        if door != "verdict":
            return desk.post(f"readings/{reading['id']}/{door}")
        tags = [desk.client.get(reading[name]["url"]).headers.get("ETag", "-").strip('"') for name in SCREEN]
        shown = desk.post(f"readings/{reading['id']}/shown", dict(zip(SCREEN, tags, strict=True)))
        return desk.say(reading, chance.choice((YES, NO))) if shown.status_code == 204 else shown

    def work(number: int) -> None:
        chance, seen = Random(number), list[dict[str, Any]]()
        for _ in range(ACTS):
            answer = act(desks[number], chance, seen)
            if answer.status_code not in {200, 204, 403, 404, 409, 422}:
                odd.append(f"{answer.status_code} {answer.text}")

    at_once(*(lambda number=number: work(number) for number in range(len(desks))))
    assert odd == []
    assert sum(given(office, flights)) >= len(NAMES)
