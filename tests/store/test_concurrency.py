"""Two people in the same second: one is first, the other is told, and nothing is doubled."""

import threading
from collections.abc import Callable

import pytest
from survey import ONE_READ, Survey, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightState
from pipeline.errors import ConflictError, PlotwatchError
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.decisions import decide, decisions_on
from pipeline.store.districts import add_district
from pipeline.store.flags import flags_of_flight
from pipeline.store.flights import get_flight, move_flight
from pipeline.store.ledger import leaves


@pytest.fixture
def survey(database: Database) -> Survey:
    return set_up(database)


def at_once(*acts: Callable[[], object]) -> list[PlotwatchError | None]:
    """What each act said, all begun at the same moment."""
    begin = threading.Barrier(len(acts))
    said: list[PlotwatchError | None] = [None] * len(acts)

    def run(number: int, act: Callable[[], object]) -> None:
        begin.wait()
        try:
            act()
        except PlotwatchError as error:
            said[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_two_who_take_a_flag_one_has_it(survey: Survey) -> None:
    def take(name: str) -> Callable[[], object]:
        def act() -> None:
            with survey.database.transaction() as connection:
                looked(connection, survey.people[name], ONE_READ, now=survey.now)

        return act

    said = at_once(take("ada"), take("bai"))
    assert sum(error is None for error in said) == 1
    assert sum(isinstance(error, ConflictError) for error in said) == 1


def test_a_verdict_sent_twice_at_once_is_one_decision(survey: Survey) -> None:
    with survey.database.transaction() as connection:
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
    said = ruling(ONE_READ, Verdict.REJECT)

    def act() -> None:
        with survey.database.transaction() as connection:
            decide(connection, survey.sessions["ada"], said, now=survey.now)

    at_once(act, act, act)
    with survey.database.snapshot() as connection:
        assert len(decisions_on(connection, ONE_READ)) == 1
        assert flags_of_flight(connection, survey.flight)[0].status is FlagStatus.REJECTED
        assert audit(connection).wrong == ()


def test_a_flight_is_moved_by_one_of_two(survey: Survey) -> None:
    def move(to: FlightState) -> Callable[[], object]:
        def act() -> None:
            with survey.database.transaction() as connection:
                move_flight(connection, survey.flight, to, reason="r", now=survey.now)

        return act

    said = at_once(move(FlightState.CANCELLED), move(FlightState.CHECKING))
    with survey.database.snapshot() as connection:
        state = get_flight(connection, survey.flight).state
        assert audit(connection).wrong == ()
    # checking -> cancelled is a life, too: then both have their way, one after the other
    assert sum(error is None for error in said) in {1, 2}
    assert state in {FlightState.CANCELLED, FlightState.CHECKING}


def test_leaves_of_many_writers_are_one_row(database: Database) -> None:
    set_up(database)

    def add(number: int) -> Callable[[], object]:
        def act() -> None:
            with database.transaction() as connection:
                add_district(connection, f"区 {number}", by=None, now=Survey(database).now)

        return act

    assert at_once(*(add(number) for number in range(8))) == [None] * 8
    with database.snapshot() as connection:
        positions = [leaf.position for leaf in leaves(connection)]
        assert positions == list(range(1, len(positions) + 1))
        assert audit(connection).wrong == ()
