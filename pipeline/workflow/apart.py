"""A stage in a process of its own: the caller stays responsive, and outlives whatever happens to the stage.

The process ends with the thread that started it, as by kill -9; every stage goes on from there. This file loads
neither GDAL nor OpenVINO.
"""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import pipeline
from pipeline import errors
from pipeline.domain.progress import Progress
from pipeline.errors import PlotwatchError, StoppedError
from pipeline.settings import Settings, child_environment, parse
from pipeline.workflow.order import Order

LOG = logging.getLogger(__name__)
COMMAND: Final = [sys.executable, "-P", "-m", "pipeline.workflow.inside"]
LOOK_SECONDS: Final = 0.5
"""How often it is looked whether the stage should stop."""
STOP_SECONDS: Final = 60.0
"""A stage that was asked to stop and has not by then is killed: it goes on all the same, from a little further back."""


Hear = Callable[[Progress], object]
"""Is told how far the stage is."""


class StageFaultError(PlotwatchError):
    """A stage broke off for a reason nobody foresaw; ``number`` finds it in the log."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"something unexpected went wrong (fault {number}); the log has more, and it can be tried again"
        )
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of one order, to be done in a process of its own."""

    name: str
    order: Order
    settings: Settings


def perform_apart(stage: Stage, report: Hear, halted: Callable[[], bool]) -> dict[str, Any]:
    """What ``workflow.stages.perform`` says, done in a process of its own; ``halted`` is asked twice a second.

    Raises:
        StoppedError: It was ``halted``; nothing is left half, and the stage goes on from there when done again.
        StageFaultError: The process did not survive, or broke off without a reason of ours.
        PlotwatchError: As ``perform``.
    """
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environment({"PYTHONPATH": str(Path(pipeline.__file__).parents[1])}),
        start_new_session=True,
    ) as process:
        try:
            return _Conversation(process, report, halted).hold(_job(stage))
        finally:
            process.kill()


def _job(stage: Stage) -> bytes:
    settings = asdict(stage.settings)
    parts = {name: settings[name] for name in ("intake", "quality", "scan", "plots", "model")}
    job = {"parent": os.getpid(), "stage": stage.name, "order": asdict(stage.order), "settings": parts}
    return json.dumps(job, default=str).encode() + b"\n"


class _Conversation:
    """What is said between this process and that of a stage."""

    def __init__(self, process: "subprocess.Popen[bytes]", report: Hear, halted: Callable[[], bool]) -> None:
        self._process, self._report, self._halted = process, report, halted
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._stop_by: float | None = None

    def hold(self, job: bytes) -> dict[str, Any]:
        """Give the job and listen until the last answer."""
        if self._process.stdin is None or self._process.stdout is None:
            raise StageFaultError(self._log("without pipes"))
        threading.Thread(target=_listen, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            self._process.stdin.write(job)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise StageFaultError(self._log("at its start")) from error
        while True:
            answer = self._answer(self._process.stdin)
            if "progress" in answer:
                self._report(parse(Progress, answer["progress"], where="the answer"))
            elif "result" in answer:
                return dict(answer["result"])
            elif "refusal" in answer:
                raise _family(str(answer.get("family")))(str(answer["refusal"]))
            elif "stopped" in answer:
                raise StoppedError
            else:
                raise StageFaultError(self._log(str(answer.get("fault", "without a word"))))

    def _answer(self, asking: IO[bytes]) -> dict[str, Any]:
        """The next answer; in between it is looked whether the stage should stop."""
        while True:
            try:
                return dict(json.loads(self._lines.get(timeout=LOOK_SECONDS) or b"{}"))
            except queue.Empty:
                pass
            if self._stop_by is None:
                if self._halted():
                    asking.close()
                    self._stop_by = time.monotonic() + STOP_SECONDS
            elif time.monotonic() > self._stop_by:
                return {"stopped": True}

    def _log(self, what: str) -> str:
        number = uuid.uuid4().hex[:12]
        LOG.error("fault %s: a stage ended with %s: %s", number, self._process.poll(), what)
        return number


def _listen(stream: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    """Pass lines on until the process ends; an empty one is the last."""
    with suppress(ValueError):  # the last answer was heard, and the stream closed while this waited for more
        while (line := stream.readline()).endswith(b"\n"):
            lines.put(line)
    lines.put(b"")


def _family(name: str) -> type[PlotwatchError]:
    """The error of a name in ``pipeline.errors``."""
    found = getattr(errors, name, PlotwatchError)
    return found if isinstance(found, type) and issubclass(found, PlotwatchError) else PlotwatchError
