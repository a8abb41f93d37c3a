"""Pixels of 16 bits or floating point to 8 bits, by one rule for a whole mosaic and all its colours.

Axes: b = band (red, green, blue), h = row, w = column, n = sample.
"""

from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.errors import InvalidInputError

Values: TypeAlias = npt.NDArray[Any]
LOW_PERCENT: Final = 1.0
HIGH_PERCENT: Final = 99.0
ROWS_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """``low`` becomes 0 and ``high`` becomes 255, linearly, in every band; what lies beyond is cut."""

    low: float
    high: float

    @classmethod
    def of(cls, samples_bn: Values) -> Self:
        """The rule for a mosaic of which these are flown samples: its 1st and 99th percentile over all bands.

        Raises:
            InvalidInputError: There is no sample, or all are equal.
        """
        if not samples_bn.size:
            raise InvalidInputError(
                "no valid pixel was found in the picture; export it again with 8 bits for each colour"
            )
        low, high = (float(value) for value in np.percentile(samples_bn, (LOW_PERCENT, HIGH_PERCENT)))
        if not low < high:
            raise InvalidInputError(f"all pixels of the picture have the value {low:g}; nothing can be seen in it")
        return cls(low=low, high=high)

    def apply(self, values_bhw: Values) -> npt.NDArray[np.uint8]:
        """uint8 of the same shape; NaN becomes 0."""
        scaled_bhw = np.empty(values_bhw.shape, np.uint8)
        factor = np.float32(255 / (self.high - self.low))
        for top in range(0, values_bhw.shape[1], ROWS_AT_ONCE):
            rows = np.s_[:, top : top + ROWS_AT_ONCE]
            part = (
                np.nan_to_num(values_bhw[rows].astype(np.float32), posinf=0, neginf=0) - np.float32(self.low)
            ) * factor
            scaled_bhw[rows] = np.clip(np.rint(part), 0, 255)
        return scaled_bhw

    def note(self, dtype: str) -> str:
        """What was done, for people."""
        return (
            f"The original holds {dtype} values; they were scaled to 8 bits in all colours alike, from {self.low:g} "
            f"(black) to {self.high:g} (white), the 1st and 99th percentile of a fixed sample."
        )
