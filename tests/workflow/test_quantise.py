"""A bundle gets its int8 network from the ground it was trained on, and says what was decided and why."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from blobs import write_dataset
from onnx import numpy_helper

pytest.importorskip("nncf")

from pipeline.errors import InvalidInputError
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.quantise import Quantiser
from pipeline.workflow.quantise import quantise_bundle

pytestmark = pytest.mark.learning


@pytest.fixture
def bundle(red_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(red_run / "run" / "red", tmp_path / "red")


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


def test_a_training_ends_with_a_decision_about_int8_in_manifest_and_card(red_run: Path) -> None:
    opened = open_bundle(red_run / "run" / "red")
    said = opened.manifest.int8
    assert said is not None
    assert said.accepted, said.decision
    assert said.calibrate.found_after >= said.calibrate.found_before > 2
    assert opened.int8_graph is not None
    assert said.calibrate.unfamiliar_before == pytest.approx(opened.manifest.familiarity.given_up_share, abs=0.05)
    assert said.calibrate.unfamiliar_after is not None
    card = (red_run / "run" / "red" / "card.md").read_text()
    for sentence in said.sentences:
        assert card.count(sentence) == 1


def test_a_bad_int8_network_is_refused_and_the_numbers_are_kept(red_run: Path, bundle: Path) -> None:
    said = quantise_bundle(bundle, red_run / "DATASET.toml", make_quantiser=ruined)
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
