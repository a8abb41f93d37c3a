"""Jobs: the same use cases as durable steps, and the worker that does them. The only importer of DBOS.

The store is the only truth: a flight that is received, or to be tried again, *is* the order to work on it. Each worker
looks for such flights every few seconds and puts each attempt on one queue, under an id that follows from flight and
attempt: however many look, there is one job. A job is the five steps of ``FlightStep``; DBOS remembers which of them
are done, ``workflow.advance`` makes each of them safe to do again. So kill -9 costs the step that ran, and of a scan
the strip.

A worker has a name that stays the same when it starts again: it then goes on with what it had in hand. What a worker
had that has fallen silent, or has left, the others put back on the queue.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

import pipeline
from pipeline.domain.flight import FlightId, FlightStep
from pipeline.errors import ConflictError, UnavailableError
from pipeline.imagery.confinement import die_with
from pipeline.settings import JobSettings, Settings, child_environment, parse
from pipeline.store.checkpoints import is_checkpoint_due, sign_checkpoint, signing_key
from pipeline.store.database import open_database
from pipeline.store.files import Files
from pipeline.store.migration import migrate
from pipeline.store.partials import Partials
from pipeline.store.work import Attempt, work_to_do
from pipeline.store.worker_name import WorkerName
from pipeline.store.workers import all_workers, arrive, beat, leave
from pipeline.workflow.advance import Workshop, advance, give_up_on
from pipeline.workflow.let_go import let_go

LOG = logging.getLogger(__name__)
QUEUE: Final = "flights"
JOB: Final = "flight"
VERSION: Final = "1"
"""Of the steps: raise it when the steps of a job change. Flights under way then get a job of the new version."""
OVER: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
STOP_SECONDS: Final = 15.0
TIDY_SECONDS: Final = 3600.0
MOST_LET_GO: Final = 10
"""Flights whose imagery goes in an hour: a worker that removes files for long is silent, and taken for dead."""


class JsonSerializer(Serializer):
    """What DBOS keeps, as JSON: nothing that is read back can run (its own way is pickle)."""

    def serialize(self, data: Any) -> str:
        """JSON of ``data``; of an error, its text."""
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        """What ``serialize`` was given."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """Kept beside each value."""
        return "plotwatch_json"


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def work(settings: Settings, *, until: threading.Event, name: str | None = None) -> None:
    """Work on flights until told otherwise. Tables are brought up to date first.

    What is in hand at the end is neither finished nor waited for: this worker, or another one, goes on with it.

    Raises:
        ConflictError: A worker of this name works already.
        UnavailableError: The database cannot be reached.
    """
    settings.store.data_dir.mkdir(parents=True, exist_ok=True)
    with WorkerName(settings.store.data_dir, wanted=name) as own:
        database = open_database(settings.store.url)
        try:
            migrate(database)
            files = Files(settings.store.data_dir)
            shop = Workshop(database=database, files=files, settings=settings, now=utc_now)
            worker = _Worker(shop=shop, settings=settings.jobs, name=own.text, job=_register(shop))
            worker.arrive()
            DBOS(config=_configuration(settings, own.text))
            DBOS.launch()
            DBOS.register_queue(QUEUE, worker_concurrency=settings.jobs.at_once, polling_interval_sec=0.5)
            worker.live(until)
        finally:
            database.close()


def _register(shop: Workshop) -> Callable[[str, int], str]:
    """The job, known to DBOS."""

    def step(flight: str, number: int, name: str) -> bool:
        return advance(shop, Attempt(flight=FlightId(flight), number=number), FlightStep(name))

    @DBOS.workflow(name=JOB, max_recovery_attempts=None)
    def job(flight: str, number: int) -> str:
        for name in FlightStep:
            if not DBOS.run_step({"name": name.value}, step, flight, number, name.value):
                return name.value
        return ""

    return job


def _configuration(settings: Settings, executor: str) -> DBOSConfig:
    """A system database beside ours; nothing that would call anybody."""
    url = settings.store.url
    beside = f"sqlite:///{settings.store.data_dir.absolute() / 'jobs.sqlite'}"
    return {
        "name": "plotwatch",
        "system_database_url": url if url.startswith("postgresql") else beside,
        "dbos_system_schema": "dbos",
        "executor_id": executor,
        "application_version": VERSION,
        "serializer": JsonSerializer(),
        "conductor_key": None,
        "enable_otlp": False,
        "log_level": "WARNING",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """A worker under way."""

    shop: Workshop
    settings: JobSettings
    name: str
    job: Callable[[str, int], str]

    def arrive(self) -> None:
        """Say that it lives before it takes anything in hand: others would take it away again."""
        with self.shop.database.transaction() as connection:
            arrive(connection, self.name, now=utc_now())

    def live(self, until: threading.Event) -> None:
        """Say that it lives, take up work, take over what others left; a busy database is asked again."""
        tidy_at = time.monotonic()
        while not until.is_set():
            try:
                with self.shop.database.transaction() as connection:
                    beat(connection, self.name, now=utc_now())
                self._take_up()
                self._take_over()
                self._sign()
                if time.monotonic() >= tidy_at:
                    tidy_at += TIDY_SECONDS
                    self._tidy()
            except UnavailableError as busy:
                LOG.warning("worker %s goes on later: %s", self.name, busy)
            except Exception:  # the entry point of a process that must not end: DBOS has errors of many families
                LOG.exception("worker %s goes on later", self.name)
            until.wait(self.settings.beat_seconds)
        try:
            with self.shop.database.transaction() as connection:
                leave(connection, self.name, now=utc_now())
        except UnavailableError as busy:
            LOG.warning("worker %s leaves without a word: %s", self.name, busy)

    def _take_up(self) -> None:
        """Put what is to be done on the queue, once; a flight whose job is over without having ended it has failed."""
        with self.shop.database.snapshot() as connection:
            to_do = {f"{attempt.id}-v{VERSION}": attempt for attempt in work_to_do(connection)}
        jobs = {job.workflow_id: job.status for job in DBOS.list_workflows(workflow_ids=list(to_do))} if to_do else {}
        for name, attempt in to_do.items():
            if name not in jobs:
                with SetWorkflowID(name):
                    DBOS.enqueue_workflow(QUEUE, self.job, attempt.flight, attempt.number)
            elif jobs[name] in OVER:
                give_up_on(self.shop, attempt)

    def _take_over(self) -> None:
        """Put back on the queue what workers had in hand that are not at work any more."""
        lost_after = timedelta(seconds=self.settings.lost_after_seconds)
        with self.shop.database.snapshot() as connection:
            others = [worker for worker in all_workers(connection) if worker.name != self.name]
        gone = [worker.name for worker in others if not worker.is_alive(now=utc_now(), lost_after=lost_after)]
        if gone:
            # the public resume_workflow would also take from an executor that has just taken it over
            DBOS._recover_pending_workflows(gone)  # noqa: SLF001

    def _sign(self) -> None:
        """Sign the ledger where that is due: what was done up to then cannot be rewritten unnoticed."""
        every = timedelta(minutes=self.settings.checkpoint_minutes)
        with self.shop.database.snapshot() as connection:
            due = every and is_checkpoint_due(connection, every=every, now=utc_now())
        if due:
            with suppress(ConflictError), self.shop.database.transaction() as connection:  # another worker was faster
                sign_checkpoint(connection, signing_key(self.shop.files.key), now=utc_now())

    def _tidy(self) -> None:
        """Remove what is kept no longer: uploads that nobody has gone on with, and old imagery."""
        limits = self.shop.settings.uploads
        Partials(self.shop.files.arriving, limits, utc_now).remove_expired()
        days = self.shop.settings.retention.imagery_days
        gone = let_go(self.shop.database, self.shop.files, days=days, now=utc_now(), most=MOST_LET_GO)
        if gone.flights:
            LOG.warning("the imagery of %d flights was removed by the rule of retention", len(gone.flights))


def work_until_told(settings: Settings, *, name: str | None = None) -> None:
    """``work`` until SIGTERM or Ctrl-C, then end this process at once: everything in hand can be gone on with."""
    until = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        until.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    work(settings, until=until, name=name)
    logging.shutdown()
    os._exit(0)  # threads of DBOS wait for jobs that may take hours; stages die with us


@dataclass(frozen=True, slots=True)
class WorkerHandle:
    """A worker in a process of its own that this process started, and that ends with it."""

    process: "subprocess.Popen[bytes]"

    def is_running(self) -> bool:
        """Whether the process lives; whether it works, its heartbeat in the store says."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it; what it had in hand is gone on with when a worker starts again."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_worker(settings: Settings) -> WorkerHandle:
    """Start a worker beside this process, as ``plotwatch serve`` does.

    A process, not a thread: a scan keeps every core and the interpreter busy, pages must not wait for it, and what ends
    the one does not end the other. It ends when the thread that called this ends.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pipeline.jobs"],
        stdin=subprocess.PIPE,
        env=child_environment({"PYTHONPATH": str(Path(pipeline.__file__).parents[1])}),
        start_new_session=True,
    )
    if process.stdin is not None:
        order = {"parent": os.getpid(), "settings": asdict(settings)}
        process.stdin.write(json.dumps(order, default=str).encode())
        process.stdin.close()
    return WorkerHandle(process)


def main() -> None:
    """The process that ``start_worker`` starts."""
    order = json.loads(sys.stdin.read())
    die_with(order["parent"])
    logging.basicConfig(level=logging.WARNING)
    work_until_told(parse(Settings, order["settings"], where="settings"))


if __name__ == "__main__":
    main()
