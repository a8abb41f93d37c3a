"""The engine: pixels in, logits out, and clear refusals."""

from pathlib import Path

import numpy as np
import pytest
from bundles import ACCEPTED, red_graph, write_bundle, write_knowing_bundle
from onnx import TensorProto, helper

from pipeline.domain.model import Calibration
from pipeline.errors import InvalidInputError
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.engine import OpenVinoEngine, probabilities


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_red_cells_score_higher_than_green_ones(tmp_path: Path, precision: str) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "red"))
    engine = OpenVinoEngine(bundle, height_px=64, width_px=96, precision=precision)
    pixels_hwb = np.full((64, 96, 3), (80, 120, 60), np.uint8)
    pixels_hwb[:32, 32:64] = (200, 60, 60)
    logits_rc = engine.logits(pixels_hwb)
    np.testing.assert_allclose(logits_rc, [[-12, 24, -12], [-12, -12, -12]], atol=0.3)


def test_a_network_with_a_distance_gives_both_and_one_without_gives_none(tmp_path: Path) -> None:
    pixels_hwb = np.full((32, 64, 3), (80, 120, 60), np.uint8)
    pixels_hwb[:, 32:, 2] = 200
    sizes = {"height_px": 32, "width_px": 64, "precision": "fp32"}
    given = OpenVinoEngine(open_bundle(write_knowing_bundle(tmp_path / "knowing")), **sizes).answer(pixels_hwb)
    np.testing.assert_allclose(given.logits_rc, [[-12, -12]], atol=1e-3)
    assert given.distance_rc is not None
    np.testing.assert_allclose(given.distance_rc, [[0.6, 2.0]], atol=1e-4)
    assert OpenVinoEngine(open_bundle(write_bundle(tmp_path / "red")), **sizes).answer(pixels_hwb).distance_rc is None


def test_int8_runs_the_int8_network_of_the_bundle_and_nothing_else_does(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "red", int8_graph=red_graph(gain=0.1), int8=ACCEPTED))
    pixels_hwb = np.full((32, 32, 3), (200, 60, 60), np.uint8)

    def logit(precision: str) -> float:
        engine = OpenVinoEngine(bundle, height_px=32, width_px=32, precision=precision)
        return float(engine.logits(pixels_hwb)[0, 0])

    assert [logit(precision) for precision in ("fp32", "bf16", "int8")] == pytest.approx([24, 24, 10], abs=0.3)


def test_int8_without_an_accepted_network_is_refused(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "red"))
    with pytest.raises(InvalidInputError, match="red-things has no int8 network that passed its gate: use auto"):
        OpenVinoEngine(bundle, height_px=32, width_px=32, precision="int8")


def test_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "red"))
    with pytest.raises(InvalidInputError, match="'fp8' is not known"):
        OpenVinoEngine(bundle, height_px=64, width_px=64, precision="fp8")


def test_a_network_that_cannot_run_is_refused_in_one_sentence(tmp_path: Path) -> None:
    graph = red_graph()
    graph.graph.node.append(helper.make_node("NoSuchOperation", ["logits"], ["more"]))
    graph.graph.output[0].CopyFrom(helper.make_tensor_value_info("more", TensorProto.FLOAT, None))
    graph.graph.node[-1].output[0] = "logits"
    graph.graph.output[0].name = "logits"
    graph.graph.node[-2].output[0] = "before"
    graph.graph.node[-1].input[0] = "before"
    bundle = open_bundle(write_bundle(tmp_path / "odd", graph=graph))
    with pytest.raises(InvalidInputError, match="cannot be run") as caught:
        OpenVinoEngine(bundle, height_px=64, width_px=64, precision="fp32")
    assert "\n" not in str(caught.value)


def test_probabilities_follow_the_calibration_and_keep_what_is_no_number() -> None:
    logits = np.array([-1e9, 0.0, 1e9, np.nan], np.float32)
    given = probabilities(logits, Calibration(slope=2.0, intercept=-1.0))
    np.testing.assert_allclose(given, [0, 1 / (1 + np.e), 1, np.nan], atol=1e-6)
