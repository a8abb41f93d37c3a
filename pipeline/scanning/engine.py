"""The engine: uint8 pixels of a window in, a calibrated probability for each cell out.

Axes: n = window, h = row, w = column, b = band; a cell is ``stride_px`` model pixels square.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import openvino
import openvino.properties.hint as hints

from pipeline.domain.model import Calibration
from pipeline.errors import InvalidInputError
from pipeline.scanning.bundle import Bundle

PRECISIONS: Final = {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16, "int8": openvino.Type.f32}
"""What the layers that are not quantised compute in; int8 was judged with those in float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a network says of each cell, float32 [h / stride, w / stride]; no distance if it has no such output."""

    logits_rc: npt.NDArray[np.float32]
    distance_rc: npt.NDArray[np.float32] | None = None


class Engine(Protocol):
    """Scores windows of one fixed size; may be called from several threads at once."""

    lanes: int

    def answer(self, pixels_hwb: npt.NDArray[np.uint8]) -> Answer:
        """What the network says of pixels uint8 [h, w, 3]."""
        ...


class OpenVinoEngine:
    """A bundle's network compiled for this machine's processor, for windows of ``height_px`` x ``width_px``."""

    def __init__(self, bundle: Bundle, *, height_px: int, width_px: int, precision: str, lanes: int = 1) -> None:
        """Compile the network; ``lanes`` windows are scored side by side.

        Raises:
            InvalidInputError: The precision is unknown, the bundle has no network of it, or OpenVINO cannot run it.
        """
        graph = _graph_for(bundle, precision)
        self.lanes = lanes
        self._threads = threading.local()
        try:
            core = openvino.Core()
            model = core.read_model(graph)
            model.reshape([1, height_px, width_px, 3])
            options = {hints.inference_precision: PRECISIONS[precision], "NUM_STREAMS": lanes}
            self._compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise InvalidInputError(f"the network of {bundle.manifest.name} cannot be run by OpenVINO") from error

    def logits(self, pixels_hwb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Logits float32 [h / stride, w / stride] of pixels uint8 [h, w, 3]."""
        return self.answer(pixels_hwb).logits_rc

    def answer(self, pixels_hwb: npt.NDArray[np.uint8]) -> Answer:
        """Logits, and distance where the bundle has it, of pixels uint8 [h, w, 3]."""
        request: Any = getattr(self._threads, "request", None)
        if request is None:
            request = self._threads.request = self._compiled.create_infer_request()
        given = request.infer([pixels_hwb[np.newaxis]], share_inputs=True)
        logits_rc, *distance_rc = (np.array(given[number][0, 0], np.float32) for number in range(len(given)))
        return Answer(logits_rc=logits_rc, distance_rc=distance_rc[0] if distance_rc else None)


def _graph_for(bundle: Bundle, precision: str) -> bytes:
    """The network of ``bundle`` that is run for ``precision``."""
    if precision not in PRECISIONS:
        raise InvalidInputError(f"precision {precision!r} is not known, use auto, {' or '.join(PRECISIONS)}")
    if precision != "int8":
        return bundle.graph
    if bundle.int8_graph is None:
        raise InvalidInputError(
            f"{bundle.manifest.name} has no int8 network that passed its gate: use auto, fp32 or bf16"
        )
    return bundle.int8_graph


def choose_precision(wanted: str, *, has_int8: bool = False, processor: Path = Path("/proc/cpuinfo")) -> str:
    """``wanted``, or for ``auto`` the fastest that this processor computes in hardware and that is safe on it.

    int8 where there is such a network and the processor has 8-bit dot products (VNNI, AMX): without them 8-bit sums
    can overflow, and the gate has judged none of that. bf16 where it multiplies matrices of it (AMX), or in AMD's
    AVX512_BF16. Intel's AVX512_BF16 alone does not count: on a 2-core Xeon without AMX bf16 ran at half the speed of
    fp32. On a 2-core EPYC (Zen 4) it ran at 1.9 times, and int8 at 2.7 to 3.1 times that speed (2026-11-24).
    """
    if wanted != "auto":
        return wanted
    said = processor.read_text() if processor.is_file() else ""
    flags = set(said.split())
    if has_int8 and flags & {"avx512_vnni", "avx_vnni", "amx_int8"}:
        return "int8"
    native_bf16 = "amx_bf16" in flags or {"avx512_bf16", "AuthenticAMD"} <= flags
    return "bf16" if native_bf16 else "fp32"


def probabilities(logits: npt.NDArray[np.float32], calibration: Calibration) -> npt.NDArray[np.float32]:
    """Calibrated probabilities of logits, float32 in [0, 1], of the same shape; NaN stays NaN (Platt, 1999)."""
    z = calibration.slope * logits.astype(np.float64) + calibration.intercept
    with np.errstate(over="ignore"):
        return (1.0 / (1.0 + np.exp(-z))).astype(np.float32)
