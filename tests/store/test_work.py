"""Which flights the machine has to do with, at which attempt, and who is at work."""

from datetime import timedelta
from pathlib import Path

import pytest
from databases import NOW
from handed_in import Bureau, a_bureau, a_flight_file

from pipeline.domain.flight import FlightState
from pipeline.store.database import Database
from pipeline.store.flights import move_flight
from pipeline.store.work import work_to_do
from pipeline.store.workers import all_workers, arrive, beat, is_anybody_at_work, leave

LOST = timedelta(seconds=30)


@pytest.fixture
def bureau(database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(database, tmp_path)


def to_do(bureau: Bureau) -> list[str]:
    with bureau.database.snapshot() as connection:
        return [attempt.id for attempt in work_to_do(connection)]


def test_a_flight_is_to_be_worked_on_until_it_ends_and_a_retry_is_the_next_attempt(
    bureau: Bureau, tmp_path: Path
) -> None:
    flight = bureau.hand_in(a_flight_file(tmp_path))

    def move(to: FlightState) -> None:
        with bureau.database.transaction() as connection:
            move_flight(connection, flight.id, to, now=NOW, reason="a test")

    assert to_do(bureau) == [f"{flight.id}-1"]
    move(FlightState.CHECKING)
    assert to_do(bureau) == [f"{flight.id}-1"]
    for attempt in (2, 3):
        move(FlightState.FAILED)
        assert to_do(bureau) == []
        move(FlightState.CHECKING)
        assert to_do(bureau) == [f"{flight.id}-{attempt}"]


def test_a_worker_is_at_work_until_it_leaves_or_falls_silent(database: Database) -> None:
    def anybody(after_s: float) -> bool:
        with database.snapshot() as connection:
            return is_anybody_at_work(connection, now=NOW + timedelta(seconds=after_s), lost_after=LOST)

    assert not anybody(0)
    with database.transaction() as connection:
        arrive(connection, "here-1", now=NOW)
    assert (anybody(30), anybody(31)) == (True, False)
    with database.transaction() as connection:
        beat(connection, "here-1", now=NOW + timedelta(seconds=20))
    assert (anybody(50), anybody(51)) == (True, False)
    with database.transaction() as connection:
        leave(connection, "here-1", now=NOW + timedelta(seconds=21))
    assert not anybody(22)
    with database.transaction() as connection:
        arrive(connection, "here-1", now=NOW + timedelta(seconds=23))
    assert anybody(24)
    with database.snapshot() as connection:
        assert [worker.name for worker in all_workers(connection)] == ["here-1"]
