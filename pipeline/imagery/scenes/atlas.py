"""All swatches of a scene, drawn when they are first needed, and the table by which each area finds its own.

Places in a swatch are 32-bit fixed point, 16 bits of them fractions of a texel, and wrap around; whole numbers are
exact, so a pixel sees the same texel whichever tile it is painted in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.imagery.scenes import crops, poppies
from pipeline.imagery.scenes.crops import Recipe
from pipeline.imagery.scenes.land import Area
from pipeline.imagery.scenes.noise import Floats
from pipeline.imagery.scenes.swatch import SIDE_PX, TEXEL_M, Packed, streaks, unit

RECIPES: Final[dict[str, Recipe]] = crops.RECIPES | poppies.RECIPES
NAMES: Final = tuple(RECIPES)
ONE: Final = 1 << 16
TEXELS: Final = SIDE_PX * SIDE_PX

Words = npt.NDArray[np.uint32]


class Atlas:
    """The swatches of one seed, one after the other in ``texels``, uint32 [swatches x texels]."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: set[str] = set()
        # untouched pages of this array take no memory
        self.texels: Packed = np.empty(len(NAMES) * TEXELS, np.uint32)
        self.soil = _soil(np.random.default_rng([seed, 6]))

    def start(self, name: str) -> int:
        """Where a swatch starts in ``texels``; it is drawn if need be."""
        number = NAMES.index(name)
        if name not in self._drawn:
            canvas = RECIPES[name](np.random.default_rng([self._seed, 7, number]))
            self.texels[number * TEXELS : (number + 1) * TEXELS] = canvas.packed().reshape(-1)
            self._drawn.add(name)
        return number * TEXELS


@lru_cache(maxsize=1)
def atlas_of(seed: int) -> Atlas:
    """The atlas of a seed; one is kept."""
    return Atlas(seed)


def _soil(rng: np.random.Generator) -> Floats:
    """Bare soil: brightness around 1 in the first, height in [0, 1] in the second half; float32 [2 x texels]."""
    clods = unit(streaks(rng, length_m=0.09, width_m=0.08)) ** 2
    crumbs = unit(streaks(rng, length_m=0.035, width_m=0.035))
    stains = streaks(rng, length_m=0.8, width_m=0.6)
    bright = 0.9 + 0.1 * crumbs + 0.1 * clods + 0.025 * stains
    return np.concatenate([bright.reshape(-1), (0.6 * clods + 0.4 * crumbs).reshape(-1)]).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the areas of a tile look like, one entry an area.

    ``cosine`` and ``sine`` are fixed-point texels for a step of one pixel; ``right`` and ``down`` the texel of (0, 0).
    """

    start: Words
    cosine: Words
    sine: Words
    right: Words
    down: Words
    rows: Words
    mix: Words
    vigour: Floats
    patchiness: Floats
    height_m: Floats
    base_m: Floats
    tint_rgb: Floats
    soil_rgb: Floats


def table_of(areas: Sequence[Area], atlas: Atlas, gsd_m: float) -> Table:
    """The table of some areas, in their order."""
    looks = [area.look for area in areas]
    steps = [_steps(area, gsd_m) for area in areas]
    cosine, sine, right, down = (_words([step[axis] for step in steps]) for axis in range(4))
    return Table(
        start=_words([atlas.start(look.swatch) for look in looks]),
        cosine=cosine,
        sine=sine,
        right=right,
        down=down,
        rows=_words([look.rows for look in looks]),
        mix=_words([0x9E3779B1 if look.rows else 0 for look in looks]),
        vigour=_floats([look.vigour for look in looks]),
        patchiness=_floats([look.patchiness for look in looks]),
        height_m=_floats([look.height_m for look in looks]),
        base_m=_floats([look.base_m for look in looks]),
        tint_rgb=_floats([look.tint_rgb for look in looks]),
        soil_rgb=_floats([look.soil_rgb for look in looks]),
    )


def _steps(area: Area, gsd_m: float) -> tuple[int, int, int, int]:
    """Fixed-point steps along and beside the rows for one pixel to the right, and where pixel (0, 0) lies."""
    step = gsd_m / (TEXEL_M * area.look.scale) * ONE
    cosine, sine = round(math.cos(area.look.angle) * step), round(math.sin(area.look.angle) * step)
    col, row = round(area.anchor[0] / gsd_m), round(area.anchor[1] / gsd_m)
    middle = SIDE_PX // 2 * ONE
    return cosine, sine, middle - col * cosine - row * sine, middle + col * sine - row * cosine


def _words(numbers: list[int]) -> Words:
    """Whole numbers, of which the lowest 32 bits count."""
    return np.array([number & 0xFFFFFFFF for number in numbers], np.uint32)


def _floats(numbers: Sequence[float | tuple[float, float, float]]) -> Floats:
    """Single precision, one column a band where there are three."""
    return np.array(numbers, np.float32)
