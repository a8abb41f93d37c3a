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

PRECISIONS: Final = {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16}


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
            InvalidInputError: The precision is unknown, or OpenVINO cannot run the bundle's network.
        """
        if precision not in PRECISIONS:
            raise InvalidInputError(f"precision {precision!r} is not known, use auto, {' or '.join(PRECISIONS)}")
        self.lanes = lanes
        self._threads = threading.local()
        try:
            core = openvino.Core()
            model = core.read_model(bundle.graph)
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


def choose_precision(wanted: str, *, processor: Path = Path("/proc/cpuinfo")) -> str:
    """``wanted``, or for ``auto`` bf16 where the processor multiplies bf16 matrices (AMX), else fp32.

    AVX512_BF16 alone does not count: on a 2-core Xeon without AMX bf16 ran at half the speed of fp32 (2026-11-24).
    """
    if wanted != "auto":
        return wanted
    flags = processor.read_text() if processor.is_file() else ""
    return "bf16" if "amx_bf16" in flags else "fp32"


def probabilities(logits: npt.NDArray[np.float32], calibration: Calibration) -> npt.NDArray[np.float32]:
    """Calibrated probabilities of logits, float32 in [0, 1], of the same shape; NaN stays NaN (Platt, 1999)."""
    z = calibration.slope * logits.astype(np.float64) + calibration.intercept
    with np.errstate(over="ignore"):
        return (1.0 / (1.0 + np.exp(-z))).astype(np.float32)
