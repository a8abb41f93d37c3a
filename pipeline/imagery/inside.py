"""The enclosed process: reads one job from its standard input, opens the upload, answers in JSON lines.

A line is ``{"progress": ...}``, or last of all ``{"result": ...}``, ``{"refusal": "a sentence"}`` or
``{"fault": "a traceback"}``. Started by ``imagery.enclosure`` and by nothing else.
"""

import errno
import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from pipeline.domain.progress import Progress
from pipeline.errors import InvalidInputError
from pipeline.imagery.confinement import confine, limit_files

NO_MEMORY = "the file needs more memory than an upload may use; export it in tiles of 512 px"
NO_ROOM = "there is no room left on the disk for the working copy; free some and try again"


def main() -> None:
    """Do the one job and end."""
    answers = _answers()
    job = json.loads(sys.stdin.read())
    try:
        confine(parent=job["parent"], memory_bytes=job["memory_bytes"], cpu_seconds=job["cpu_seconds"])
        _say(answers, {"result": _work(job, answers)})
    except InvalidInputError as error:
        _say(answers, {"refusal": str(error)})
    except MemoryError:
        _say(answers, {"refusal": NO_MEMORY})
    except Exception as error:  # noqa: BLE001 - the entry point of this process
        full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        _say(answers, {"refusal": NO_ROOM, "full": True} if full else {"fault": traceback.format_exc()})


def _answers() -> TextIO:
    """Our own way out; what libraries print to the standard output is thrown away."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(ours, "w", encoding="utf-8")


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _work(job: dict[str, Any], answers: TextIO) -> dict[str, Any]:
    # only now: these start threads and load GDAL, which must find this process confined
    from pydantic import TypeAdapter  # noqa: PLC0415
    from rasterio.env import Env  # noqa: PLC0415

    from pipeline.imagery.relief import Relief, make_relief  # noqa: PLC0415
    from pipeline.imagery.working import Working, make_working  # noqa: PLC0415
    from pipeline.settings import IntakeLimits, parse  # noqa: PLC0415

    limits = parse(IntakeLimits, job["limits"], where="limits")
    with Env() as environment:
        surplus = set(environment.drivers()) - set(job["drivers"])
        if surplus:
            raise RuntimeError(f"drivers that must not be there: {sorted(surplus)}")

        def report(progress: Progress) -> None:
            if progress.stage == "checked":
                limit_files(job["file_bytes"])
            _say(answers, {"progress": asdict(progress)})

        made: Working | Relief
        make = make_relief if job["makes"] == "relief" else make_working
        made = make(Path(job["upload"]), Path.cwd(), limits, report)
    answer: dict[str, Any] = TypeAdapter(type(made)).dump_python(made, mode="json")
    return answer


if __name__ == "__main__":
    main()
