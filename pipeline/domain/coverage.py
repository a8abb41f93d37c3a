"""Coverage: every square metre of a mosaic is in exactly one state, and the areas sum to the whole."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pipeline.errors import InvalidInputError

HECTARE_M2: Final = 10_000
SAID_IN_HECTARES_M2: Final = 1_000
"""From here on people say hectares."""
SAID_IN_CENTIMETRES_M2: Final = 0.1
"""Below this people say square centimetres."""


class GroundState(IntEnum):
    """The state of a pixel, as stored in ``states.tif``."""

    NOT_FLOWN = 0
    """No imagery."""
    CLEAR = 1
    """Looked at; nothing to ask about."""
    FLAGGED = 2
    """Part of a flag that awaits people."""
    NOT_ASSESSABLE = 3
    """Imagery the model cannot be asked about: counts as uncovered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAreas:
    """How many pixels of a mosaic are in each state, and how large one pixel is."""

    pixels: dict[GroundState, int]
    pixel_area_m2: float

    def area_m2(self, state: GroundState) -> float:
        """The ground in one state, in square metres."""
        return self.pixels.get(state, 0) * self.pixel_area_m2

    @property
    def total_pixels(self) -> int:
        """All pixels counted."""
        return sum(self.pixels.values())

    def covering(self, pixels: int) -> "StateAreas":
        """These areas, once it is certain that they account for each of the mosaic's ``pixels``.

        Raises:
            InvalidInputError: The states do not sum to the mosaic.
        """
        if self.total_pixels != pixels:
            raise InvalidInputError(f"the states account for {self.total_pixels} px of a mosaic of {pixels} px")
        return self


def area_in_words(area_m2: float) -> str:
    """An area with its unit as people say it: ha from a tenth of one, cm² below a tenth of 1 m²."""
    if area_m2 >= SAID_IN_HECTARES_M2:
        return f"{area_m2 / HECTARE_M2:,.2f} ha"
    if 0 < area_m2 < SAID_IN_CENTIMETRES_M2:
        return f"{area_m2 * 10_000:.3g} cm²"
    return f"{area_m2:.0f} m²" if area_m2 >= 100 or not area_m2 else f"{area_m2:.3g} m²"  # noqa: PLR2004 three digits
