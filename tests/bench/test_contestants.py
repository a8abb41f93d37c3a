"""Every contestant scores the same ground with the same network: their rasters agree where they look at the same."""

from pathlib import Path

import numpy as np
import openvino
import pytest
import rasterio
from bundles import red_graph
from rasters import green_ground, write_working

pytest.importorskip("torch")

from pipeline.bench.course import Job

pytestmark = pytest.mark.learning


@pytest.fixture
def model(red_run: Path) -> Path:
    return red_run / "run" / "red"


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    pixels_hwb = green_ground(448, 672)
    pixels_hwb[100:200, 100:200] = (190, 60, 60)
    return write_working(tmp_path / "mosaic.tif", pixels_hwb)


def job(mosaic: Path, model: Path, out: Path) -> Job:
    return Job(mosaic=str(mosaic), warm_up=str(mosaic), model=str(model), out=str(out), most_seconds=60)


def scores(folder: Path) -> np.ndarray:
    with rasterio.open(folder / "scores.tif") as raster:
        return np.array(raster.read(1), int)


def test_the_plain_loop_and_torchgeo_give_the_same_scores(mosaic: Path, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("torchgeo")
    from pipeline.bench.contestants import plain_loop, torchgeo_loader

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    told = job(mosaic, model, tmp_path)
    assert plain_loop.run(mosaic, told, tmp_path / "a") == 448 * 672
    assert torchgeo_loader.run(mosaic, told, tmp_path / "b", stride_px=224) == 448 * 672
    assert scores(tmp_path / "a").shape == (14, 21)
    np.testing.assert_allclose(scores(tmp_path / "a"), scores(tmp_path / "b"), atol=1)
    assert scores(tmp_path / "a").std() > 0


def test_overlapping_tiles_cover_the_same_ground_once(mosaic: Path, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("torchgeo")
    from pipeline.bench.contestants import torchgeo_loader

    told = job(mosaic, model, tmp_path)
    assert torchgeo_loader.run(mosaic, told, tmp_path, stride_px=112) == 448 * 672


def test_geodeep_is_given_the_same_network() -> None:
    pytest.importorskip("geodeep")
    from pipeline.bench.contestants.geodeep_segment import TILE_PX, as_segmentor

    graph = red_graph(gain=0.05).SerializeToString()
    pixels_nhwb = np.random.default_rng(1).integers(0, 256, (1, TILE_PX, TILE_PX, 3), np.uint8)
    core = openvino.Core()

    def run(content: bytes, given: np.ndarray) -> np.ndarray:
        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        return np.array(core.compile_model(core.read_model(content), "CPU", exact)(given)[0])

    logits_yx = run(graph, pixels_nhwb)[0, 0]
    images_nbhw = (pixels_nhwb.transpose(0, 3, 1, 2) / 255).astype(np.float32)
    classes = run(as_segmentor(graph, cell_px=32, gsd_cm=2.0), images_nbhw)
    np.testing.assert_allclose(classes[0, 1, 16::32, 16::32], 1 / (1 + np.exp(-logits_yx)), atol=1e-4)
    np.testing.assert_allclose(classes.sum(axis=1), 1, atol=1e-5)
