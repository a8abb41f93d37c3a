"""A season from end to end: does coverage ever say more than was seen?

    .venv/bin/python tests/simulate_season.py --out runs/season

Forty flights over one drawn piece of land (some with holes, some blurred in part or as a whole, some partly in the
dark, one aborted in the air, one file that broke on its way) are handed in, in any order of their days, and worked on
by a real worker: intake, quality, scan, coverage. Then each window of days is held against what the flights show, which
is known to the pixel: areas in square metres, and place by place. Prints what it found, and leaves ``season.json``.
"""

import argparse
import json
import os
import platform
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from databases import opened
from handed_in import Bureau, a_bureau
from rasters import GSD_M, LEFT, TOP
from season import Season, sorties

from pipeline.domain.flight import RUNNING
from pipeline.imagery.scenes.spec import SceneSpec
from pipeline.imagery.scenes.writing import write_scene
from pipeline.jobs import start_worker
from pipeline.settings import ScanSettings, silence_calls_home
from pipeline.store.migration import migrate
from pipeline.workflow.cover import recount

MODEL = Path(__file__).parents[1] / "models" / "demo-poppy"
SIDE_PX = 3072
REACH = (1100, 1800)
KINDS = (
    ["plain"] * 19 + ["holes"] * 8 + ["partly blurred"] * 5 + ["blurred"] * 3 + ["partly dark"] * 3
    + ["aborted", "broken file"]
)  # fmt: skip
AREAS = {"north": (0, 0, 3072, 1400), "hill": (700, 900, 1500, 1500), "strip": (100, 2400, 2900, 333)}
MARGIN_M2 = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/season"))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    silence_calls_home()
    out = given.out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    began = time.monotonic()
    with opened(f"sqlite:///{out / 'plotwatch.sqlite'}") as database:
        migrate(database)
        bureau = a_bureau(database, out / "bureau")
        bureau = replace(bureau, settings=replace(bureau.settings, model=MODEL, scan=ScanSettings()))
        season = Season(bureau=bureau, land_hwb=land(out, given.seed), folder=out)
        for name, place in AREAS.items():
            season.area(name, *place)
        rng = np.random.default_rng(given.seed)
        kinds = [str(kind) for kind in rng.permutation(KINDS)]
        made = list(sorties(rng, kinds, SIDE_PX, REACH))
        for number in rng.permutation(len(made)):
            season.hand_in(made[number])
        say(f"{len(made)} flights handed in")
        work(bureau, season)
        season.area("later", 1200, 200, 900, 2700)
        record = verdict(season, rng) | {
            "seed": given.seed, "machine": platform.platform(), "seconds": round(time.monotonic() - began),
        }  # fmt: skip
    (out / "season.json").write_text(json.dumps(record, indent=1))
    say(json.dumps(record, indent=1))
    if not record["holds"]:
        raise SystemExit(1)


def land(out: Path, seed: int) -> Any:
    spec = SceneSpec(size_px=SIDE_PX, seed=seed, gsd_m=GSD_M, left_m=LEFT, top_m=TOP)
    made = write_scene(spec, out / "scene", workers=1)
    with rasterio.open(made.orthomosaic) as raster:
        return np.moveaxis(raster.read(), 0, 2)


def work(bureau: Bureau, season: Season) -> None:
    """Let a worker do all of it."""
    worker = start_worker(bureau.settings)
    try:
        left = len(season.flown) + 1
        while waiting := sum(bureau.flight(flight).state in RUNNING for flight in season.flown):
            if waiting < left:
                say(f"{waiting} flights wait")
                left = waiting
            if worker.process.poll() is not None:
                raise SystemExit("the worker ended by itself")
            time.sleep(1)
    finally:
        worker.process.kill()
        worker.process.wait()


def verdict(season: Season, rng: np.random.Generator) -> dict[str, Any]:
    """Every window that begins with the season, every single day, and many others."""
    days = max(sortie.day for sortie in season.flown.values())
    windows = [(0, day) for day in range(days + 1)] + [(day, day) for day in range(days + 1)]
    windows += [tuple(sorted(map(int, rng.integers(0, days + 1, 2)))) for _ in range(60)]
    whole = {name: np.s_[row : row + height, column : column + width] for name, (column, row, width, height) in {
        **AREAS, "later": (1200, 200, 900, 2700),
    }.items()}  # fmt: skip
    pixel_m2, rows, sums, most_beyond = season.pixel_m2, [], 0, 0.0
    for first, last in windows:
        window = season.window(first, last)
        seen_hw, imaged_hw = season.truth(window)
        claimed_hw = season.claimed(window)
        beyond_hw = claimed_hw & ~seen_hw
        most_beyond = max(most_beyond, float(beyond_hw.sum()) * pixel_m2)
        for name, ground in season.counted(window).items():
            states = ground.seen + ground.not_assessable + ground.could_not_be_flown + ground.not_flown
            sums += states == ground.total
            if name is not None:
                true_m2 = float(seen_hw[whole[name]].sum()) * pixel_m2
                pictured_m2 = float(imaged_hw[whole[name]].sum()) * pixel_m2
                rows.append((ground.seen / 100 - true_m2, (ground.seen + ground.not_assessable) / 100 - pictured_m2,
                             ground.seen / 100, true_m2))  # fmt: skip
    before = season.counted(season.window(0, days))
    recount(season.bureau.database, season.bureau.files)
    after = season.counted(season.window(0, days))
    states = {}
    for flight, sortie in season.flown.items():
        key = f"{sortie.kind}: {season.bureau.flight(flight).state}"
        states[key] = states.get(key, 0) + 1
    over, over_imaged = max(row[0] for row in rows), max(row[1] for row in rows)
    return {
        "flights": dict(sorted(states.items())),
        "windows": len(windows),
        "areas": len(whole),
        "claims": len(rows),
        "most_seen_beyond_truth_m2": round(over, 4),
        "most_imaged_beyond_truth_m2": round(over_imaged, 4),
        "most_ground_called_seen_that_is_not_m2": round(most_beyond, 4),
        "seen_of_what_could_be_seen": round(sum(row[2] for row in rows) / sum(row[3] for row in rows), 4),
        "sums_that_hold": [sums, len(windows) * (len(whole) + 1)],
        "recount_differs_by_m2": max(abs(before[name].seen - after[name].seen) for name in before) / 100,
        "holds": over <= MARGIN_M2 and over_imaged <= MARGIN_M2
        and sums == len(windows) * (len(whole) + 1),
    }  # fmt: skip


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)  # noqa: T201 a script


if __name__ == "__main__":
    os.nice(10)
    main()
