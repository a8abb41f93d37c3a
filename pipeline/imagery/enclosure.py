"""Start the enclosed process that opens an upload, listen to it, and end it whatever happens.

Why each line of its environment is there (tried on GDAL 3.10.3):

* ``GDAL_SKIP``: a GeoTIFF may name other files as its overviews; GDAL opens them with any driver it has: a VRT reads
  any file, an MRF writes one. Only what is needed is left. It must be set before GDAL is loaded.
* ``GDAL_DISABLE_READDIR_ON_OPEN``, ``GDAL_PAM_ENABLED``, ``GDAL_GEOREF_SOURCES``: no file beside it is looked at.
* ``CPL_VSIL_CURL_ALLOWED_EXTENSIONS``: ``/vsicurl/`` is no driver; this keeps it from opening connections.
* ``GDAL_VRT_ENABLE_PYTHON``: never run code from a file, should a VRT be opened after all.
* ``GDAL_CACHEMAX``, ``OPENBLAS_NUM_THREADS``: memory that does not depend on the machine. ``PROJ_NETWORK``: no grids.
"""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from rasterio.env import Env

import pipeline
from pipeline.domain.progress import Progress, Report
from pipeline.errors import InvalidInputError, NoRoomError
from pipeline.imagery.relief import Relief
from pipeline.imagery.working import Working
from pipeline.settings import IntakeLimits, child_environment, parse

Answered = TypeVar("Answered")
LOG = logging.getLogger(__name__)
COMMAND: Final = [sys.executable, "-P", "-m", "pipeline.imagery.inside"]
DRIVERS: Final = frozenset({"GTiff", "COG", "MEM", "PNG", "JPEG"})
OPEN_SECONDS: Final = 120.0
"""From start to a checked header. A sound file takes under two seconds."""
STALL_SECONDS: Final = 1800.0
"""Between two signs of life."""
LONGEST_LINE: Final = 1024**2
LONGEST_MESSAGE: Final = 500
BROKEN: Final = "the file makes the reader break off, as damaged files do; export it anew and try again"
TOO_SLOW: Final = "the file takes too long to read, as damaged files do; export it anew in tiles of 512 px"


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    with Env() as gdal:
        surplus = sorted(set(gdal.drivers()) - DRIVERS)
    return child_environment(
        {
            "GDAL_SKIP": ",".join(surplus),
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "GDAL_PAM_ENABLED": "NO",
            "GDAL_GEOREF_SOURCES": "INTERNAL",
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{noext}",
            "GDAL_VRT_ENABLE_PYTHON": "NO",
            "GDAL_CACHEMAX": "256",
            "PROJ_NETWORK": "OFF",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(Path(pipeline.__file__).parents[1]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    )


def make_enclosed(upload: Path, folder: Path, limits: IntakeLimits, report: Report) -> Working:
    """``working.make_working`` in a process of its own, with ``folder`` as the only place it knows.

    Raises:
        InvalidInputError: The upload is refused, or the process did not survive it.
    """
    return _enclosed(_job(upload, folder, limits, makes="working"), folder, Working, report)


def relief_enclosed(upload: Path, folder: Path, limits: IntakeLimits, report: Report) -> Relief:
    """``relief.make_relief`` in such a process.

    Raises:
        InvalidInputError: The surface model is refused, or the process did not survive it.
    """
    return _enclosed(_job(upload, folder, limits, makes="relief"), folder, Relief, report)


def _enclosed(job: bytes, folder: Path, kind: type[Answered], report: Report) -> Answered:
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            return _converse(process, job, kind, report)
        finally:
            _end(process)


def _job(upload: Path, folder: Path, limits: IntakeLimits, *, makes: str) -> bytes:
    job = {
        "makes": makes,
        "parent": os.getpid(),
        "upload": str(upload.absolute()),
        "limits": asdict(limits),
        "drivers": sorted(DRIVERS),
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": max(_free_bytes(folder), 1024**2),
    }
    return json.dumps(job).encode()


def _free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _converse(process: "subprocess.Popen[bytes]", job: bytes, kind: type[Answered], report: Report) -> Answered:
    """Give the job and listen until the last answer."""
    if process.stdin is None or process.stdout is None:
        raise InvalidInputError(BROKEN)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True).start()
    try:
        process.stdin.write(job)
        process.stdin.close()
    except BrokenPipeError as error:
        raise InvalidInputError(BROKEN) from error
    patience = OPEN_SECONDS
    while True:
        answer = _answer(lines, patience)
        if "progress" in answer:
            patience = STALL_SECONDS
            report(_checked(Progress, answer["progress"]))
        elif "result" in answer:
            return _checked(kind, answer["result"])
        else:
            raise _refusal(process, answer)


def _checked(kind: type[Answered], content: Any) -> Answered:
    """What the process said, if it has the form it must have."""
    try:
        return parse(kind, content, where="the answer")
    except InvalidInputError as error:
        raise InvalidInputError(BROKEN) from error


def _listen(stream: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    """Pass lines on until the process ends or says too much at once; an empty one is the last."""
    with suppress(ValueError):  # the last answer was heard, and the stream closed while this waited for more
        while (line := stream.readline(LONGEST_LINE)).endswith(b"\n"):
            lines.put(line)
    lines.put(b"")


def _answer(lines: "queue.SimpleQueue[bytes]", patience_s: float) -> dict[str, Any]:
    try:
        line = lines.get(timeout=patience_s)
        answer = json.loads(line or b"{}")
    except queue.Empty as error:
        raise InvalidInputError(TOO_SLOW) from error
    except ValueError as error:
        raise InvalidInputError(BROKEN) from error
    return answer if isinstance(answer, dict) else {}


def _refusal(process: "subprocess.Popen[bytes]", answer: dict[str, Any]) -> InvalidInputError:
    """The error for an answer that is none of success."""
    if "refusal" in answer:
        said = one_line(str(answer["refusal"]))
        return NoRoomError(said) if answer.get("full") else InvalidInputError(said)
    number = uuid.uuid4().hex[:12]
    status = _status(process)
    LOG.error("intake fault %s: process ended with %s: %s", number, status, answer.get("fault", "without a word"))
    return InvalidInputError(TOO_SLOW if status == -signal.SIGXCPU else f"{BROKEN} (fault {number})")


def _status(process: "subprocess.Popen[bytes]") -> int | None:
    deadline = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return process.returncode


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and all it may have started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def one_line(text: str) -> str:
    """Text of a file's making as one short line without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)[:LONGEST_MESSAGE].strip()
