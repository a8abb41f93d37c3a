"""The queue of a reader: found through indices however many flags wait, and taken by one at a time."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from survey import CONTROL, ONE_READ, TWO_READS, Survey, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.errors import ConflictError, PlotwatchError
from pipeline.settings import ReviewSettings
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.leases import open_leases_of
from pipeline.store.queue import hold_flag, left_for, waiting_for
from pipeline.store.stops import hold_switch, is_stopped, turn_switch
from pipeline.workflow.offer import Offer, offer


@pytest.fixture
def survey(database: Database) -> Survey:
    return set_up(database)


def offered(survey: Survey, name: str) -> set[str]:
    """What may be put before somebody; held flags are those of the queue, each time."""
    person = survey.people[name]
    with survey.database.transaction() as connection:
        queue = {one.flag for one in waiting_for(connection, person, now=survey.now)}
        for flag in (ONE_READ, TWO_READS, CONTROL):
            assert hold_flag(connection, person, flag, now=survey.now) is (flag in queue)
        return set(queue)


def test_a_reader_is_offered_what_others_brought_of_their_district_and_nothing_twice(survey: Survey) -> None:
    everything = {ONE_READ, TWO_READS, CONTROL}
    assert offered(survey, "ada") == offered(survey, "bai") == everything
    assert offered(survey, "uploader") == offered(survey, "stranger") == set()
    with survey.database.transaction() as connection:
        looked(connection, survey.people["ada"], TWO_READS, now=survey.now)
        decide(connection, survey.sessions["ada"], ruling(TWO_READS, Verdict.REJECT), now=survey.now)
        looked(connection, survey.people["bai"], ONE_READ, now=survey.now)
    assert offered(survey, "ada") == {CONTROL}
    assert offered(survey, "cui") == {TWO_READS, CONTROL}
    with survey.database.snapshot() as connection:
        assert left_for(connection, survey.people["ada"]) == 2, "what is in another's hands may come back"
    survey.now += timedelta(minutes=15)
    assert offered(survey, "cui") == everything, "a lease that runs out returns its flag"


def test_a_flag_that_another_transaction_holds_is_passed_over_at_once(
    postgresql_database: Database,
) -> None:
    survey = set_up(postgresql_database)
    with survey.database.transaction() as first, survey.database.transaction() as second:
        assert hold_flag(first, survey.people["ada"], ONE_READ, now=survey.now)
        assert not hold_flag(second, survey.people["bai"], ONE_READ, now=survey.now)
        assert hold_flag(second, survey.people["bai"], TWO_READS, now=survey.now)


STOP = {"stopped": True, "reason": "wind"}


def in_a_thread(act: Callable[[], Any]) -> tuple[threading.Event, list[Any]]:
    """Begin ``act``; what tells that it is done, and what came of it."""
    done, came = threading.Event(), list[Any]()

    def run() -> None:
        try:
            came.append(act())
        except PlotwatchError as error:
            came.append(error)
        done.set()

    threading.Thread(target=run, daemon=True).start()
    return done, came


def test_the_switch_waits_for_whoever_is_being_offered_something(survey: Survey) -> None:
    def stop() -> None:
        with survey.database.transaction() as connection:
            turn_switch(connection, survey.people["manager"], **STOP, now=survey.now)

    with survey.database.transaction() as connection:
        assert not hold_switch(connection)
        done, _ = in_a_thread(stop)
        assert not done.wait(0.2), "what is offered now is offered before the stop"
        looked(connection, survey.people["ada"], ONE_READ, now=survey.now)
    assert done.wait(30)
    with survey.database.snapshot() as connection:
        assert is_stopped(connection)


def test_who_asks_while_the_switch_is_thrown_is_offered_nothing(survey: Survey) -> None:
    def ask() -> Offer:
        ada, rules = survey.people["ada"], ReviewSettings()
        return offer(survey.database, ada, rules, want=2, now=survey.now, today=survey.now.date())

    with survey.database.transaction() as connection:
        turn_switch(connection, survey.people["manager"], **STOP, now=survey.now)
        done, came = in_a_thread(ask)
        assert not done.wait(0.2), "nobody knows yet whether it is stopped"
    assert done.wait(30)
    assert isinstance(came[0], ConflictError), came
    with survey.database.snapshot() as connection:
        assert open_leases_of(connection, survey.people["ada"], now=survey.now) == ()


def test_no_table_is_read_from_end_to_end(sqlite_database: Database) -> None:
    survey = set_up(sqlite_database)
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        asked.append((statement, parameters))

    event.listen(sqlite_database.engine, "before_cursor_execute", note)
    with sqlite_database.snapshot() as connection:
        waiting_for(connection, survey.people["ada"], now=survey.now)
        left_for(connection, survey.people["ada"])
    event.remove(sqlite_database.engine, "before_cursor_execute", note)
    plans = []
    with sqlite_database.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
                plans.append([str(row[-1]) for row in rows])
    steps = [step for plan in plans for step in plan]
    assert sum("decisions_one_person (flag_id=? AND person_id=?)" in step for step in steps) >= 4
    assert any("flags_by_age (status=?" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN anon_1"], "what is counted, at most 1,000"
    assert not any("TEMP B-TREE" in step for step in steps)
