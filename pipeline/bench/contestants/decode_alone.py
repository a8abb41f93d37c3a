"""A limit: the mosaic decoded in whole blocks on every core, and nothing done with it."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import local
from typing import Final

import rasterio
from rasterio.windows import Window

from pipeline.bench.course import Job, run_course

WINDOW_PX: Final = 2048


def run(mosaic: Path, job: Job, folder: Path) -> int:
    """Read every window once; each thread has a handle of its own."""
    del job, folder
    mine = local()

    def read(corner: tuple[int, int]) -> int:
        if not hasattr(mine, "raster"):
            mine.raster = rasterio.open(mosaic)
        window = Window(corner[1], corner[0], WINDOW_PX, WINDOW_PX)
        pixels_bhw = mine.raster.read(window=window.intersection(Window(0, 0, *size)))
        return int(pixels_bhw[0].size)

    with rasterio.open(mosaic) as raster:
        size = raster.width, raster.height
    corners = product(range(0, size[1], WINDOW_PX), range(0, size[0], WINDOW_PX))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(read, corners))


if __name__ == "__main__":
    run_course(run)
