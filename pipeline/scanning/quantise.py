"""An int8 network from a float one, and its gate: no plot lost, almost no average precision, the same familiarity.

NNCF measures the range of every layer's values on calibration windows and writes the network again with 8-bit weights
and activations (ONNX, QuantizeLinear and DequantizeLinear), which OpenVINO runs as int8. Where the whole network in
int8 fails the gate, its most sensitive layers stay float; where that fails too, there is no int8 network.

Needs the [train] extra. Axes: n = window, h = row, w = column, b = band.
"""

import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Final, TypeAlias

import nncf
import numpy as np
import numpy.typing as npt
import onnx
import onnx.numpy_helper

from pipeline.domain.int8 import MOST_AP_LOST, MOST_UNFAMILIAR_MOVED, Int8Check

PIXELS: Final = "pixels"
LOGITS: Final = "logits"
CHATTY: Final = ("nncf", "torch.utils.cpp_extension")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How a network does on held-out ground: which plots it finds (bool [plots]), and how well it ranks cells.

    The average precision is not a number where there is no target cell. ``unfamiliar`` is the share of cells beyond the
    limit of familiarity; None of a bundle without one.
    """

    found: npt.NDArray[np.bool_]
    average_precision: float
    unfamiliar: float | None = None


Quantiser: TypeAlias = Callable[[bytes, Sequence[str]], bytes]
"""Makes an int8 graph of a float one; the layers of these names stay float."""
Judge: TypeAlias = Callable[[bytes | None], Answers]
"""Scores held-out ground with an int8 graph; with the float network where it is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A way to quantise a network: which layers stay float, and how that is said."""

    mode: str
    said: str
    float_layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the gate decided: the graph of the last attempt, which is the accepted one where there is one."""

    accepted: bool
    attempt: Attempt
    check: Int8Check
    decision: str
    graph: bytes


def quantise(graph: bytes, quantiser: Quantiser, judge: Judge) -> Outcome:
    """The first attempt at an int8 network of ``graph`` that passes the gate, else the last one, refused."""
    before = judge(None)
    said: list[str] = []
    for attempt in attempts(onnx.load_model_from_string(graph)):
        made = quantiser(graph, attempt.float_layers)
        check = compare(before, judge(made))
        said.append(f"{attempt.said} {_verdict(check)}")
        if check.passes:
            break
    end = "It is used." if check.passes else "There is no int8 network."
    decision = f"{'; '.join(said)}. {end}"
    return Outcome(
        accepted=check.passes, attempt=attempt, check=check, decision=decision[0].upper() + decision[1:], graph=made
    )


def compare(before: Answers, after: Answers) -> Int8Check:
    """The numbers of the gate."""
    return Int8Check(
        n_plots=len(before.found),
        found_before=int(before.found.sum()),
        found_after=int(after.found.sum()),
        plots_lost=int((before.found & ~after.found).sum()),
        ap_before=_number(before.average_precision),
        ap_after=_number(after.average_precision),
        unfamiliar_before=None if before.unfamiliar is None else round(before.unfamiliar, 6),
        unfamiliar_after=None if after.unfamiliar is None else round(after.unfamiliar, 6),
    )


def _number(value: float) -> float | None:
    """A number rounded for the record; None for what is none."""
    return round(value, 6) if math.isfinite(value) else None


def _verdict(check: Int8Check) -> str:
    """Why an attempt passed or failed."""
    if check.ap_before is None or check.ap_after is None:
        return "cannot be judged, its average precision is not a number"
    change = check.ap_before - check.ap_after
    fell = (
        f"{'loses' if change > 0 else 'gains'} {abs(change):.4f} of average precision (at most {MOST_AP_LOST} allowed)"
    )
    plots = f"{check.plots_lost or 'none'} of {check.found_before} found plots"
    familiar = ""
    if check.unfamiliar_before is not None:
        familiar = (
            f", and calls {abs(check.unfamiliar_moved):.2%} {'more' if check.unfamiliar_moved > 0 else 'less'} of the "
            f"ground unfamiliar (at most {MOST_UNFAMILIAR_MOVED:.1%} allowed)"
        )
    return f"{'passes' if check.passes else 'fails'}: it loses {plots} and {fell}{familiar}"


def attempts(model: onnx.ModelProto) -> Iterator[Attempt]:
    """What is tried, in this order; each leaves at least one convolution in int8.

    Early layers are the sensitive ones: in a ResNet-18 on potato weeds int8 throughout lost 0.018 of average precision,
    without the first three convolutions nothing; it then runs at 0.6 times its speed (2026-11-24).
    """
    beside = set(beside_logits(model))
    layers = [node.name for node in model.graph.node if node.op_type == "Conv" and node.name not in beside]
    yield Attempt(mode="int8", said="int8 throughout")
    sixth, quarter = math.ceil(len(layers) / 6), math.ceil(len(layers) / 4)
    for first, last in dict.fromkeys(((1, 1), (sixth, 1), (quarter, quarter))):
        if first + last < len(layers):
            said = f"int8 with the first {first} and the last {last} convolutions in float"
            yield Attempt(mode="mixed", said=said, float_layers=(*layers[:first], *layers[-last:]))


def nncf_quantiser(windows_nhwb: npt.NDArray[np.uint8]) -> Quantiser:
    """Quantises by the ranges seen on these windows, uint8 [n, h, w, 3], in their order.

    Weights use all 8 bits: what overflows where a processor lacks 8-bit dot products is not run there (``engine``).
    """

    def make(graph: bytes, float_layers: Sequence[str]) -> bytes:
        model = onnx.load_model_from_string(graph)
        unfold_half(model)
        kept = nncf.IgnoredScope(names=[*float_layers, *beside_logits(model)])
        seen = nncf.Dataset([window_hwb[np.newaxis] for window_hwb in windows_nhwb], lambda one: {PIXELS: one})
        options = {
            "preset": nncf.QuantizationPreset.MIXED,
            "subset_size": len(windows_nhwb),
            "ignored_scope": kept,
            "advanced_parameters": nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.DISABLE),
        }
        with _quiet():
            made = nncf.quantize(model, seen, **options)
        _forget_origin(made)
        content: bytes = made.SerializeToString(deterministic=True)
        return content

    return make


def unfold_half(model: onnx.ModelProto) -> None:
    """Turn constants that are stored in 16 bit and cast at each run into float32 ones: NNCF quantises constants."""
    constants = {constant.name: constant for constant in model.graph.initializer}
    others = []
    for node in model.graph.node:
        if node.op_type != "Cast" or node.input[0] not in constants:
            others.append(node)
            continue
        stored = constants[node.input[0]]
        values = onnx.numpy_helper.to_array(stored).astype(np.float32)
        stored.CopyFrom(onnx.numpy_helper.from_array(values, node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(others)


def beside_logits(model: onnx.ModelProto) -> list[str]:
    """The layers that only other outputs than the logits need: they stay float."""
    makers = {made: node for node in model.graph.node for made in node.output}
    needed, open_names = set(), [LOGITS]
    while open_names:
        node = makers.get(open_names.pop())
        if node is not None and node.name not in needed:
            needed.add(node.name)
            open_names.extend(node.input)
    return [node.name for node in model.graph.node if node.name not in needed]


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop what the quantiser notes of itself and of its machine."""
    model.producer_name, model.producer_version, model.doc_string = "plotwatch", "", ""
    del model.metadata_props[:]
    del model.graph.value_info[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither NNCF's bars nor its log: progress is told by ourselves."""
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
