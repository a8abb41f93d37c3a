"""How weights are learnt: AdamW, one cycle, and a running mean."""

from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.errors import InvalidInputError
from pipeline.settings import STRICT


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Optimisation:
    """How weights are learnt: AdamW, one cycle."""

    lr: float = 2e-3
    """At its highest; it rises over ``warmup_share`` of the steps and falls to nothing as a cosine."""
    warmup_share: float = 0.1
    weight_decay: float = 0.02
    mean_decay: float = 0.998
    """Of the running mean of weights, which is what is measured and shipped."""
    positive_weight: float = 1.0
    """Weight of a target cell in the loss."""
    focal_gamma: float = 0.0
    """Above 0, cells that are easy weigh less (Lin et al., 2017)."""
    detail_weight: float = 0.5
    """Weight of the squares beside that of the cells (``learning.learner``); 0: cells alone."""
    precision: str = "auto"
    """fp32, bf16, or auto: bf16 where this machine multiplies it faster."""

    def __post_init__(self) -> None:
        """Refuse numbers that could not learn.

        Raises:
            InvalidInputError: A number is out of range or the precision is unknown.
        """
        if self.lr <= 0 or not 0 <= self.warmup_share < 1 or not 0 <= self.mean_decay < 1:
            raise InvalidInputError("optimisation: lr must be positive, warmup_share and mean_decay in [0, 1)")
        if self.positive_weight <= 0 or self.focal_gamma < 0 or self.detail_weight < 0:
            raise InvalidInputError("optimisation: positive_weight must be positive, the other weights not negative")
        if self.precision not in {"auto", "fp32", "bf16"}:
            raise InvalidInputError(f"precision {self.precision!r} must be auto, fp32 or bf16")
