"""A limit: the compiled network of a scan, alone, on pixels in memory."""

from pathlib import Path
from typing import Final

import numpy as np

from pipeline.bench.course import Deadline, Job, run_course
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.engine import OpenVinoEngine, choose_precision
from pipeline.settings import ScanSettings

RUNS: Final = 12


def run(mosaic: Path, job: Job, folder: Path) -> int:
    """Score one window of a scan, with its halo, again and again; all its pixels count."""
    del mosaic, folder
    bundle = open_bundle(Path(job.model))
    side_px = ScanSettings().window_px + 2 * bundle.manifest.halo_px
    precision = choose_precision("auto", has_int8=bundle.int8_graph is not None)
    engine = OpenVinoEngine(bundle, height_px=side_px, width_px=side_px, precision=precision)
    pixels_hwb = np.random.default_rng(1).integers(0, 256, (side_px, side_px, 3), np.uint8)
    deadline, done = Deadline(job.most_seconds), 0
    while done < RUNS and not deadline.passed:
        engine.logits(pixels_hwb)
        done += 1
    return done * side_px**2


if __name__ == "__main__":
    run_course(run)
