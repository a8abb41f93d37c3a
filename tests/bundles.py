"""Tiny model bundles made by hand, so that scanning is tested without any training."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.domain.int8 import Int8, Int8Check
from pipeline.domain.limits import Familiarity, QualityLimits
from pipeline.domain.model import Calibration, Manifest, Thresholds, TrainingData

MANIFEST = Manifest(
    version=1,
    name="red-things",
    created_at="2026-11-24T00:00:00+00:00",
    classes=("red",),
    gsd_m=0.02,
    stride_px=32,
    halo_px=0,
    mean_rgb=(120.0, 120.0, 120.0),
    std_rgb=(60.0, 60.0, 60.0),
    backbone="by hand",
    calibration=Calibration(slope=1.0, intercept=0.0, n_cells=10),
    thresholds=Thresholds(high=0.7, low=0.5, recall_target=0.95, n_plots=10, n_found=10, basis="By hand."),
    data=TrainingData(name="none", fingerprint="0", licence="Apache-2.0", sources=()),
    limits=("It knows red from green and nothing else.",),
)


def red_graph(*, gain: float = 0.2) -> onnx.ModelProto:
    """Logit of a cell: ``gain`` x (mean red - mean green) - 4; a cell sees nothing but itself."""
    weights = np.zeros((1, 3, 32, 32), np.float32)
    weights[0, 0], weights[0, 1] = gain / 1024, -gain / 1024
    return _graph([("conv", weights, np.array([-4.0], np.float32), 32, 0)])


def knowing_graph() -> onnx.ModelProto:
    """The red graph with a second output: distance of a cell is its mean blue over 100."""
    made = red_graph()
    weights = np.zeros((1, 3, 32, 32), np.float32)
    weights[0, 2] = 0.01 / 1024
    made.graph.initializer.append(numpy_helper.from_array(weights, "distance.w"))
    made.graph.node.append(helper.make_node("Conv", ["x0", "distance.w"], ["distance"], strides=[32, 32]))
    made.graph.output.append(helper.make_tensor_value_info("distance", TensorProto.FLOAT, ["n", 1, "r", "c"]))
    return made


FAMILIARITY = Familiarity(limit=1.2, quantile=0.995, most_unfamiliar_share=0.1, n_cells=500, given_up_share=0.005)
QUALITY = QualityLimits(
    sharpness_least=0.5, light_least=30.0, light_most=220.0, saturated_most=0.1, most_poor_share=0.1, n_cells=500,
    given_up_share=0.01,
)  # fmt: skip


def write_knowing_bundle(folder: Path, **changes: object) -> Path:
    """A bundle that knows its ground: anything blue is unfamiliar, anything smooth is blurred."""
    known = {"version": 2, "familiarity": FAMILIARITY, "quality": QUALITY, **changes}
    return write_bundle(folder, graph=knowing_graph(), **known)


def wide_graph(seed: int = 5) -> onnx.ModelProto:
    """Random convolutions at stride 32 whose receptive field of 105 px reaches past the cell."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    return _graph(
        [
            ("a", draw(4, 3, 9, 9) / 20, np.zeros(4, np.float32), 4, 4),
            ("b", draw(4, 4, 9, 9) * 4, np.zeros(4, np.float32), 4, 4),
            ("c", draw(1, 4, 5, 5) * 4, np.zeros(1, np.float32), 2, 2),
        ]
    )


def _graph(convolutions: list[tuple[str, np.ndarray, np.ndarray, int, int]]) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["x0"], perm=[0, 3, 1, 2]),
    ]
    initialisers = []
    for number, (name, weights, bias, stride, pad) in enumerate(convolutions):
        last = number == len(convolutions) - 1
        initialisers += [numpy_helper.from_array(weights, f"{name}.w"), numpy_helper.from_array(bias, f"{name}.b")]
        made = "logits" if last else f"{name}.out"
        nodes.append(
            helper.make_node(
                "Conv", [f"x{number}", f"{name}.w", f"{name}.b"], [made], strides=[stride] * 2, pads=[pad] * 4
            )
        )
        if not last:
            nodes.append(helper.make_node("Relu", [made], [f"x{number + 1}"]))
    graph = helper.make_graph(
        nodes,
        "plots",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1, "r", "c"])],
        initialisers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


CHECK = Int8Check(n_plots=10, found_before=9, found_after=9, plots_lost=0, ap_before=0.91, ap_after=0.909)
ACCEPTED = Int8(accepted=True, mode="int8", decision="By hand.", calibrate=CHECK, validate=CHECK)


def write_bundle(
    folder: Path,
    *,
    graph: onnx.ModelProto | bytes | None = None,
    int8_graph: onnx.ModelProto | None = None,
    manifest: Manifest = MANIFEST,
    **changes: object,
) -> Path:
    """A bundle in ``folder`` whose hashes are right; ``changes`` replace fields of its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    content = graph if isinstance(graph, bytes) else (graph or red_graph()).SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    (folder / "card.md").write_text("# Red things\n")
    names = ["model.onnx", "card.md"]
    if int8_graph is not None:
        (folder / "model.int8.onnx").write_bytes(int8_graph.SerializeToString())
        names.append("model.int8.onnx")
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    made = replace(manifest, files=files, **changes)
    (folder / "bundle.json").write_text(json.dumps(asdict(made), indent=2, sort_keys=True))
    return folder
