"""Do probabilities mean what they say: of cells called 30 %, are 30 % target?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.learning.plots import Share

BINS: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Cells of neighbouring probabilities: their mean, and how many are target."""

    mean_probability: float
    target: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Bins from low to high, and the expected calibration error: the mean distance of the two shares over cells."""

    bins: tuple[Bin, ...]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return sum(one.target.n for one in self.bins)

    @property
    def error(self) -> float:
        """The expected calibration error, in [0, 1] (Naeini et al., 2015); not a number of nothing."""
        gaps = [abs(one.mean_probability - one.target.value) * one.target.n for one in self.bins]
        return sum(gaps) / self.cells if self.cells else float("nan")


def measure_reliability(probability: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> Reliability:
    """Reliability in bins of equal numbers of cells: equal widths would leave most bins of rare targets empty."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return Reliability(
        bins=tuple(
            Bin(
                mean_probability=float(probability[part].mean()),
                target=Share(hits=int(truth[part].sum()), n=len(part)),
            )
            for part in parts
        )
    )
