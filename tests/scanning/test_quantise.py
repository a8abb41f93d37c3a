"""Int8: a good network passes the gate, a bad one is refused with its numbers, and what stays float is known."""

import numpy as np
import onnx
import openvino
import pytest
from bundles import red_graph, wide_graph
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("nncf")

from pipeline.scanning.quantise import (
    Answers,
    Outcome,
    attempts,
    beside_logits,
    compare,
    nncf_quantiser,
    quantise,
    unfold_half,
)

pytestmark = pytest.mark.learning


def windows(n: int = 8) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, 64, 64, 3), np.uint8)


def deep_graph(layers: int = 9) -> onnx.ModelProto:
    """A chain of named convolutions that keep the size, after one at stride 32."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], name="cast", to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["x0"], name="transpose", perm=[0, 3, 1, 2]),
    ]
    rng, constants = np.random.default_rng(1), []
    for n in range(layers):
        shape, stride = ((4, 3, 32, 32), 32) if n == 0 else ((4 if n < layers - 1 else 1, 4, 1, 1), 1)
        weights = (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        constants.append(numpy_helper.from_array(weights, f"w{n}"))
        made = f"x{n + 1}" if n < layers - 1 else "logits"
        nodes.append(helper.make_node("Conv", [f"x{n}", f"w{n}"], [made], name=f"conv{n}", strides=[stride] * 2))
    graph = helper.make_graph(
        nodes,
        "deep",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1, "r", "c"])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(graph: bytes, pixels_nhwb: np.ndarray, output: int = 0) -> np.ndarray:
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    return np.array(core.compile_model(core.read_model(graph), "CPU", options)(pixels_nhwb)[output])


def answers(found: list[bool], precision: float = 0.9) -> Answers:
    return Answers(found=np.array(found), average_precision=precision)


def judged_by_logits(graph: bytes, pixels_nhwb: np.ndarray, after: bytes | None) -> Answers:
    """Every cell is a plot, found where its logit is above the median of the float network."""
    logits = run(graph, pixels_nhwb).ravel()
    bar = np.median(logits) - 0.05 * np.std(logits)
    given = logits if after is None else run(after, pixels_nhwb).ravel()
    found = (given >= bar) | (logits < np.median(logits))
    ranked = float(np.corrcoef(logits, given)[0, 1]) if given.std() > 0 else 0.0
    return Answers(found=found, average_precision=ranked)


def test_a_network_that_stands_it_passes_the_gate_in_int8_throughout() -> None:
    graph, pixels = red_graph().SerializeToString(), windows()
    outcome = quantise(graph, nncf_quantiser(pixels), lambda after: judged_by_logits(graph, pixels, after))
    assert (outcome.accepted, outcome.attempt.mode) == (True, "int8")
    assert outcome.check.plots_lost == 0
    assert "Int8 throughout passes" in outcome.decision
    kinds = {node.op_type for node in onnx.load_model_from_string(outcome.graph).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    np.testing.assert_allclose(run(outcome.graph, pixels), run(graph, pixels), atol=0.3)


def fragile_graph() -> onnx.ModelProto:
    """The signal is a thousandth of what one layer's values span: 8 bits a tensor cannot hold it."""
    graph = wide_graph()
    for constant in graph.graph.initializer:
        if constant.name == "b.w":
            weights = numpy_helper.to_array(constant).copy()
            weights[0] *= 3000
            constant.CopyFrom(numpy_helper.from_array(weights, "b.w"))
        if constant.name == "c.w":
            weights = numpy_helper.to_array(constant).copy()
            weights[:, 0] = 0
            constant.CopyFrom(numpy_helper.from_array(weights, "c.w"))
    for number, node in enumerate(graph.graph.node):
        node.name = f"{node.op_type}{number}"
    return graph


def test_a_network_whose_int8_form_is_bad_is_refused_with_the_numbers() -> None:
    graph, pixels = fragile_graph().SerializeToString(), windows()
    outcome = quantise(graph, nncf_quantiser(pixels[:4]), lambda after: judged_by_logits(graph, pixels, after))
    assert not outcome.accepted
    assert outcome.check.plots_lost > 0 or outcome.check.ap_before - outcome.check.ap_after > 0.005
    assert outcome.decision.endswith("There is no int8 network.")
    assert "Int8 throughout fails" in outcome.decision


@pytest.mark.parametrize(("after", "passes"), [(0.065, True), (0.071, False), (0.029, False)])
def test_a_network_that_calls_other_ground_unfamiliar_is_refused_whichever_way_it_errs(
    after: float, passes: bool
) -> None:
    before = Answers(found=np.array([True]), average_precision=0.9, unfamiliar=0.05)
    check = compare(before, Answers(found=np.array([True]), average_precision=0.9, unfamiliar=after))
    assert check.passes is passes
    assert f"5.00% of cells unfamiliar in float, {after:.2%} after" in check.sentence


def tried(good: set[str], layers: int = 9) -> Outcome:
    """The gate where an attempt finds all plots only if these layers stay float."""
    kept: list[set[str]] = []

    def quantiser(graph: bytes, float_layers: object) -> bytes:
        kept.append(set(float_layers))
        return graph

    def judge(after: bytes | None) -> Answers:
        return answers([True, after is None or good <= kept[-1]])

    return quantise(deep_graph(layers).SerializeToString(), quantiser, judge)


def test_mixed_precision_is_tried_before_int8_is_refused() -> None:
    assert tried(set()).attempt.mode == "int8"
    ends = tried({"conv0", "conv8"})
    assert (ends.accepted, ends.attempt.mode, ends.attempt.float_layers) == (True, "mixed", ("conv0", "conv8"))
    assert "the first 1 and the last 1 convolutions in float passes" in ends.decision
    assert tried({"conv1"}).attempt.float_layers == ("conv0", "conv1", "conv8")
    assert len(tried({"conv2"}).attempt.float_layers) == 6
    refused = tried({"conv4"})
    assert not refused.accepted
    assert refused.decision.count("fails") == 4


def test_no_attempt_leaves_everything_float() -> None:
    assert [attempt.float_layers for attempt in attempts(deep_graph(2))] == [()]


@pytest.mark.parametrize(
    ("after", "passes"),
    [
        (answers([True, True, False], 0.9), True),
        (answers([True, True, True], 0.9), True),
        (answers([True, False, True], 0.9), False),
        (answers([True, True, False], 0.8951), True),
        (answers([True, True, False], 0.8949), False),
        (answers([True, True, False], float("nan")), False),
    ],
)
def test_the_gate_wants_every_plot_that_was_found_and_at_most_0_005_less_average_precision(
    after: Answers, passes: bool
) -> None:
    check = compare(answers([True, True, False], 0.9), after)
    assert check.passes is passes
    assert (check.n_plots, check.found_before) == (3, 2)


def test_layers_that_only_another_output_needs_stay_float() -> None:
    model = deep_graph(3)
    model.graph.initializer.append(numpy_helper.from_array(np.ones((4, 4, 1, 1), np.float32), "w.sense"))
    model.graph.node.append(helper.make_node("Conv", ["x2", "w.sense"], ["distance"], name="sense"))
    model.graph.output.append(helper.make_tensor_value_info("distance", TensorProto.FLOAT, ["n", 4, "r", "c"]))
    assert beside_logits(model) == ["sense"]
    made = onnx.load_model_from_string(nncf_quantiser(windows(2))(model.SerializeToString(), []))
    (sense,) = (node for node in made.graph.node if node.name == "sense")
    assert sense.input[1] == "w.sense"
    assert [value.name for value in made.graph.output] == ["logits", "distance"]


def test_constants_stored_in_16_bit_are_quantised_too() -> None:
    model = deep_graph(3)
    for constant in list(model.graph.initializer):
        name, stored = constant.name, numpy_helper.to_array(constant).astype(np.float16)
        constant.CopyFrom(numpy_helper.from_array(stored, f"{name}.half"))
        cast = helper.make_node("Cast", [f"{name}.half"], [name], name=f"{name}.cast", to=TensorProto.FLOAT)
        model.graph.node.insert(0, cast)
    unfolded = onnx.ModelProto()
    unfolded.CopyFrom(model)
    unfold_half(unfolded)
    np.testing.assert_array_equal(
        run(unfolded.SerializeToString(), windows(1)), run(model.SerializeToString(), windows(1))
    )
    made = onnx.load_model_from_string(nncf_quantiser(windows(2))(model.SerializeToString(), []))
    assert sum(constant.data_type == TensorProto.INT8 for constant in made.graph.initializer) >= 3


def test_the_same_windows_give_the_same_bytes_and_nothing_of_the_machine() -> None:
    first, second = (nncf_quantiser(windows(4))(deep_graph().SerializeToString(), []) for _ in range(2))
    assert first == second
    assert b"nncf" not in first
