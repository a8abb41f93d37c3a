"""What a scene is made from: its size and seed, and the conditions of the day that follow from the seed."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.errors import InvalidInputError

SMALLEST_PX: Final = 64
LARGEST_PX: Final = 400_000
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpec:
    """A square scene: the same spec gives the same bytes.

    ``plots_per_ha`` is how many poppy plots are sown on a hectare before those that find no room are dropped; about as
    many look-alikes come beside them. ``left_m`` and ``top_m`` place the upper left corner in the CRS.
    """

    size_px: int
    seed: int
    gsd_m: float = 0.02
    plots_per_ha: float = 11.0
    epsg: int = 32649
    left_m: float = 500_000.0
    top_m: float = 4_500_000.0

    def __post_init__(self) -> None:
        """Refuse what cannot be painted.

        Raises:
            InvalidInputError: The size, seed, ground sampling distance or density is out of range.
        """
        if not SMALLEST_PX <= self.size_px <= LARGEST_PX:
            raise InvalidInputError(
                f"a scene of {self.size_px} px cannot be painted, give {SMALLEST_PX} to {LARGEST_PX} px"
            )
        if self.seed < 0:
            raise InvalidInputError(f"seed {self.seed} is negative, give 0 or more")
        if not 0.005 <= self.gsd_m <= 0.2:  # noqa: PLR2004 - stated in the message
            raise InvalidInputError(f"ground sampling distance {self.gsd_m} m must be in [0.005, 0.2] m")
        if not 0 <= self.plots_per_ha <= 100:  # noqa: PLR2004 - stated in the message
            raise InvalidInputError(f"{self.plots_per_ha} plots per hectare must be in [0, 100]")

    @property
    def side_m(self) -> float:
        """The length of a side in metres."""
        return self.size_px * self.gsd_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Region, season and weather.

    ``season`` runs from 0 (spring) to 1 (late summer). ``sun_xy`` points to the sun in the picture (right, down; length
    1) and ``sun_slope`` is the tangent of its height. ``land_angle`` turns fields and roads, in radians.
    """

    season: float
    sun_xy: tuple[float, float]
    sun_slope: float
    shade: float
    soil_rgb: Rgb
    grass_rgb: Rgb
    gain_rgb: Rgb
    land_angle: float
    flight_angle: float
    terraces: float
    ripeness: float
    softness: float
    crop_weights: tuple[float, ...]

    @property
    def grass_tint_rgb(self) -> Rgb:
        """By what to multiply the swatch of grass, which has a mean colour of its own."""
        red, green, blue = self.grass_rgb
        return red / 120, green / 122, blue / 80


SOILS: Final[tuple[Rgb, ...]] = (
    (158, 138, 112),
    (139, 121, 101),
    (148, 118, 92),
    (124, 112, 99),
    (170, 152, 124),
)
GRASSES: Final[tuple[Rgb, ...]] = ((106, 112, 72), (122, 121, 82), (92, 104, 66), (132, 124, 90))
CROPS: Final = (
    "maize", "wheat", "rape", "vegetables", "potato", "orchard", "greenhouse", "fallow", "lucerne", "ploughed", "grove",
)  # fmt: skip
USUAL_WEIGHTS: Final = (5.0, 3.5, 1.6, 2.2, 1.4, 1.4, 0.9, 1.6, 1.6, 1.6, 1.2)


def conditions_of(seed: int) -> Conditions:
    """The conditions that follow from a seed."""
    rng = np.random.default_rng([seed, 1])
    azimuth, height = (
        rng.uniform(math.radians(105), math.radians(255)),
        rng.uniform(math.radians(36), math.radians(62)),
    )
    warmth, level = rng.normal(0, 0.02), rng.uniform(0.98, 1.24)
    weights = np.array(USUAL_WEIGHTS) * rng.uniform(0.45, 1.6, len(CROPS))
    return Conditions(
        season=float(rng.uniform(0, 1)),
        sun_xy=(math.sin(azimuth), -math.cos(azimuth)),
        sun_slope=math.tan(height),
        shade=float(rng.uniform(0.46, 0.66)),
        soil_rgb=_mixed(rng, SOILS),
        grass_rgb=_mixed(rng, GRASSES),
        gain_rgb=(level * (1 + warmth), level, level * (1 - warmth)),
        land_angle=float(rng.uniform(-0.7, 0.7)),
        flight_angle=float(rng.choice((-1, 1)) * rng.uniform(0.07, 0.2)),
        terraces=float(rng.uniform(0.1, 0.6)),
        ripeness=float(rng.uniform(-0.2, 0.2)),
        softness=float(rng.uniform(0.65, 1.0)),
        crop_weights=tuple(float(weight) for weight in weights / weights.sum()),
    )


def _mixed(rng: np.random.Generator, colours: tuple[Rgb, ...]) -> Rgb:
    """A colour between two of these."""
    one, other = rng.choice(len(colours), 2, replace=False)
    share = rng.uniform()
    red, green, blue = (float(a * share + b * (1 - share)) for a, b in zip(colours[one], colours[other], strict=True))
    return red, green, blue
