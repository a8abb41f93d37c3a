"""What a contestant's process does: warm up on a small mosaic, run once on the large one, and say what it took."""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.settings import silence_calls_home


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run: which mosaic, with which model, where results go, and after how many seconds loops may stop."""

    mosaic: str
    warm_up: str
    model: str
    out: str
    most_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """What a run took; ``pixels`` of mosaic were turned into scores in ``seconds``."""

    pixels: int
    seconds: float
    peak_rss_mb: int


Runner = Callable[[Path, Job, Path], int]
"""Turns a mosaic into a score raster in a folder and returns how many mosaic pixels that took."""


class Deadline:
    """When a loop may stop: its speed is known by then."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._ends


def run_course(runner: Runner) -> None:
    """Warm up, run once, and print the ``Lap`` as JSON on standard output; the job comes as the only argument."""
    job = Job(**json.loads(sys.argv[1]))
    silence_calls_home()
    for name, mosaic in (("warm-up", job.warm_up), ("run", job.mosaic)):
        folder = Path(job.out) / name
        folder.mkdir(parents=True)
        started = time.monotonic()
        pixels = runner(Path(mosaic), job, folder)
        seconds = time.monotonic() - started
    lap = Lap(pixels=pixels, seconds=seconds, peak_rss_mb=_peak_rss_mb())
    sys.stdout.write(json.dumps(asdict(lap)) + "\n")


def _peak_rss_mb() -> int:
    """The most memory this process or one of its children has held, in MB.

    ``ru_maxrss`` of this process itself would begin at what its parent held when it started it.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (own_kb,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return max(own_kb, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
