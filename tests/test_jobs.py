"""Jobs in real processes: killed, doubled, cancelled. What comes out is what a scan left alone gives, once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from databases import NOW
from handed_in import Bureau, a_bureau, a_flight_file, left_alone

from pipeline.domain.flight import RUNNING, Flight, FlightState, FlightStep, StepState
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.jobs import JsonSerializer, WorkerHandle, start_worker
from pipeline.settings import JobSettings
from pipeline.store.audit import audit
from pipeline.store.checkpoints import Checkpoint, counted_leaves, is_checkpoint_due, stored_checkpoints
from pipeline.store.database import Database
from pipeline.store.flights import move_flight
from pipeline.store.ledger import Kind, leaves
from pipeline.store.partials import Partials
from pipeline.store.scans import scans_of
from pipeline.store.worker_name import WorkerName
from pipeline.web.readiness import has_worker

PATIENCE_SECONDS = 240
"""Nothing is measured by it: a machine may be as slow as it likes, but a test that hangs must end."""


@pytest.fixture
def on_sqlite(sqlite_database: Database, tmp_path: Path) -> Bureau:
    return a_bureau(sqlite_database, tmp_path, window_px=32)


def until(holds: Callable[[], bool], *workers: WorkerHandle) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        assert all(worker.process.poll() is None for worker in workers), "a worker ended by itself"
        time.sleep(0.02)


def is_work_going_on(bureau: Bureau) -> bool:
    lost_after = timedelta(seconds=bureau.settings.jobs.lost_after_seconds)
    return has_worker(bureau.database, datetime.now(UTC), lost_after)


@contextmanager
def workers(bureau: Bureau, number: int) -> Iterator[list[WorkerHandle]]:
    running = [start_worker(bureau.settings) for _ in range(number)]
    try:
        yield running
    finally:
        for worker in running:
            worker.process.kill()
            worker.process.wait()


def kill(worker: WorkerHandle) -> None:
    worker.process.send_signal(signal.SIGKILL)
    assert worker.process.wait() == -signal.SIGKILL


def ended(bureau: Bureau, *flights: Flight) -> bool:
    return all(bureau.flight(flight.id).state not in RUNNING for flight in flights)


def check_whole(bureau: Bureau, flight: Flight, alone: dict[str, bytes]) -> None:
    """The flight is as if nothing had happened to it: same files, each flag once, each thing told once."""
    assert bureau.flight(flight.id).state is FlightState.SCANNED
    assert bureau.results(flight.id) == alone
    assert [flag.label for flag in bureau.flags(flight.id)] == ["F00001", "F00002"]
    with bureau.database.snapshot() as connection:
        assert len(scans_of(connection, flight.id)) == 1
        told = Counter(leaf.kind for leaf in leaves(connection) if leaf.subject == flight.id)
    assert told[Kind.FLAGS_RELEASED] == told[Kind.SCAN_RECORDED] == told[Kind.ORTHOMOSAIC_MADE] == 1
    assert {step.state for step in bureau.steps(flight.id)} == {StepState.DONE}
    left = {path.name for path in bureau.files.working(flight.id).iterdir()}
    assert left == {"intake.json", "orthomosaic.tif", "quality.json"}


@pytest.mark.parametrize(
    ("engine", "steps"),
    [
        ("sqlite", tuple(FlightStep)),
        ("postgresql", (FlightStep.SCAN, FlightStep.FLAGS)),
        pytest.param("postgresql", tuple(FlightStep), marks=pytest.mark.soak),
    ],
    ids=["sqlite", "postgresql", "postgresql in every step"],
)
def test_killed_in_its_steps_the_work_goes_on_with_no_flag_lost_or_doubled(
    engine: str, steps: tuple[FlightStep, ...], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    bureau = a_bureau(request.getfixturevalue(f"{engine}_database"), tmp_path)
    source, moments = a_flight_file(tmp_path), random.Random(20261126)
    flight = bureau.hand_in(source)
    for step in steps:
        with workers(bureau, 1) as (worker,):
            number = list(FlightStep).index(step)
            until(lambda number=number: bureau.steps(flight.id)[number].state is not StepState.WAITING, worker)
            time.sleep(moments.uniform(0, 0.5))
            kill(worker)
        if step is FlightStep.SCAN:  # without the list of its jobs, the store and the folders still say what to do
            for jobs in bureau.settings.store.data_dir.glob("jobs.sqlite*"):
                jobs.unlink()
    with workers(bureau, 1) as (worker,):
        until(lambda: ended(bureau, flight), worker)
        alone = left_alone(bureau, source, tmp_path / "alone")
        until(lambda: len(list(bureau.files.working(flight.id).iterdir())) == 3)
    check_whole(bureau, flight, alone)


def test_two_workers_share_a_queue_and_one_takes_over_what_the_other_leaves(on_sqlite: Bureau, tmp_path: Path) -> None:
    sources = [a_flight_file(tmp_path / name) for name in ("a", "b") if not (tmp_path / name).mkdir()]
    sources[1].write_bytes(sources[1].read_bytes() + b"\0")  # other bytes, the same picture
    flights = [on_sqlite.hand_in(source) for source in sources]
    with workers(on_sqlite, 2) as (first, _):
        until(lambda: all(on_sqlite.flight(flight.id).state is not FlightState.RECEIVED for flight in flights))
        assert is_work_going_on(on_sqlite)
        kill(first)
        until(lambda: ended(on_sqlite, *flights))
        alone = left_alone(on_sqlite, sources[0], tmp_path / "alone")
        until(lambda: all(len(list(on_sqlite.files.working(flight.id).iterdir())) == 3 for flight in flights))
    for flight in flights:
        check_whole(on_sqlite, flight, alone)
    until(lambda: not is_work_going_on(on_sqlite))


def test_a_cancelled_scan_stops_and_a_retry_finishes_it(on_sqlite: Bureau, tmp_path: Path) -> None:
    source = a_flight_file(tmp_path)
    flight = on_sqlite.hand_in(source)

    def move(to: FlightState) -> None:
        with on_sqlite.database.transaction() as connection:
            move_flight(connection, flight.id, to, now=NOW, reason="a test", by=on_sqlite.surveyor.id)

    with workers(on_sqlite, 1) as (worker,):
        until(lambda: on_sqlite.flight(flight.id).state is FlightState.SCANNING)
        move(FlightState.CANCELLED)
        until(lambda: not psutil.Process(worker.process.pid).children())
        assert on_sqlite.flight(flight.id).state is FlightState.CANCELLED
        assert on_sqlite.flags(flight.id) == ()
        move(FlightState.CHECKING)
        until(lambda: ended(on_sqlite, flight))
        until(lambda: len(list(on_sqlite.files.working(flight.id).iterdir())) == 3)
    check_whole(on_sqlite, flight, left_alone(on_sqlite, source, tmp_path / "alone"))


WATCHED = """
import os, sys
def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        here = str(arguments[1][0]).startswith("127.") or arguments[1][0] == "::1"
    elif event == "socket.getaddrinfo":
        here = arguments[0] in (None, "", "localhost", "127.0.0.1", "::1")
    else:
        return
    if not here:
        sys.stderr.write(f"{event} {arguments}\\n")
        os._exit(77)
sys.addaudithook(watch)
from pipeline.jobs import main
main()
"""


def test_a_worker_calls_nobody(on_sqlite: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = subprocess.Popen

    def watched(command: list[str], **options: object) -> "subprocess.Popen[bytes]":
        assert command[-1] == "pipeline.jobs"
        return started([sys.executable, "-c", WATCHED], **options)  # type: ignore[call-overload]

    monkeypatch.setattr("pipeline.jobs.subprocess.Popen", watched)
    flight = on_sqlite.hand_in(a_flight_file(tmp_path))
    with workers(on_sqlite, 1) as (worker,):
        monkeypatch.undo()
        until(lambda: ended(on_sqlite, flight) or not worker.is_running())
        assert worker.is_running()
        worker.stop()
        assert worker.process.returncode == 0
    assert on_sqlite.flight(flight.id).state is FlightState.SCANNED


def test_a_worker_signs_the_ledger_when_it_has_grown(on_sqlite: Bureau, tmp_path: Path) -> None:
    bureau = on_sqlite
    flight = bureau.hand_in(a_flight_file(tmp_path))
    with workers(bureau, 1) as (worker,):
        until(lambda: ended(bureau, flight), worker)
        until(lambda: bool(signed(bureau)), worker)
    (first,) = signed(bureau)
    with bureau.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        soon, later = first.signed_at + timedelta(minutes=59), first.signed_at + timedelta(minutes=60)
        hour = timedelta(hours=1)
        assert not is_checkpoint_due(connection, every=hour, now=soon)
        assert is_checkpoint_due(connection, every=hour, now=later) == (counted_leaves(connection) > first.leaves)


def signed(bureau: Bureau) -> tuple[Checkpoint, ...]:
    with bureau.database.snapshot() as connection:
        return stored_checkpoints(connection)


def test_a_name_is_held_by_one_worker_and_the_same_when_it_starts_again(tmp_path: Path) -> None:
    with WorkerName(tmp_path) as first:
        with WorkerName(tmp_path) as second:
            assert first.text != second.text
        with WorkerName(tmp_path) as again:
            assert again.text == second.text
        with pytest.raises(ConflictError, match="works already"), WorkerName(tmp_path, wanted=first.text):
            pass
    with WorkerName(tmp_path, wanted="harvest") as named:
        assert named.text == "harvest"


def test_a_worker_removes_what_is_kept_no_longer(on_sqlite: Bureau, tmp_path: Path) -> None:
    """Uploads that nobody goes on with, and imagery that is old and that nothing keeps."""
    arriving = on_sqlite.files.arriving
    left, coming = arriving / "left-by-a-killed-terminal", arriving / "coming"
    old = time.time() - 3600 * (on_sqlite.settings.uploads.keep_hours + 1)
    for path in (left, coming):
        path.write_bytes(b"half")
    os.utime(left, (old, old))
    longest = Partials(arriving, on_sqlite.settings.uploads, lambda: datetime.fromtimestamp(old, UTC))
    forgotten = longest.create("somebody", 10, {})
    long_ago = datetime(2020, 6, 1, tzinfo=UTC)
    flight = on_sqlite.hand_in(a_flight_file(tmp_path), now=long_ago)
    with on_sqlite.database.transaction() as connection:
        move_flight(connection, flight.id, FlightState.CANCELLED, now=long_ago, reason="the wrong field")
    (original,) = (on_sqlite.files.root / "originals").glob("*/*")
    kept = (left, longest.bytes_of(forgotten.id), original)
    with workers(on_sqlite, 1) as (worker,):
        until(lambda: not any(path.exists() for path in kept), worker)
    assert [path.name for path in arriving.iterdir()] == ["coming"]


def test_what_is_kept_of_a_job_is_json_and_never_runs() -> None:
    keeper = JsonSerializer()
    given = {"args": ["flight", 1], "kwargs": {}}
    assert keeper.deserialize(keeper.serialize(given)) == given
    assert "RuntimeError" not in keeper.serialize(RuntimeError("a sentence"))


def test_the_worker_starts_without_torch_and_openvino() -> None:
    code = "import pipeline.jobs, sys; print([name for name in ('torch', 'openvino') if name in sys.modules])"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert started.stdout.strip() == "[]"


@pytest.mark.parametrize("wrong", [{"at_once": 0}, {"beat_seconds": 0.0}, {"lost_after_seconds": 3.0}])
def test_a_worker_that_could_not_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        JobSettings(**wrong)  # type: ignore[arg-type]


KILLS = 20


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_twenty_random_moments(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """kill -9 of the worker at twenty random moments of a flight: the same files and flags as undisturbed."""
    moments, hit = random.Random(4), Counter[str]()
    bureau = a_bureau(request.getfixturevalue(f"{engine}_database"), tmp_path, window_px=64)
    source = a_flight_file(tmp_path, width=1400, height=1200)
    alone = left_alone(bureau, source, tmp_path / "alone")
    whole_s, flights, began = 0.0, 0, time.monotonic()
    while hit.total() < KILLS:
        flights += 1
        copy = tmp_path / f"flight-{flights}.tif"
        copy.write_bytes(source.read_bytes() + b"\0" * flights)  # other bytes, the same picture
        flight = bureau.hand_in(copy)
        while not ended(bureau, flight):
            with workers(bureau, 1) as (worker,):
                until(lambda: is_work_going_on(bureau))
                arrived = time.monotonic()
                moment = arrived + (
                    moments.uniform(0, whole_s) if whole_s and hit.total() < KILLS else PATIENCE_SECONDS
                )
                until(lambda flight=flight, moment=moment: ended(bureau, flight) or time.monotonic() > moment)
                hit.update([] if ended(bureau, flight) else [_running(bureau, flight)])
                kill(worker)
            whole_s = whole_s or time.monotonic() - arrived  # the first one is left alone, to know how long it takes
            until(lambda: not is_work_going_on(bureau))
        with workers(bureau, 1):
            until(lambda flight=flight: len(list(bureau.files.working(flight.id).iterdir())) == 3)
        check_whole(bureau, flight, alone)
    took_s = time.monotonic() - began
    sys.stderr.write(f"\n{engine}: {hit.total()} kills over {flights} flights in {took_s:.0f} s, in {dict(hit)}\n")


def _running(bureau: Bureau, flight: Flight) -> str:
    return next((step.step.value for step in bureau.steps(flight.id) if step.state is StepState.RUNNING), "between")


def written_settings(bureau: Bureau, path: Path) -> Path:
    """The settings of a bureau as the file that ``--config`` names."""
    told = bureau.settings
    path.write_text(
        f'model = "{told.model}"\n[scan]\nwindow_px = {told.scan.window_px}\n[store]\n'
        f'data_dir = "{told.store.data_dir}"\ndatabase_url = "{told.store.database_url}"\n[jobs]\n'
        f"beat_seconds = {told.jobs.beat_seconds}\nlost_after_seconds = {told.jobs.lost_after_seconds}\n"
    )
    return path


@contextmanager
def server(config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """``plotwatch serve``, with the worker that it runs inside."""
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", "0", "--config", str(config)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_twenty_random_moments_of_the_server(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """kill -9 of ``plotwatch serve`` at twenty random moments of a flight: the same files and flags as undisturbed."""
    moments, hit = random.Random(5), Counter[str]()
    bureau = a_bureau(request.getfixturevalue(f"{engine}_database"), tmp_path, window_px=64)
    config = written_settings(bureau, tmp_path / "plotwatch.toml")
    source = a_flight_file(tmp_path, width=1400, height=1200)
    alone = left_alone(bureau, source, tmp_path / "alone")
    whole_s, flights, began = 0.0, 0, time.monotonic()
    while hit.total() < KILLS:
        flights += 1
        copy = tmp_path / f"flight-{flights}.tif"
        copy.write_bytes(source.read_bytes() + b"\0" * flights)  # other bytes, the same picture
        flight = bureau.hand_in(copy)
        while not ended(bureau, flight):
            with server(config) as running:
                until(lambda: is_work_going_on(bureau))
                arrived = time.monotonic()
                moment = arrived + (
                    moments.uniform(0, whole_s) if whole_s and hit.total() < KILLS else PATIENCE_SECONDS
                )
                until(lambda flight=flight, moment=moment: ended(bureau, flight) or time.monotonic() > moment)
                hit.update([] if ended(bureau, flight) else [_running(bureau, flight)])
                running.send_signal(signal.SIGKILL)
                running.wait()
            whole_s = whole_s or time.monotonic() - arrived  # the first one is left alone, to know how long it takes
            until(lambda: not is_work_going_on(bureau))
        with server(config):
            until(lambda flight=flight: len(list(bureau.files.working(flight.id).iterdir())) == 3)
        check_whole(bureau, flight, alone)
    took_s = time.monotonic() - began
    sys.stderr.write(f"\n{engine}: {hit.total()} kills over {flights} flights in {took_s:.0f} s, in {dict(hit)}\n")
