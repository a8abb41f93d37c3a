"""Plotwatch itself, end to end: intake, scan, plots, flags, rasters and report."""

from dataclasses import replace
from pathlib import Path

import rasterio

from pipeline.bench.course import Job, run_course
from pipeline.settings import Settings
from pipeline.workflow.scan import Order, scan


def run(mosaic: Path, job: Job, folder: Path) -> int:
    """Scan the mosaic with the default engine."""
    settings = replace(Settings(), model=Path(job.model))
    scan(Order(source=mosaic, model=Path(job.model), out=folder), settings)
    with rasterio.open(mosaic) as raster:
        return int(raster.width * raster.height)


if __name__ == "__main__":
    run_course(run)
