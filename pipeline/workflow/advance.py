"""Advance: one step of a flight, from where it stands in the store to where it stands afterwards.

Done again it changes nothing: killed at any moment, the same step is simply done again. What is in the way for now (the
stop switch, a full disk, a database that is busy) is waited for; what will not go away by itself ends the flight in a
state that says so.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

from pipeline.domain.flight import RUNNING, FlightState, FlightStep
from pipeline.domain.progress import Progress
from pipeline.errors import (
    ConflictError,
    InvalidInputError,
    NoRoomError,
    NotFoundError,
    PlotwatchError,
    StoppedError,
    UnavailableError,
)
from pipeline.scanning.ledger import clear_ledger
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.files import BUNDLE, Files
from pipeline.store.flights import get_flight, move_flight
from pipeline.store.registry import champion
from pipeline.store.room import room
from pipeline.store.steps import begin_step, end_step, report_step, say_of_step, steps_of
from pipeline.store.stops import is_stopped
from pipeline.store.uploads import uploads_of_flight
from pipeline.store.work import Attempt, attempt_of
from pipeline.workflow.apart import Hear, Stage, StageFaultError, perform_apart
from pipeline.workflow.collect import collect_findings, collect_intake
from pipeline.workflow.order import Order, alone_in
from pipeline.workflow.release import describe, release

LOG = logging.getLogger(__name__)
PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
MOST_CONFLICTS: Final = 60
"""A conflict that lasts longer than so many pauses is no process that is about to end."""
REPORT_SECONDS: Final = 0.5
"""Progress is written at most twice a second."""
WAITS: Final = "there is no room left on the disk; the work goes on by itself when there is"


class Standing(Enum):
    """What a step finds when it looks at its flight."""

    GOES_ON = auto()
    HALTED = auto()
    """The stop switch is thrown."""
    ENDED = auto()
    """The flight is finished, cancelled, or at another attempt: there is nothing left to do for this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What work on flights needs. ``wait`` sleeps for seconds; ``now`` gives an aware time in UTC.

    ``apart`` does a stage in a process of its own.
    """

    database: Database
    files: Files
    settings: Settings
    now: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep
    apart: Callable[[Stage, Hear, Callable[[], bool]], dict[str, Any]] = perform_apart


def advance(shop: Workshop, attempt: Attempt, step: FlightStep) -> bool:
    """Do one step of an attempt; whether the flight goes on to the next one."""
    advancing = _Advance(shop=shop, attempt=attempt, step=step)
    while True:
        try:
            return advancing.do()
        except StoppedError:
            advancing.pause()
        except PlotwatchError as error:
            if not advancing.can_wait_for(error):
                return advancing.give_up(advancing.verdict_of(error), str(error))
        except Exception:
            # the entry point of a job: whatever it is, the flight must not look as if it went on
            unknown = StageFaultError(uuid.uuid4().hex[:12])
            LOG.exception("fault %s: step %s of %s", unknown.number, step, attempt.id)
            return advancing.give_up(FlightState.FAILED, str(unknown))


def advance_to_the_end(shop: Workshop, attempt: Attempt) -> None:
    """Do every step of an attempt here and now, as a job does one by one."""
    for step in FlightStep:
        if not advance(shop, attempt, step):
            return


def give_up_on(shop: Workshop, attempt: Attempt) -> None:
    """End an attempt whose job is over although its flight is not: nothing else would ever move it again."""
    lost = "the job of this flight was lost; try it again, and it goes on from what is finished"
    _Advance(shop=shop, attempt=attempt, step=FlightStep.INTAKE).give_up(FlightState.FAILED, lost)


def look(shop: Workshop, attempt: Attempt) -> Standing:
    """Where the flight of an attempt stands at this moment."""
    with shop.database.snapshot() as connection:
        state = get_flight(connection, attempt.flight).state
        if state not in RUNNING or attempt_of(connection, attempt.flight) != attempt:
            return Standing.ENDED
        return Standing.HALTED if is_stopped(connection) else Standing.GOES_ON


def order_of(shop: Workshop, attempt: Attempt) -> Order:
    """Where the original, the model and the folders of a flight are.

    Raises:
        NotFoundError: The original is not there.
    """
    with shop.database.snapshot() as connection:
        uploads = uploads_of_flight(connection, attempt.flight)
    hashes = [upload.sha256 for upload in uploads if upload.sha256 is not None]
    if not hashes:
        raise NotFoundError("the original of this flight is not there; upload it again")
    return Order(
        source=shop.files.original(hashes[0]).absolute(),
        model=_model_of(shop, attempt).absolute(),
        out=shop.files.results(attempt.flight).absolute(),
        working=shop.files.working(attempt.flight).absolute(),
    )


def _model_of(shop: Workshop, attempt: Attempt) -> Path:
    """The bundle that was champion when the work on a flight began; that of the settings where there was none yet."""
    with shop.database.snapshot() as connection:
        began = [step.started_at for step in steps_of(connection, attempt.flight) if step.started_at]
        model = champion(connection, at=min(began, default=None))
    return shop.settings.model if model is None else shop.files.model(model.id) / BUNDLE


@dataclass(slots=True, kw_only=True)
class _Advance:
    """One step of one attempt, and how often something was in its way."""

    shop: Workshop
    attempt: Attempt
    step: FlightStep
    obstacles: int = 0
    reported_at: float = field(default=float("-inf"))

    def do(self) -> bool:
        """Do the step from its beginning, or from where it was killed; whether the flight goes on."""
        standing = look(self.shop, self.attempt)
        if standing is Standing.HALTED:
            raise StoppedError
        if standing is Standing.ENDED:
            return self._tidied()
        self._begin()
        with room():
            said = self._perform()
        if self.step is FlightStep.QUALITY and not said["usable"]:
            return self.give_up(FlightState.UNUSABLE, said["sentence"])
        if self.step is FlightStep.FLAGS:
            release(self.shop.database, self.attempt, said, self.shop.settings.review, now=self.shop.now())
            return self._tidied()
        if self.step is FlightStep.INTAKE:
            describe(self.shop.database, self.attempt.flight, said, now=self.shop.now())
            return True
        with self.shop.database.transaction() as connection:
            message = str(said.get("sentence", ""))
            end_step(connection, self.attempt.flight, self.step, now=self.shop.now(), message=message)
        return True

    def _tidied(self) -> bool:
        """Remove what only an unfinished scan needs, once it is finished; always False."""
        with self.shop.database.snapshot() as connection:
            scanned = get_flight(connection, self.attempt.flight).state is FlightState.SCANNED
        if scanned:
            clear_ledger(self.shop.files.working(self.attempt.flight))
        return False

    def _begin(self) -> None:
        """The step runs; its first and its third take the flight along its life."""
        moves = {
            (FlightStep.INTAKE, FlightState.RECEIVED): FlightState.CHECKING,
            (FlightStep.SCAN, FlightState.CHECKING): FlightState.SCANNING,
        }
        with self.shop.database.transaction() as connection:
            state = get_flight(connection, self.attempt.flight).state
            to = moves.get((self.step, state))
            if to is not None:
                move_flight(connection, self.attempt.flight, to, now=self.shop.now())
            begin_step(connection, self.attempt.flight, self.step, now=self.shop.now())

    def _perform(self) -> dict[str, Any]:
        """What must not load OpenVINO here, or keep the interpreter busy, is done in a process of its own."""
        order, settings = order_of(self.shop, self.attempt), self.shop.settings
        if self.step is FlightStep.INTAKE:
            with alone_in(order.out):
                return collect_intake(order, settings, self._report_or_stop)
        if self.step is FlightStep.FLAGS:
            return collect_findings(order, settings)
        stage = Stage(name=self.step.value, order=order, settings=settings)
        return self.shop.apart(stage, self._report, self._is_halted)

    def _report_or_stop(self, progress: Progress) -> None:
        """As ``_report``; the intake ends here when it should."""
        if self._report(progress) and self._is_halted():
            raise StoppedError

    def _report(self, progress: Progress) -> bool:
        """Write the progress, unless some was written just now; whether it was time to.

        Progress is no evidence: where it cannot be written, it is not.
        """
        whole = progress.done >= progress.total
        if not whole and time.monotonic() - self.reported_at < REPORT_SECONDS:
            return False
        self.reported_at = time.monotonic()
        done, total, unit = progress.done, progress.total, progress.unit
        try:
            with self.shop.database.transaction() as connection:
                report_step(connection, self.attempt.flight, self.step, done=done, total=total, unit=unit)
        except UnavailableError as busy:
            LOG.warning("progress of %s was not written: %s", self.attempt.id, busy)
        return True

    def _is_halted(self) -> bool:
        try:
            return look(self.shop, self.attempt) is not Standing.GOES_ON
        except UnavailableError:
            return False

    def pause(self) -> None:
        """Wait a little."""
        self.shop.wait(PAUSE_SECONDS)

    def can_wait_for(self, obstacle: PlotwatchError) -> bool:
        """Wait for what is in the way, longer each time; False where it will not go away by itself."""
        self.obstacles += 1
        passes = isinstance(obstacle, NoRoomError | UnavailableError)
        if not passes and not (isinstance(obstacle, ConflictError) and self.obstacles <= MOST_CONFLICTS):
            return False
        LOG.warning("step %s of %s waits: %s", self.step, self.attempt.id, obstacle)
        if isinstance(obstacle, NoRoomError):
            self._say(WAITS)
        self.shop.wait(min(PAUSE_SECONDS * 1.2**self.obstacles, LONGEST_PAUSE_SECONDS))
        return True

    def _say(self, message: str) -> None:
        try:
            with self.shop.database.transaction() as connection:
                say_of_step(connection, self.attempt.flight, self.step, message=message)
        except UnavailableError as busy:
            LOG.warning("%s: %s", message, busy)

    def verdict_of(self, refusal: PlotwatchError) -> FlightState:
        """What becomes of a flight: refused in intake, the file itself is of no use; else something is wrong here."""
        of_the_file = self.step is FlightStep.INTAKE and isinstance(refusal, InvalidInputError)
        return FlightState.UNUSABLE if of_the_file else FlightState.FAILED

    def give_up(self, to: FlightState, reason: str) -> bool:
        """End the flight in a state that says why, however long the database takes to be told; always False."""
        while True:
            try:
                with self.shop.database.transaction() as connection:
                    state = get_flight(connection, self.attempt.flight).state
                    if state in RUNNING and attempt_of(connection, self.attempt.flight) == self.attempt:
                        end = to if state is not FlightState.RECEIVED else FlightState.FAILED
                        move_flight(connection, self.attempt.flight, end, now=self.shop.now(), reason=reason)
                    return False
            except UnavailableError as busy:
                LOG.warning("%s cannot be told yet that it %s: %s", self.attempt.id, to, busy)
                self.pause()
