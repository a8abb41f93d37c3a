"""Limits: what ground must look like for a model to be asked about it, set on held-out ground."""

import math
from dataclasses import dataclass
from typing import ClassVar

from pipeline.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """What imagery must be for a cell to be assessed (``imagery.quality`` measures it), set on held-out ground.

    Quantiles of ``n_cells`` good cells with a margin; ``given_up_share`` of those cells lie outside all the same.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    sharpness_least: float
    """Below it a cell is blurred: energy at 1 px over energy at 4 px, about 0.2 (no detail) to 1 (noise)."""
    light_least: float
    """Below it a cell is too dark: mean of all bands, 0 to 255."""
    light_most: float
    """Above it a cell is too bright."""
    saturated_most: float
    """Above this share of saturated pixels there is glare."""
    most_poor_share: float
    """A flight with more ground of poor quality is unlike the calibration's: no claim."""
    n_cells: int
    given_up_share: float

    def __post_init__(self) -> None:
        """Refuse limits that no cell, or every cell, would keep.

        Raises:
            InvalidInputError: A limit is not finite or out of order, or a share is none.
        """
        if not (0 <= self.sharpness_least < math.inf and 0 <= self.light_least < self.light_most < math.inf):
            raise InvalidInputError(
                f"quality limits must be positive and in order, got sharpness {self.sharpness_least}, "
                f"light {self.light_least} to {self.light_most}"
            )
        _check_shares(self.saturated_most, self.most_poor_share, self.given_up_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Familiarity:
    """How unlike its training ground a cell may look before the model says that it does not know.

    ``limit`` is the ``quantile`` of the distances of ``n_cells`` held-out cells; ``given_up_share`` of them lie beyond.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    limit: float
    quantile: float
    most_unfamiliar_share: float
    """A flight with more unfamiliar ground is unlike the calibration's: no claim."""
    n_cells: int
    given_up_share: float

    def __post_init__(self) -> None:
        """Refuse a limit that no ground could keep.

        Raises:
            InvalidInputError: The limit is not positive and finite, or a share is none.
        """
        if not 0 < self.limit < math.inf:
            raise InvalidInputError(f"a familiarity limit must be positive, got {self.limit}")
        _check_shares(self.quantile, self.most_unfamiliar_share, self.given_up_share)


def _check_shares(*shares: float) -> None:
    """Refuse numbers that are no shares of a whole."""
    for share in shares:
        if not 0 <= share <= 1:
            raise InvalidInputError(f"a share must be in [0, 1], got {share}")
