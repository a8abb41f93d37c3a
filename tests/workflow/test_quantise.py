"""A bundle gets its int8 network from the ground it was trained on, and says what was decided and why."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from blobs import write_config, write_dataset
from onnx import numpy_helper

pytest.importorskip("nncf")

from pipeline.errors import InvalidInputError
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.quantise import Quantiser
from pipeline.workflow import quantise as workflow
from pipeline.workflow.quantise import quantise_bundle
from pipeline.workflow.retrain import retrain

pytestmark = pytest.mark.learning


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training on red squares, with few and small calibration windows."""
    folder = tmp_path_factory.mktemp("red")
    write_dataset(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "WINDOWS", 16)
        patch.setattr(workflow, "WINDOW_PX", 128)
        retrain(write_config(folder, steps=60, every=60), folder / "run")
    return folder


@pytest.fixture
def bundle(run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run / "run" / "red", tmp_path / "red")


def ruined(windows_nhwb: np.ndarray) -> Quantiser:
    """Every weight turned to minus its sign: no network survives that."""
    assert windows_nhwb.dtype == np.uint8

    def make(graph: bytes, float_layers: Sequence[str]) -> bytes:
        del float_layers
        model = onnx.load_model_from_string(graph)
        for constant in model.graph.initializer:
            values = numpy_helper.to_array(constant)
            if values.ndim == 4:
                constant.CopyFrom(numpy_helper.from_array(-np.sign(values), constant.name))
        content: bytes = model.SerializeToString()
        return content

    return make


def test_a_training_ends_with_a_decision_about_int8_in_manifest_and_card(run: Path) -> None:
    opened = open_bundle(run / "run" / "red")
    said = opened.manifest.int8
    assert said is not None
    assert said.accepted, said.decision
    assert said.calibrate.found_after >= said.calibrate.found_before > 2
    assert opened.int8_graph is not None
    assert said.calibrate.unfamiliar_before == pytest.approx(opened.manifest.familiarity.given_up_share, abs=0.05)
    assert said.calibrate.unfamiliar_after is not None
    card = (run / "run" / "red" / "card.md").read_text()
    for sentence in said.sentences:
        assert card.count(sentence) == 1


def test_a_bad_int8_network_is_refused_and_the_numbers_are_kept(run: Path, bundle: Path) -> None:
    said = quantise_bundle(bundle, run / "DATASET.toml", make_quantiser=ruined)
    assert not said.accepted
    assert said.calibrate.plots_lost > 0
    assert not (bundle / "model.int8.onnx").exists()
    assert open_bundle(bundle).int8_graph is None
    written = json.loads((bundle / "bundle.json").read_text())["int8"]
    assert written["calibrate"]["plots_lost"] == said.calibrate.plots_lost
    card = (bundle / "card.md").read_text()
    assert card.count("## The 8-bit network") == 1
    assert "There is no int8 network." in card


def test_other_ground_than_the_thresholds_were_set_on_decides_nothing(bundle: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path, size=320)
    with pytest.raises(InvalidInputError, match="was made with other data than red squares holds now"):
        quantise_bundle(bundle, tmp_path / "DATASET.toml")
