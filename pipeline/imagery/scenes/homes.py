"""What stands high: farmyards with houses and flower beds, and trees, with the shadows they throw."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.affinity import rotate, translate

from pipeline.imagery.scenes.land import Area, Look, Parcel, Place, Plot
from pipeline.imagery.scenes.spec import Conditions, Rgb

ROOFS: Final[tuple[Rgb, ...]] = (
    (1.0, 0.92, 0.88),
    (1.12, 0.86, 0.76),
    (0.86, 0.94, 1.02),
    (0.84, 0.84, 0.84),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Something high: what is seen of it from above and its shadow."""

    areas: tuple[Area, ...]
    outline: Polygon
    shadow: Polygon


def random_place(rng: np.random.Generator, inside: Polygon) -> Place:
    """A place in the bounds of an outline, inside it if twelve throws are enough."""
    left, top, right, bottom = inside.bounds
    for _ in range(12):
        place = float(rng.uniform(left, right)), float(rng.uniform(top, bottom))
        if shapely.contains_xy(inside, *place):
            break
    return place


def oblong(place: Place, *, length_m: float, width_m: float, angle: float) -> Polygon:
    """A rectangle around a place."""
    x, y = place
    box = shapely.box(x - length_m / 2, y - width_m / 2, x + length_m / 2, y + width_m / 2)
    return rotate(box, math.degrees(angle))


def houses(rng: np.random.Generator, day: Conditions, yard: Parcel) -> list[Standing]:
    """One to three houses that find room in a yard, along its longer side."""
    found: list[Standing] = []
    for _ in range(int(rng.integers(3, 9))):
        length, width = rng.uniform(8, 15), rng.uniform(5, 7.5)
        angle = yard.angle + rng.choice((0, math.pi / 2)) + rng.normal(0, 0.03)
        outline = oblong(random_place(rng, yard.outline), length_m=length, width_m=width, angle=angle)
        free = all(outline.distance(other.outline) > 2 for other in found)  # noqa: PLR2004 - an alley
        if free and yard.outline.contains(outline):
            found.append(_house(rng, day, outline, angle))
    return found[:3]


def _house(rng: np.random.Generator, day: Conditions, outline: Polygon, angle: float) -> Standing:
    """A house with two roof slopes, one brighter than the other."""
    height, tint = rng.uniform(2.8, 5.0), ROOFS[int(rng.integers(len(ROOFS)))]
    anchor = outline.centroid.x, outline.centroid.y
    flat = rotate(outline, -math.degrees(angle), origin=anchor)
    left, top, right, bottom = flat.bounds
    slopes = []
    for sign, low, high in ((-1, top, anchor[1]), (1, anchor[1], bottom)):
        # how far the slope faces the sun: its downhill side is sign * (-sin, cos) of the angle
        facing = sign * (day.sun_xy[1] * math.cos(angle) - day.sun_xy[0] * math.sin(angle))
        red, green, blue = (channel * (1 + 0.2 * facing) for channel in tint)
        look = Look(
            swatch="roof",
            angle=angle,
            vigour=1.0,
            patchiness=0,
            base_m=height - 0.1,
            tint_rgb=(red, green, blue),
        )
        half = rotate(shapely.box(left, low, right, high), math.degrees(angle), origin=anchor)
        slopes.append(Area(outline=half, look=look, anchor=anchor))
    shadow = shapely.union(outline, _moved(outline, day, height)).convex_hull
    return Standing(areas=tuple(slopes), outline=outline, shadow=shadow)


def beds(rng: np.random.Generator, yard: Parcel, taken: list[Polygon]) -> list[Plot]:
    """Flower beds in a yard: rectangles and rounds of 1 to 40 m2."""
    found: list[Plot] = []
    for _ in range(14):
        area = math.exp(rng.uniform(math.log(1.3), math.log(40)))
        place, stretch = random_place(rng, yard.outline), rng.uniform(1, 4)
        if rng.uniform() < 0.3:  # noqa: PLR2004 - most beds are straight
            outline = Polygon(shapely.get_coordinates(shapely.Point(place).buffer(math.sqrt(area / math.pi))))
        else:
            width = math.sqrt(area / stretch)
            outline = oblong(place, length_m=width * stretch, width_m=width, angle=yard.angle)
        clear = all(outline.distance(other) > 0.7 for other in (*taken, *(plot.outline for plot in found)))  # noqa: PLR2004 - a path
        if clear and yard.outline.contains(outline):
            found.append(Plot(outline=outline, kind="flower_bed", site="yard", angle=yard.angle, base_m=yard.base_m))
    return found[:9]


def tree(rng: np.random.Generator, day: Conditions, place: Place, radius_m: float) -> Standing:
    """A tree of a lumpy outline."""
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    reach = 1 + rng.normal(0, 0.035, 72)
    for order in range(2, 16):
        reach += rng.normal(0, 0.17 / order) * np.cos(order * turns + rng.uniform(0, 7))
    ring = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (reach * radius_m)[:, None] + place
    outline = Polygon(ring).buffer(0)
    if isinstance(outline, MultiPolygon):
        outline = outline.convex_hull
    height = radius_m * rng.uniform(1.6, 2.6)
    tone, warm = rng.uniform(0.85, 1.2), rng.normal(0.03, 0.03)
    look = Look(
        swatch="tree",
        angle=float(rng.uniform(0, 6)),
        vigour=0.97,
        patchiness=0.02,
        height_m=radius_m * 0.5,
        base_m=1.5,
        scale=radius_m * 2.25 / 15.36,
        tint_rgb=(tone * (1 + warm), tone, tone * (1 - warm)),
    )
    shadow = shapely.union_all([_moved(outline, day, height * share) for share in (0.35, 0.6, 0.85)])
    return Standing(areas=(Area(outline=outline, look=look, anchor=place),), outline=outline, shadow=shadow.buffer(0.1))


def _moved(outline: Polygon, day: Conditions, height_m: float) -> Polygon:
    """Where the shadow of an outline at this height falls."""
    away = height_m / day.sun_slope
    return translate(outline, -day.sun_xy[0] * away, -day.sun_xy[1] * away)
