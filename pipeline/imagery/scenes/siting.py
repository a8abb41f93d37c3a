"""Where plots are hidden: in the open, between maize rows, in clearings, and the look-alikes that stand elsewhere."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely import Polygon
from shapely.affinity import rotate, scale, translate

from pipeline.imagery.scenes.homes import oblong, random_place
from pipeline.imagery.scenes.land import Parcel, Plot
from pipeline.imagery.scenes.poppies import PETALS, STAGES
from pipeline.imagery.scenes.spec import Conditions

SMALLEST_M2: Final = 1.0
LARGEST_M2: Final = 400.0
SITES: Final = {
    "open": frozenset(("fallow", "vegetables", "wheat", "lucerne", "potato", "ploughed", "rape", "yard")),
    "between_maize": frozenset(("maize",)),
    "clearing": frozenset(("grove", "orchard")),
}
GARDENS: Final = frozenset(("vegetables", "fallow", "ploughed", "potato", "lucerne", "yard", "wheat"))


@dataclass(slots=True, kw_only=True)
class Siting:
    """Finds room on the fields of one block; ``taken`` is ground that already carries something."""

    rng: np.random.Generator
    parcels: list[Parcel]
    taken: list[Polygon] = field(default_factory=list)

    def room(self, shape: Polygon, crops: frozenset[str], *, along_rows: float) -> tuple[Polygon, Parcel] | None:
        """A free place for ``shape`` on a field of one of these crops, turned to its rows give or take an angle."""
        fields = [parcel for parcel in self.parcels if parcel.crop in crops and parcel.outline.area > shape.area * 1.2]
        if not fields:
            return None
        weights = np.array([parcel.outline.area for parcel in fields])
        for _ in range(10):
            parcel = fields[int(self.rng.choice(len(fields), p=weights / weights.sum()))]
            angle = parcel.angle + self.rng.normal(0, along_rows)
            x, y = random_place(self.rng, parcel.outline)
            outline = translate(rotate(shape, math.degrees(angle), origin=(0, 0)), x, y)
            if parcel.outline.contains(outline) and all(outline.distance(other) > 1 for other in self.taken):
                self.taken.append(outline)
                return outline, parcel
        return None


def area_drawn(rng: np.random.Generator, largest_m2: float = LARGEST_M2) -> float:
    """An area in square metres, as many plots of 1 to 2 as of 200 to 400."""
    return float(np.exp(rng.uniform(np.log(SMALLEST_M2 * 1.02), np.log(largest_m2 * 0.98))))


def patch(rng: np.random.Generator, area_m2: float, *, stretch: float, wild: float) -> Polygon:
    """A patch around the origin of exactly this area, longer than wide; ``wild`` in [0, 1] from oblong to irregular."""
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    # a superellipse: between a circle and a rectangle
    power = 2 / rng.uniform(6.0, 14.0) if wild < 0.6 else 2 / rng.uniform(2.0, 3.5)  # noqa: PLR2004 - half way
    x = np.sign(np.cos(turns)) * np.abs(np.cos(turns)) ** power * stretch
    y = np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** power
    reach = 1 + sum(
        wild * rng.normal(0, 0.24 / order) * np.cos(order * turns + rng.uniform(0, 7)) for order in range(1, 8)
    )
    outline = Polygon(np.stack([x * reach, y * reach], axis=1)).buffer(0)
    outline = outline if isinstance(outline, Polygon) else outline.convex_hull
    factor = math.sqrt(area_m2 / outline.area)
    return scale(outline, factor, factor, origin=(0, 0))


def poppies(siting: Siting, day: Conditions, expected: float) -> list[Plot]:
    """About ``expected`` poppy plots, the large ones placed first."""
    rng = siting.rng
    areas = sorted((area_drawn(rng) for _ in range(rng.poisson(expected))), reverse=True)
    return [plot for plot in (_poppy(siting, day, area) for area in areas) if plot is not None]


def _poppy(siting: Siting, day: Conditions, area_m2: float) -> Plot | None:
    """One poppy plot, at the kind of site that was drawn or at any other that has room."""
    rng = siting.rng
    first = str(rng.choice(list(SITES), p=(0.5, 0.28, 0.22)))
    for site in (first, *(other for other in SITES if other != first)):
        rowed = site == "between_maize"
        shape = patch(rng, area_m2, stretch=rng.uniform(2, 5) if rowed else rng.uniform(1, 2.6), wild=rng.uniform(0, 1))
        found = siting.room(shape, SITES[site], along_rows=0.01 if rowed else 0.15)
        if found is not None:
            outline, parcel = found
            stage = _stage(rng, day)
            colour = str(rng.choice(list(PETALS))) if stage == "flowering" else ""
            return Plot(
                outline=outline, kind="poppy", stage=stage, colour=colour, site=site, angle=parcel.angle,
                base_m=parcel.base_m,
            )  # fmt: skip
    return None


def _stage(rng: np.random.Generator, day: Conditions) -> str:
    """How far a plot has come: sown at different times, around the season's mean."""
    return STAGES[int(np.clip(round(rng.normal(0.7 + 1.9 * day.season, 0.95)), 0, len(STAGES) - 1))]


def gardens(siting: Siting, expected: float) -> list[Plot]:
    """About ``expected`` oblong beds of lettuce or cabbage."""
    rng, found = siting.rng, []
    for _ in range(rng.poisson(expected)):
        area, stretch = area_drawn(rng, 220.0), rng.uniform(1, 5)
        width = math.sqrt(area / stretch)
        shape = oblong((0.0, 0.0), length_m=width * stretch, width_m=width, angle=0.0)
        room = siting.room(shape, GARDENS, along_rows=0.03)
        if room is not None:
            outline, parcel = room
            kind = str(rng.choice(("lettuce", "cabbage")))
            # rows run along the longer side of the bed, which lies almost along the field
            found.append(
                Plot(
                    outline=outline,
                    kind=kind,
                    site="garden",
                    angle=_side_angle(outline),
                    base_m=parcel.base_m,
                )
            )
    return found


def _side_angle(outline: Polygon) -> float:
    """The angle of the longest side."""
    sides = np.diff(shapely.get_coordinates(outline), axis=0)
    across, down = sides[int(np.argmax(np.hypot(*sides.T)))]
    return math.atan2(down, across)
