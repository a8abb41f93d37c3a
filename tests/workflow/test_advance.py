"""The steps of a flight: what store and folders say after each, and what happens when something is in the way."""

import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import NOW, opened
from handed_in import Bureau, a_bureau, a_flight_file, here, left_alone
from uploads import write_upload

import pipeline.store.database
from pipeline.domain.flight import FlightState, FlightStep, StepState
from pipeline.errors import ConflictError, InvalidInputError, NoRoomError, NotAllowedError, NotFoundError
from pipeline.settings import ReviewSettings
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.flights import move_flight
from pipeline.store.ground import flights_with_looks
from pipeline.store.ledger import Kind, history
from pipeline.store.stops import SUBJECT, is_stopped, turn_switch
from pipeline.workflow.advance import advance, give_up_on
from pipeline.workflow.apart import Hear, Stage
from pipeline.workflow.hand_in import HandedIn, hand_in
from pipeline.workflow.order import alone_in

REPORT_DOES_NOT_FIT = 110_000
"""Bytes: the GeoPackage of 98,304 does."""
SURVEYED = ("received", "checking", "scanning", "scanned")


@pytest.fixture
def bureau(database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(database, tmp_path)


@pytest.fixture
def on_sqlite(sqlite_database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(sqlite_database, tmp_path)


def leaves_of(bureau: Bureau, subject: str) -> list[str]:
    with bureau.database.snapshot() as connection:
        return [leaf.kind for leaf in history(connection, subject)]


def test_a_flight_goes_through_its_steps_and_each_done_again_changes_nothing(bureau: Bureau, tmp_path: Path) -> None:
    source = a_flight_file(tmp_path)
    flight = bureau.hand_in(source)
    attempt = bureau.attempt(flight.id)
    seen = [bureau.flight(flight.id).state.value]
    for step in FlightStep:
        assert advance(bureau.shop(), attempt, step) is (step is not FlightStep.FLAGS)
        seen.append(bureau.flight(flight.id).state.value)
        advance(bureau.shop(), attempt, step)
    assert tuple(dict.fromkeys(seen)) == SURVEYED
    assert {step.state for step in bureau.steps(flight.id)} == {StepState.DONE}
    assert "100% of the ground" in bureau.steps(flight.id)[1].message
    assert [flag.label for flag in bureau.flags(flight.id)] == ["F00001", "F00002"]
    assert bureau.results(flight.id) == left_alone(bureau, source, tmp_path / "alone")
    after = bureau.flight(flight.id)
    assert (after.gsd_m, after.area_m2) == (0.02, pytest.approx(610 * 600 * 0.02**2))
    assert after.extent is not None
    assert after.extent.west == pytest.approx(111.0, abs=0.001)
    with bureau.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        assert flights_with_looks(connection) == {flight.id}
    kinds = leaves_of(bureau, flight.id)
    assert [kinds.count(kind) for kind in (Kind.FLAGS_RELEASED, Kind.SCAN_RECORDED, Kind.ORTHOMOSAIC_MADE)] == [1, 1, 1]
    assert sorted(path.name for path in bureau.files.working(flight.id).iterdir()) == [
        "intake.json", "orthomosaic.tif", "quality.json",
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_as_many_rejections_are_read_twice_as_the_settings_say(on_sqlite: Bureau, tmp_path: Path, share: float) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    attempt = on_sqlite.attempt(flight.id)
    shop = on_sqlite.shop()
    told = replace(shop, settings=replace(shop.settings, review=ReviewSettings(second_read_share=share)))
    for step in FlightStep:
        advance(told, attempt, step)
    assert [flag.second_read for flag in on_sqlite.flags(flight.id)] == [share == 1.0] * 2


def throw(bureau: Bureau, *, stopped: bool) -> None:
    with bureau.database.transaction() as connection:
        turn_switch(connection, bureau.manager, stopped=stopped, reason="a test", now=NOW)


def test_after_a_stop_nothing_is_released_until_it_is_lifted(bureau: Bureau, tmp_path: Path) -> None:
    flight = bureau.hand_in(a_flight_file(tmp_path))
    attempt, waited = bureau.attempt(flight.id), []
    for step in (FlightStep.INTAKE, FlightStep.QUALITY, FlightStep.SCAN, FlightStep.PLOTS):
        advance(bureau.shop(), attempt, step)
    throw(bureau, stopped=True)

    def wait(seconds: float) -> None:
        waited.append(seconds)
        assert bureau.flags(flight.id) == ()
        assert bureau.flight(flight.id).state is FlightState.SCANNING
        assert Kind.FLAGS_RELEASED not in leaves_of(bureau, flight.id)
        if len(waited) == 3:
            throw(bureau, stopped=False)

    advance(bureau.shop(wait=wait), attempt, FlightStep.FLAGS)
    assert len(waited) == 3
    assert len(bureau.flags(flight.id)) == 2


def test_a_stop_in_the_very_moment_of_release_releases_nothing(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flight = bureau.hand_in(a_flight_file(tmp_path))
    attempt = bureau.attempt(flight.id)
    for step in (FlightStep.INTAKE, FlightStep.QUALITY, FlightStep.SCAN, FlightStep.PLOTS):
        advance(bureau.shop(), attempt, step)
    collect = pipeline.workflow.advance.collect_findings

    def collect_and_stop(order: Any, settings: Any) -> dict[str, Any]:
        found = collect(order, settings)
        throw(bureau, stopped=True)
        return found

    monkeypatch.setattr("pipeline.workflow.advance.collect_findings", collect_and_stop)

    def wait(_: float) -> None:
        assert bureau.flags(flight.id) == ()
        monkeypatch.undo()
        throw(bureau, stopped=False)

    advance(bureau.shop(wait=wait), attempt, FlightStep.FLAGS)
    assert len(bureau.flags(flight.id)) == 2
    assert leaves_of(bureau, flight.id).count(Kind.FLAGS_RELEASED) == 1


def test_only_managers_and_administrators_turn_the_switch_and_each_turn_is_a_leaf(bureau: Bureau) -> None:
    with pytest.raises(NotAllowedError), bureau.database.transaction() as connection:
        turn_switch(connection, bureau.surveyor, stopped=True, reason="because", now=NOW)
    throw(bureau, stopped=True)
    with bureau.database.snapshot() as connection:
        assert is_stopped(connection)
    assert leaves_of(bureau, SUBJECT) == [Kind.STOP]


def move(bureau: Bureau, flight: Any, to: FlightState) -> None:
    with bureau.database.transaction() as connection:
        move_flight(connection, flight, to, now=NOW, reason="a test", by=bureau.surveyor.id)


def test_a_cancelled_flight_ends_and_a_retry_is_a_new_attempt_with_the_same_flags(
    on_sqlite: Bureau, tmp_path: Path
) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    first = on_sqlite.attempt(flight.id)
    advance(on_sqlite.shop(), first, FlightStep.INTAKE)
    move(on_sqlite, flight.id, FlightState.CANCELLED)
    assert not advance(on_sqlite.shop(), first, FlightStep.QUALITY)
    assert on_sqlite.flight(flight.id).state is FlightState.CANCELLED
    move(on_sqlite, flight.id, FlightState.CHECKING)
    second = on_sqlite.attempt(flight.id)
    assert (first.number, second.number) == (1, 2)
    assert not advance(on_sqlite.shop(), first, FlightStep.QUALITY), "the first attempt is over"
    for step in FlightStep:
        advance(on_sqlite.shop(), second, step)
    assert [flag.label for flag in on_sqlite.flags(flight.id)] == ["F00001", "F00002"]


def test_a_file_of_no_use_makes_its_flight_unusable_with_a_sentence(on_sqlite: Bureau, tmp_path: Path) -> None:
    (tmp_path / "letter.tif").write_bytes(b"%PDF-1.7 not a picture")
    flight = on_sqlite.hand_in(tmp_path / "letter.tif")
    assert not advance(on_sqlite.shop(), on_sqlite.attempt(flight.id), FlightStep.INTAKE)
    after = on_sqlite.flight(flight.id)
    assert after.state is FlightState.UNUSABLE
    assert "letter.tif" in after.reason
    assert list(on_sqlite.files.working(flight.id).iterdir()) == []


def test_ground_too_coarse_is_unusable_and_not_scanned(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(write_upload(tmp_path / "coarse.tif", gsd_m=0.35))
    attempt = on_sqlite.attempt(flight.id)
    assert advance(on_sqlite.shop(), attempt, FlightStep.INTAKE)
    assert not advance(on_sqlite.shop(), attempt, FlightStep.QUALITY)
    after = on_sqlite.flight(flight.id)
    assert after.state is FlightState.UNUSABLE
    assert "35.00 cm a pixel is too coarse" in after.reason
    assert not advance(on_sqlite.shop(), attempt, FlightStep.SCAN)


def test_a_missing_model_fails_the_flight_and_what_nobody_foresaw_has_a_number(
    on_sqlite: Bureau, tmp_path: Path
) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    attempt = on_sqlite.attempt(flight.id)
    advance(on_sqlite.shop(), attempt, FlightStep.INTAKE)
    without = on_sqlite.shop(settings=replace(on_sqlite.settings, model=tmp_path / "none"))
    assert not advance(without, attempt, FlightStep.QUALITY)
    assert on_sqlite.flight(flight.id).state is FlightState.FAILED
    move(on_sqlite, flight.id, FlightState.CHECKING)

    def broken(*_: object) -> dict[str, Any]:
        raise RuntimeError("a secret of the machine")

    assert not advance(on_sqlite.shop(apart=broken), on_sqlite.attempt(flight.id), FlightStep.QUALITY)
    after = on_sqlite.flight(flight.id)
    assert after.state is FlightState.FAILED
    assert "fault " in after.reason
    assert "secret" not in after.reason


def test_a_full_disk_is_waited_for_and_said_and_the_work_goes_on(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    attempt, room, said = on_sqlite.attempt(flight.id), [], []

    def on_a_small_disk(stage: Stage, hear: Hear, halted: Callable[[], bool]) -> dict[str, Any]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (before[1] if room else REPORT_DOES_NOT_FIT, before[1]))
        try:
            return here(stage, hear if room else (lambda _: None), halted)  # the store's disk is not full
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def wait(_: float) -> None:
        said.append(on_sqlite.steps(flight.id)[3].message)
        room.append("made")

    for step in FlightStep:
        advance(on_sqlite.shop(apart=on_a_small_disk, wait=wait), attempt, step)
    assert said == ["there is no room left on the disk; the work goes on by itself when there is"]
    assert on_sqlite.flight(flight.id).state is FlightState.SCANNED
    assert on_sqlite.steps(flight.id)[3].message == ""
    assert len(on_sqlite.flags(flight.id)) == 2


def test_no_room_for_the_working_copy_is_waited_for_too(on_sqlite: Bureau, tmp_path: Path, monkeypatch: Any) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    waited: list[float] = []

    def full(*_: object) -> None:
        if not waited:
            raise NoRoomError

    take_in = pipeline.workflow.advance.collect_intake
    monkeypatch.setattr("pipeline.workflow.advance.collect_intake", lambda *given: full() or take_in(*given))
    assert advance(on_sqlite.shop(wait=waited.append), on_sqlite.attempt(flight.id), FlightStep.INTAKE)
    assert len(waited) == 1


def test_a_locked_database_is_waited_for_and_nothing_is_lost(
    on_sqlite: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    monkeypatch.setattr(pipeline.store.database, "WAIT_SECONDS", 0.05)
    release, locked = threading.Event(), threading.Event()

    def hold() -> None:
        with opened(on_sqlite.settings.store.url) as other, other.transaction():
            locked.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(60)
    waited = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        release.set()
        holder.join()

    with opened(on_sqlite.settings.store.url) as impatient:
        shop = on_sqlite.shop(database=impatient, wait=wait)
        assert advance(shop, on_sqlite.attempt(flight.id), FlightStep.INTAKE)
    assert len(waited) == 1
    assert on_sqlite.steps(flight.id)[0].state is StepState.DONE


def test_a_conflict_that_stays_fails_the_flight_in_the_end(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    attempt = on_sqlite.attempt(flight.id)
    advance(on_sqlite.shop(), attempt, FlightStep.INTAKE)
    waited: list[float] = []

    def held(*_: object) -> dict[str, Any]:
        raise ConflictError("another scan is writing")

    assert not advance(on_sqlite.shop(apart=held, wait=waited.append), attempt, FlightStep.QUALITY)
    assert on_sqlite.flight(flight.id).reason == "another scan is writing"
    assert max(waited) <= 30


def test_a_flight_whose_job_is_lost_fails_and_can_be_tried_again(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    attempt = on_sqlite.attempt(flight.id)
    give_up_on(on_sqlite.shop(), attempt)
    assert on_sqlite.flight(flight.id).state is FlightState.FAILED
    assert "try it again" in on_sqlite.flight(flight.id).reason
    move(on_sqlite, flight.id, FlightState.CHECKING)
    give_up_on(on_sqlite.shop(), attempt)
    assert on_sqlite.flight(flight.id).state is FlightState.CHECKING, "the lost job was of another attempt"


def test_a_folder_that_another_process_works_in_is_waited_for(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    waited: list[float] = []
    shop, attempt = on_sqlite.shop(wait=waited.append), on_sqlite.attempt(flight.id)
    with ThreadPoolExecutor(1) as other:
        with alone_in(on_sqlite.files.results(flight.id)):
            moved = other.submit(advance, shop, attempt, FlightStep.INTAKE)
            while len(waited) < 70 and not moved.done():
                time.sleep(0.001)
            assert not moved.done()
        assert moved.result()


def test_the_same_bytes_are_handed_in_once_and_only_by_surveyors_of_the_district(
    on_sqlite: Bureau, tmp_path: Path
) -> None:
    source = a_flight_file(tmp_path)
    flight = on_sqlite.hand_in(source)
    with pytest.raises(ConflictError, match=flight.id):
        on_sqlite.hand_in(source)
    given = HandedIn(path=source, district=on_sqlite.district.id)
    with pytest.raises(NotAllowedError):
        hand_in(on_sqlite.database, on_sqlite.files, given, on_sqlite.manager, now=NOW)
    stranger = replace(on_sqlite.surveyor, districts=frozenset())
    with pytest.raises(NotFoundError):
        hand_in(on_sqlite.database, on_sqlite.files, given, stranger, now=NOW)
    with pytest.raises(NotFoundError, match="nothing at"):
        on_sqlite.hand_in(tmp_path / "none.tif")
    with pytest.raises(InvalidInputError, match="folder"):
        on_sqlite.hand_in(tmp_path)
    tomorrow = replace(given, flown_on=(NOW + timedelta(days=9)).date())
    with pytest.raises(InvalidInputError, match="future"):
        hand_in(on_sqlite.database, on_sqlite.files, tomorrow, on_sqlite.surveyor, now=NOW)
    assert list(on_sqlite.files.arriving.iterdir()) == []


def test_a_flight_without_its_original_fails_with_a_sentence(on_sqlite: Bureau, tmp_path: Path) -> None:
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    for original in (on_sqlite.settings.store.data_dir / "originals").glob("*/*"):
        original.unlink()
    assert not advance(on_sqlite.shop(), on_sqlite.attempt(flight.id), FlightStep.INTAKE)
    assert on_sqlite.flight(flight.id).state is FlightState.FAILED
