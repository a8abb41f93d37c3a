"""Int8: whether the 8-bit network of a bundle may stand in for the float one, and the numbers that decide it."""

from dataclasses import dataclass
from typing import ClassVar, Final

MOST_AP_LOST: Final = 0.005
"""The average precision that an int8 network may fall behind the float one."""
MOST_UNFAMILIAR_MOVED: Final = 0.02
"""The share of ground by which an int8 network may call more, or less, unfamiliar than the float one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Check:
    """The int8 network against the float one on held-out ground: plots found at the stored threshold, cells ranked.

    ``plots_lost`` were found by the float network and are missed by the int8 one. Average precisions are None where
    the ground has no target cell, or a score was not a number. ``unfamiliar_before`` and ``unfamiliar_after`` are the
    shares of cells beyond the limit of familiarity, None of a bundle without one.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    n_plots: int
    found_before: int
    found_after: int
    plots_lost: int
    ap_before: float | None
    ap_after: float | None
    unfamiliar_before: float | None = None
    unfamiliar_after: float | None = None

    @property
    def unfamiliar_moved(self) -> float:
        """By how much another share of ground is called unfamiliar; 0 of a bundle that calls none so."""
        return (self.unfamiliar_after or 0.0) - (self.unfamiliar_before or 0.0)

    @property
    def passes(self) -> bool:
        """Whether no plot is lost, average precision falls by at most ``MOST_AP_LOST``, and familiarity is the same.

        The same: the share called unfamiliar moves by at most ``MOST_UNFAMILIAR_MOVED``.
        """
        if self.ap_before is None or self.ap_after is None:
            return False
        found = self.plots_lost == 0 and self.ap_before - self.ap_after <= MOST_AP_LOST
        return found and abs(self.unfamiliar_moved) <= MOST_UNFAMILIAR_MOVED

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        found = f"{self.found_before} of {self.n_plots} plots found in float, {self.found_after} after"
        lost = f"{self.plots_lost} of them lost" if self.plots_lost else "none of them lost"
        if self.unfamiliar_before is not None and self.unfamiliar_after is not None:
            lost += f"; {self.unfamiliar_before:.2%} of cells unfamiliar in float, {self.unfamiliar_after:.2%} after"
        if self.ap_before is None or self.ap_after is None:
            return f"{found}, {lost}; average precision cannot be compared"
        return f"{found}, {lost}; average precision {self.ap_before:.4f} in float, {self.ap_after:.4f} after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8:
    """Whether the bundle has an int8 network, and the numbers that decided it.

    ``mode`` is ``int8`` throughout, or ``mixed`` where some layers stay float. ``calibrate`` decided; ``validate`` is
    other ground, which decided nothing.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    accepted: bool
    mode: str
    decision: str
    calibrate: Int8Check
    validate: Int8Check

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a card says of it: the decision, then the numbers of both grounds."""
        return (
            self.decision,
            f"On the calibration ground, which decided: {self.calibrate.sentence}.",
            f"On the validation ground: {self.validate.sentence}.",
        )
