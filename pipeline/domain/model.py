"""What a model says of itself: the manifest of a model bundle, ``bundle.json``, version 2.

A bundle is a folder ``models/<name>/`` of files named in ``Manifest.files`` with their sha256, and nothing else
is read from it::

    bundle.json          this manifest
    weights.safetensors  the network's weights, 16-bit
    model.onnx           the network: uint8 pixels in, one logit per class and cell out
    model.int8.onnx      the same network with 8-bit weights and activations; only where ``Manifest.int8`` accepts it
    card.md              what it was trained on, what was measured, what it must not be used for
    datasheet.md         the ground it was trained and measured on, counted

``model.onnx`` takes ``pixels`` (uint8, [n, height, width, 3], red green blue; sides are multiples of ``stride_px``)
and gives ``logits`` (float32, [n, classes, height / stride_px, width / stride_px]). Normalisation is inside it. A
bundle with ``familiarity`` also gives ``distance`` (float32, [n, 1, height / stride_px, width / stride_px]): how unlike
the ground it was trained on each cell looks.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Final

from pipeline.domain.int8 import Int8
from pipeline.domain.limits import Familiarity, QualityLimits
from pipeline.errors import InvalidInputError

MANIFEST_VERSION: Final = 2
KNOWN_VERSIONS: Final = frozenset({1, 2})
"""Version 1 lacks ``cell_rule``, ``familiarity``, ``quality`` and ``int8``."""
STRICT: Final = {"extra": "forbid"}
"""Read by the checker of files: a key this version does not know is an error."""

SCORE_LEVELS: Final = 254
"""Probabilities are stored, and flags are made, in whole steps of 1/254."""
COARSEST: Final = 1.5
"""Ground this many times coarser than the model's ground sampling distance is not assessable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Turns a logit into a probability: sigmoid(``slope`` x logit + ``intercept``) (Platt, 1999).

    Fitted on ``n_cells`` cells of held-out ground; 0 says that it was not fitted.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    slope: float = 1.0
    intercept: float = 0.0
    n_cells: int = 0

    def __post_init__(self) -> None:
        """Refuse a calibration that would turn the order of scores around.

        Raises:
            InvalidInputError: The slope is not positive, or a number is not finite.
        """
        if not (self.slope > 0 and math.isfinite(self.slope) and math.isfinite(self.intercept)):
            raise InvalidInputError(f"a calibration needs a positive slope, got {self.slope}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where a probability becomes a question: a plot grows over cells >= ``low`` around a cell >= ``high``.

    ``high`` was set for ``recall_target`` on ``n_plots`` held-out plots (plots, never cells), of which it found
    ``n_found``. ``basis`` says in a sentence how, and on what ground. ``rank`` is its place among the sorted scores of
    those plots, 1 for the smallest, fixed before they were seen; ``gsd_range_m`` are the finest and the coarsest ground
    sampling distance of their ground. Older bundles lack both.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    high: float
    low: float
    recall_target: float
    n_plots: int
    n_found: int
    basis: str
    rank: int | None = None
    gsd_range_m: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse thresholds out of order.

        Raises:
            InvalidInputError: Not 0 < low <= high < 1, or more plots found than there were.
        """
        if not 0 < self.low <= self.high < 1:
            raise InvalidInputError(f"thresholds must be 0 < low <= high < 1, got {self.low} and {self.high}")
        if not 0 <= self.n_found <= self.n_plots:
            raise InvalidInputError(f"{self.n_found} plots found of {self.n_plots} is impossible")
        if self.rank is not None and not 1 <= self.rank <= max(1, self.n_plots):
            raise InvalidInputError(f"rank {self.rank} among the scores of {self.n_plots} plots is impossible")

    @property
    def high_level(self) -> int:
        """The least stored score, 1 to 254, at which a plot starts: ``high`` rounded down, in doubt the model asks."""
        return max(1, math.floor(self.high * SCORE_LEVELS))

    @property
    def low_level(self) -> int:
        """The least stored score, 1 to 254, over which a plot grows: ``low`` rounded down."""
        return max(1, math.floor(self.low * SCORE_LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRule:
    """When a labelled cell is target, when it is clear, and when it is left out because it is neither."""

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    target_from: float = 0.10
    """A cell with at least this share of target is target."""
    clear_below: float = 0.001
    """A cell with less is clear; what lies between is ignored."""
    least_valid_share: float = 0.5
    """A cell with less imagery is ignored."""

    def __post_init__(self) -> None:
        """Refuse shares out of order.

        Raises:
            InvalidInputError: Not 0 < clear_below <= target_from <= 1.
        """
        if not 0 < self.clear_below <= self.target_from <= 1:
            raise InvalidInputError(
                f"shares must be 0 < clear_below <= target_from <= 1, got {self.clear_below} and {self.target_from}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """What the model saw: ``fingerprint`` is the sha256 over every source file's sha256."""

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    name: str
    fingerprint: str
    licence: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything ``bundle.json`` says. ``files`` maps each file's name to its sha256."""

    __pydantic_config__: ClassVar[dict[str, str]] = STRICT

    version: int
    name: str
    created_at: str
    classes: tuple[str, ...]
    gsd_m: float
    stride_px: int
    halo_px: int
    mean_rgb: tuple[float, float, float]
    std_rgb: tuple[float, float, float]
    backbone: str
    calibration: Calibration
    thresholds: Thresholds
    data: TrainingData
    limits: tuple[str, ...]
    cell_rule: CellRule | None = None
    quality: QualityLimits | None = None
    familiarity: Familiarity | None = None
    int8: Int8 | None = None
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a manifest that no scan could follow.

        Raises:
            InvalidInputError: A version, class list or size that this software does not know.
        """
        if self.version not in KNOWN_VERSIONS:
            known = " and ".join(map(str, sorted(KNOWN_VERSIONS)))
            raise InvalidInputError(f"bundle version {self.version} is not known, this software reads {known}")
        if len(self.classes) != 1:
            raise InvalidInputError(f"a bundle has exactly one class, {self.name} has {len(self.classes)}")
        if self.stride_px < 1 or self.halo_px < 0 or self.halo_px % self.stride_px:
            raise InvalidInputError(f"halo {self.halo_px} px must be a multiple of the stride {self.stride_px} px")
        if not 0 < self.gsd_m < math.inf:
            raise InvalidInputError(f"ground sampling distance {self.gsd_m} m is not a length")

    @property
    def fill_rgb(self) -> tuple[int, int, int]:
        """What stands where nothing was flown: the mean colour, 0 once normalised; uint8."""
        red, green, blue = (round(value) for value in self.mean_rgb)
        return red, green, blue

    @property
    def coarsest_gsd_m(self) -> float:
        """The coarsest ground sampling distance this model may be asked about, in metres."""
        return self.gsd_m * COARSEST
