"""The shipped bundles: whole, small, honest, and the same in OpenVINO as in torch."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from rasters import mosaic, write_working

from pipeline.imagery.pixels import Ground
from pipeline.imagery.scenes import SceneSpec, write_scene
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.engine import OpenVinoEngine, probabilities
from pipeline.scanning.scan import grid_for, plan_reading
from pipeline.settings import ScanSettings

MODELS = Path(__file__).parents[1] / "models"
BUNDLES = sorted(path.parent.name for path in MODELS.glob("*/bundle.json"))
Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="session")
def land(tmp_path_factory: pytest.TempPathFactory) -> Pixels:
    """A piece of drawn farmland, uint8 [544, 640, 3]."""
    files = write_scene(SceneSpec(size_px=2048, seed=11), tmp_path_factory.mktemp("land"))
    with Ground(files.orthomosaic) as ground:
        return ground.read(column_px=800, row_px=220, width_px=640, height_px=544).pixels_hwb


def test_all_bundles_are_there() -> None:
    assert BUNDLES == ["cereal-plots", "demo-poppy", "potato-weeds"]


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_is_whole_and_small(name: str) -> None:
    bundle = open_bundle(MODELS / name)
    assert bundle.manifest.name == name
    files = list((MODELS / name).iterdir())
    assert {path.name for path in files} == {"bundle.json", *bundle.manifest.files}
    assert sum(path.stat().st_size for path in files) < 25_000_000


@pytest.mark.parametrize("name", BUNDLES)
def test_a_card_says_what_it_was_trained_on_and_that_it_is_not_for_operations(name: str) -> None:
    card = (MODELS / name / "card.md").read_text(encoding="utf-8")
    assert "Not for operations" in card
    assert "never seen opium poppy, coca or cannabis" in card
    assert "What it was trained on" in card
    claimed = "At least 95% of plots on ground like this are found (95 % confidence, n = " in card
    assert claimed is (name == "potato-weeds")
    assert claimed is not ("No recall is claimed" in card)


def score(bundle: Bundle, working: Path, pixels_hwb: Pixels, **settings: int) -> npt.NDArray[np.float32]:
    """The probability of every cell, before it is rounded for storage, cut as ``settings`` say."""
    chosen = ScanSettings(**settings)
    grid = grid_for(mosaic(pixels_hwb, gsd_m=bundle.manifest.gsd_m), bundle.manifest, chosen)
    reading = plan_reading(grid, bundle.manifest, chosen)
    engine = OpenVinoEngine(bundle, height_px=reading.height_px, width_px=reading.width_px, precision="fp32")
    scores_rc = np.full((grid.rows, grid.columns), np.nan, np.float32)
    with Ground(working, fill_rgb=bundle.manifest.fill_rgb) as ground:
        for window in (window for strip in reading.plan.strips() for window in strip.windows):
            place = np.s_[window.row : window.row + window.rows, window.column : window.column + window.columns]
            logits_rc = reading.cells(engine.logits(reading.pixels(ground, window)), window)
            scores_rc[place] = probabilities(logits_rc, bundle.manifest.calibration)
    return scores_rc


@pytest.mark.parametrize("name", BUNDLES)
def test_a_shifted_window_grid_changes_no_probability_by_a_thousandth(name: str, land: Pixels, tmp_path: Path) -> None:
    bundle = open_bundle(MODELS / name)
    working = write_working(tmp_path / "w.tif", land)
    whole = score(bundle, working, land, window_px=4096)
    assert whole.max() - whole.min() > 0.3, "the piece of land has something to find"
    np.testing.assert_allclose(score(bundle, working, land, window_px=256, shift_cells=3), whole, atol=1e-3)


@pytest.mark.learning
@pytest.mark.parametrize("name", BUNDLES)
def test_openvino_says_what_torch_says(name: str, land: Pixels) -> None:
    import torch

    from pipeline.learning.export import load_network

    bundle = open_bundle(MODELS / name)
    network, _ = load_network(MODELS / name)
    with torch.inference_mode():
        reference = network(torch.from_numpy(land[np.newaxis])).numpy()[0, 0]
    engine = OpenVinoEngine(bundle, height_px=land.shape[0], width_px=land.shape[1], precision="fp32")
    calibration = bundle.manifest.calibration
    np.testing.assert_allclose(
        probabilities(engine.logits(land), calibration), probabilities(reference, calibration), atol=1e-3
    )
