"""TorchGeo as its tutorials use it: RasterDataset, GridGeoSampler, DataLoader, 224 px tiles, eager torch."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import rasterio
from torch.utils.data import DataLoader
from torchgeo.datasets import RasterDataset, stack_samples
from torchgeo.samplers import GridGeoSampler, Units

from pipeline.bench.course import Deadline, Job, run_course
from pipeline.bench.tiles import BATCH, TILE_PX, TileScores


def run(mosaic: Path, job: Job, folder: Path, *, stride_px: int) -> int:
    """Score the tiles of a grid; each adds the ground of one stride."""
    deadline = Deadline(job.most_seconds)
    with rasterio.open(mosaic) as raster:
        width, height, place = raster.width, raster.height, raster.transform
    scores = TileScores(Path(job.model), width_px=width, height_px=height)
    dataset = RasterDataset(paths=str(mosaic))
    sampler = GridGeoSampler(dataset, size=TILE_PX, stride=stride_px, units=Units.PIXELS)
    loader = DataLoader(
        dataset, batch_size=BATCH, sampler=sampler, collate_fn=stack_samples, num_workers=os.cpu_count() or 1
    )
    tiles = 0
    for batch in loader:
        corners = [_corner(bounds, ~place) for bounds in batch["bounds"]]
        scores.add(batch["image"].byte().permute(0, 2, 3, 1).contiguous(), corners)
        tiles += len(corners)
        if deadline.passed:
            break
    scores.write(folder, mosaic)
    return int(width * height * tiles / len(sampler))


def _corner(bounds: Any, to_pixels: rasterio.Affine) -> tuple[int, int]:
    """Row and column of a tile's upper left pixel."""
    x, y = bounds[:2]
    column, row = to_pixels * (x.start, y.stop)
    return max(0, round(row)), max(0, round(column))


if __name__ == "__main__":
    stride = int(sys.argv.pop())
    run_course(partial(run, stride_px=stride))
