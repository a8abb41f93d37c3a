"""The bench's mosaic: tiled JPEG, the same every time, whole or with 40 % nodata around turned ground."""

from pathlib import Path

import numpy as np
import rasterio

from pipeline.bench.mosaic import write_mosaic
from pipeline.domain.progress import say_nothing


def written(path: Path, *, rotated: bool) -> Path:
    write_mosaic(path, size_px=2048, gsd_m=0.02, rotated=rotated, report=say_nothing)
    return path


def test_a_whole_mosaic_is_tiled_jpeg_and_the_same_every_time(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, rotated=False) for name in ("a.tif", "b.tif"))
    assert first.read_bytes() == second.read_bytes()
    with rasterio.open(first) as raster:
        assert (raster.width, raster.height, raster.count) == (2048, 2048, 3)
        assert (raster.compression.name.lower(), raster.block_shapes[0]) == ("jpeg", (512, 512))
        assert raster.read_masks(1).all()
        assert raster.read().std() > 10


def test_a_rotated_mosaic_lacks_two_fifths_of_its_ground(tmp_path: Path) -> None:
    with rasterio.open(written(tmp_path / "a.tif", rotated=True)) as raster:
        flown_hw = raster.read_masks(1) > 0
        assert abs(flown_hw.mean() - 0.6) < 0.01
        assert not flown_hw[0].all()
        assert len(np.unique(flown_hw.sum(axis=1))) > 100
