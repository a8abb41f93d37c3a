"""Start every contestant in a process of its own, round by round, and compare medians."""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pipeline.bench.course import Job, Lap
from pipeline.bench.mosaic import SMALLEST_PX, write_mosaic
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import InvalidInputError, PlotwatchError
from pipeline.imagery.whole import write_text
from pipeline.scanning.bundle import open_bundle
from pipeline.settings import child_environment

VERSION: Final = 1
RECORD: Final = "bench.json"
MEASURED_WITH: Final = (
    "plotwatch", "openvino", "torch", "torchvision", "torchgeo", "geodeep", "onnxruntime", "rasterio", "numpy",
)  # fmt: skip
OURS: Final = "plotwatch"
MARGIN: Final = " " * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A way from pixels to scores: how it is named and said, the script that runs it, and the packages it needs."""

    name: str
    said: str
    script: str
    needs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed."""
        return tuple(package for package in self.needs if find_spec(package) is None)


CONTESTANTS: Final = (
    Contestant(name=OURS, said="Plotwatch, scan end to end", script="plotwatch_scan"),
    Contestant(
        name="torchgeo-224", said="TorchGeo, 224 px, stride 224, eager torch", script="torchgeo_loader",
        needs=("torch", "torchgeo"), arguments=("224",),
    ),
    Contestant(
        name="torchgeo-112", said="TorchGeo, 224 px, stride 112, eager torch", script="torchgeo_loader",
        needs=("torch", "torchgeo"), arguments=("112",),
    ),
    Contestant(
        name="plain-loop", said="rasterio windows of 224 px, batch 16, eager torch", script="plain_loop",
        needs=("torch",),
    ),
    Contestant(name="geodeep", said="GeoDeep (ONNX Runtime), 512 px", script="geodeep_segment", needs=("geodeep",)),
    Contestant(name="decode", said="limit: decode alone, every core", script="decode_alone"),
    Contestant(name="network", said="limit: the compiled network alone, in memory", script="network_alone"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is run on, how often, and when loops over tiles may stop because their speed is known."""

    model: Path
    size_px: int = 16_384
    rotated: bool = False
    rounds: int = 5
    most_seconds: float = 60.0


def choose(names: Sequence[str]) -> tuple[Contestant, ...]:
    """The contestants of these names, in the order of the bench; all where none is named.

    Raises:
        InvalidInputError: A name is unknown.
    """
    known = {contestant.name for contestant in CONTESTANTS}
    if strange := sorted(set(names) - known):
        raise InvalidInputError(f"there is no contestant {', '.join(strange)}; there are {', '.join(sorted(known))}")
    return tuple(contestant for contestant in CONTESTANTS if not names or contestant.name in names)


def race(
    course: Course, out: Path, contestants: Sequence[Contestant] = CONTESTANTS, report: Report = say_nothing
) -> dict[str, Any]:
    """Run every contestant once a round, each time in a fresh process, and write ``bench.json`` to ``out``.

    Returns:
        Its content.

    Raises:
        InvalidInputError: The size or the number of rounds cannot be used, or there is no such model.
        PlotwatchError: A contestant failed; its last words are in the message.
    """
    if course.rounds < 1:
        raise InvalidInputError(f"a bench needs at least one round, not {course.rounds}")
    bundle = open_bundle(course.model)
    out.mkdir(parents=True, exist_ok=True)
    mosaics = _mosaics(course, out, bundle.manifest.gsd_m, report)
    able = [contestant for contestant in contestants if not contestant.missing]
    laps: dict[str, list[Lap]] = {contestant.name: [] for contestant in able}
    for number in range(course.rounds):
        for place, contestant in enumerate(able, start=1):
            laps[contestant.name].append(_run(contestant, course, mosaics, out))
            done, total = number * len(able) + place, course.rounds * len(able)
            report(Progress(stage="racing", done=done, total=total, unit="runs"))
    record = _record(course, bundle.manifest.name, mosaics[0], contestants, laps)
    write_text(out / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return record


def _mosaics(course: Course, out: Path, gsd_m: float, report: Report) -> tuple[Path, Path]:
    """The mosaic of the race and the one to warm up on."""
    paths = out / "mosaic.tif", out / "warm-up.tif"
    for path, size_px in zip(paths, (course.size_px, SMALLEST_PX), strict=True):
        write_mosaic(path, size_px=size_px, gsd_m=gsd_m, rotated=course.rotated, report=report)
    return paths


def _run(contestant: Contestant, course: Course, mosaics: tuple[Path, Path], out: Path) -> Lap:
    """One run in a process of its own, whose results are thrown away."""
    folder = out / "running"
    shutil.rmtree(folder, ignore_errors=True)
    job = Job(
        mosaic=str(mosaics[0].resolve()),
        warm_up=str(mosaics[1].resolve()),
        model=str(course.model.resolve()),
        out=str(folder.resolve()),
        most_seconds=course.most_seconds,
    )
    script = f"pipeline.bench.contestants.{contestant.script}"
    command = [sys.executable, "-W", "ignore", "-m", script, json.dumps(asdict(job)), *contestant.arguments]
    ended = subprocess.run(  # noqa: S603 - our own scripts, started by name
        command, capture_output=True, text=True, check=False, env=child_environment({})
    )
    shutil.rmtree(folder, ignore_errors=True)
    if ended.returncode:
        last_words = ended.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PlotwatchError(f"the contestant {contestant.name} failed: {last_words[0]}")
    return Lap(**json.loads(ended.stdout.strip().splitlines()[-1]))


def _record(
    course: Course, model: str, mosaic: Path, contestants: Sequence[Contestant], laps: dict[str, list[Lap]]
) -> dict[str, Any]:
    """Everything ``bench.json`` says."""
    speeds = {name: _speed(some) for name, some in laps.items() if some}
    return {
        "version": VERSION,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "versions": {name: found for name in MEASURED_WITH if (found := _version(name))},
        "python": platform.python_version(),
        "model": model,
        "mosaic": {"size_px": course.size_px, "rotated": course.rotated, "bytes": mosaic.stat().st_size},
        "rounds": course.rounds,
        "most_seconds": course.most_seconds,
        "bound_mpix_per_s": bound(speeds),
        "contestants": [_line(contestant, laps.get(contestant.name, []), speeds) for contestant in contestants],
    }


def _line(contestant: Contestant, laps: list[Lap], speeds: dict[str, float]) -> dict[str, Any]:
    """What is said of one contestant; ``plotwatch_ratio`` says how many times as fast Plotwatch is."""
    speed, ours = speeds.get(contestant.name), speeds.get(OURS)
    return {
        "name": contestant.name,
        "said": contestant.said,
        "missing": list(contestant.missing),
        "mpix_per_s": speed,
        "plotwatch_ratio": ours / speed if ours and speed else None,
        "peak_rss_mb": max((lap.peak_rss_mb for lap in laps), default=None),
        "laps": [asdict(lap) for lap in laps],
    }


def _speed(laps: Sequence[Lap]) -> float:
    """The median speed, in million pixels of mosaic a second."""
    return statistics.median(lap.pixels / 1e6 / lap.seconds for lap in laps)


def bound(speeds: dict[str, float]) -> float | None:
    """What a machine whose cores decode and compute in turn cannot exceed; None unless both limits were measured."""
    if "decode" not in speeds or "network" not in speeds:
        return None
    return 1 / (1 / speeds["decode"] + 1 / speeds["network"])


def table(record: dict[str, Any]) -> str:
    """The record for people, one line a contestant."""
    head = (
        f"{record['measured_at'][:10]}, {record['cpu']}, {record['cores']} cores; {record['model']} on "
        f"{record['mosaic']['size_px']} x {record['mosaic']['size_px']} px, median of {record['rounds']}"
    )
    rows = [("", "MPix/s", "Plotwatch / it", "peak MB"), *map(_row, record["contestants"])]
    if record["bound_mpix_per_s"]:
        rows.append(("limit: both on the same cores", f"{record['bound_mpix_per_s']:.1f}", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [MARGIN.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([head, *lines])


def _row(line: dict[str, Any]) -> tuple[str, str, str, str]:
    """One contestant's line."""
    if line["missing"]:
        return line["said"], "missing", f"not installed: {', '.join(line['missing'])} (the [bench] extra)", ""
    ratio = "" if line["plotwatch_ratio"] is None else f"{line['plotwatch_ratio']:.2f}"
    return line["said"], f"{line['mpix_per_s']:.1f}", ratio, str(line["peak_rss_mb"])


def _cpu() -> str:
    """The processor's name."""
    path = Path("/proc/cpuinfo")
    said = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in said if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
