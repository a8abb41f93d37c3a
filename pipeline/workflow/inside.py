"""The process of one stage: reads one job from its standard input, does it, answers in JSON lines.

The first line in is the job; when the input ends, the stage stops at the next place where it can go on later. A line
out is ``{"progress": ...}``, or last of all ``{"result": ...}``, ``{"stopped": true}``, ``{"refusal": "a sentence",
"family": ...}`` or ``{"fault": "a traceback"}``. Started by ``workflow.apart`` and by nothing else.
"""

import errno
import json
import os
import shutil
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from pipeline.domain.progress import Progress
from pipeline.errors import NoRoomError, PlotwatchError, StoppedError
from pipeline.imagery.confinement import die_with
from pipeline.settings import Settings, parse, silence_calls_home
from pipeline.workflow.order import Order

FULL_BYTES = 4 * 1024**2
"""A disk with less room than this is full: libraries that write rasters and GeoPackages say it in many ways."""


def main() -> None:
    """Do the one job and end."""
    answers = _answers()
    job = json.loads(sys.stdin.readline())
    die_with(job["parent"])
    silence_calls_home()
    order = parse(Order, job["order"], where="order")
    try:
        _say(answers, {"result": _work(job, order, answers)})
    except StoppedError:
        _say(answers, {"stopped": True})
    except PlotwatchError as error:
        _say(answers, {"refusal": str(error), "family": type(error).__name__})
    except Exception as error:  # noqa: BLE001 - the entry point of this process
        if _is_full(error, order):
            _say(answers, {"refusal": str(NoRoomError()), "family": NoRoomError.__name__})
        else:
            _say(answers, {"fault": traceback.format_exc()})
    answers.flush()
    os._exit(0)  # the thread that waits for the input's end would hold the interpreter up


def _answers() -> TextIO:
    """Our own way out; what libraries print to the standard output is thrown away."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(ours, "w", encoding="utf-8")


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _work(job: dict[str, Any], order: Order, answers: TextIO) -> dict[str, Any]:
    # only now: these load OpenVINO and GDAL, which must find calls home silenced
    from pipeline.workflow.stages import perform  # noqa: PLC0415

    settings = parse(Settings, job["settings"], where="settings")
    stopped = _stopped_when_input_ends()

    def report(progress: Progress) -> None:
        _say(answers, {"progress": asdict(progress)})
        if stopped.is_set():
            raise StoppedError

    return perform(job["stage"], order, settings, report)


def _stopped_when_input_ends() -> threading.Event:
    stopped = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stopped.set()

    threading.Thread(target=wait, daemon=True).start()
    return stopped


def _is_full(error: Exception, order: Order) -> bool:
    """Whether ``error`` comes of a full disk."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return True
    folders = (folder for folder in (order.out, order.workplace) if folder.is_dir())
    return any(_free_bytes(folder) < FULL_BYTES for folder in folders)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


if __name__ == "__main__":
    main()
