"""The lattice of lanes that divides the land into blocks, and the fields a block is cut into."""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon
from shapely.affinity import rotate

from pipeline.imagery.scenes.land import Area, Look, Parcel, Place
from pipeline.imagery.scenes.noise import value_at
from pipeline.imagery.scenes.spec import CROPS, Conditions, conditions_of

BLOCK_M: Final = 96.0
MARGIN_M: Final = 3.4
"""From the middle of a lane to the fields beside it."""

Points = npt.NDArray[np.float64]
conditions = lru_cache(maxsize=64)(conditions_of)


def block_rng(seed: int, col: int, row: int, salt: int) -> np.random.Generator:
    """The dice of one block; a seed must not be negative, so blocks are counted from far outside."""
    return np.random.default_rng([seed, salt, col + 100_000, row + 100_000])


def corner(seed: int, col: int, row: int) -> tuple[float, float]:
    """A crossing of lanes, in metres before the land is bent and turned."""
    shift = block_rng(seed, col, row, 2).uniform(-0.17, 0.17, 2)
    return (col + shift[0]) * BLOCK_M, (row + shift[1]) * BLOCK_M


def laid(points: Points, seed: int) -> Points:
    """Points [n, 2] of the straight lattice, bent as fields are and turned into the scene."""
    x, y = points.T
    bent = points.copy()
    for order, (cell, reach) in enumerate(((75.0, 7.0), (21.0, 1.3), (5.0, 0.28), (1.6, 0.12))):
        bent[:, 0] += reach * value_at(x, y, cell_m=cell, salt=seed * 31 + 11 + order)
        bent[:, 1] += reach * value_at(x, y, cell_m=cell, salt=seed * 31 + 21 + order)
    angle = conditions(seed).land_angle
    cosine, sine = math.cos(angle), math.sin(angle)
    turned: Points = bent @ np.array([[cosine, sine], [-sine, cosine]])
    return turned


def blocks_over(seed: int, bounds_m: tuple[float, float, float, float], reach_m: float) -> list[tuple[int, int]]:
    """The blocks that may show within ``reach_m`` of some bounds, in reading order."""
    left, top, right, bottom = bounds_m
    angle = conditions(seed).land_angle
    cosine, sine = math.cos(angle), math.sin(angle)
    corners = [(x * cosine + y * sine, y * cosine - x * sine) for x in (left, right) for y in (top, bottom)]
    slack = reach_m + 9.0 + 0.17 * BLOCK_M
    first_col, first_row = (math.floor((min(c[axis] for c in corners) - slack) / BLOCK_M) for axis in (0, 1))
    last_col, last_row = (math.floor((max(c[axis] for c in corners) + slack) / BLOCK_M) for axis in (0, 1))
    return [(col, row) for row in range(first_row, last_row + 1) for col in range(first_col, last_col + 1)]


def block_outline(seed: int, col: int, row: int) -> Polygon:
    """A block between the middles of its lanes, in the straight lattice."""
    return Polygon([corner(seed, col + right, row + down) for right, down in ((0, 0), (1, 0), (1, 1), (0, 1))])


def laid_polygon(outline: Polygon, seed: int) -> Polygon:
    """A polygon of the straight lattice with the land's bends."""
    fine = shapely.segmentize(outline, 2.0)
    return Polygon(laid(shapely.get_coordinates(fine), seed)).buffer(0)


def parcels_of(seed: int, col: int, row: int) -> list[Parcel]:
    """The fields of a block."""
    rng = block_rng(seed, col, row, 3)
    inner = block_outline(seed, col, row).buffer(-MARGIN_M, join_style="mitre")
    terraced = rng.uniform() < conditions(seed).terraces
    pieces = _strips(rng, inner) if terraced else _cut(rng, inner, rng.uniform(900, 3400))
    parcels = []
    for number, piece in enumerate(pieces):
        verge = rng.uniform(0.2, 0.75)
        outline = laid_polygon(piece.buffer(-verge - 0.5, join_style="mitre").buffer(0.5), seed)
        if isinstance(outline, Polygon) and outline.area > 60:  # noqa: PLR2004 - smaller is verge
            base = 0.4 * (number % 5) if terraced else 0.0
            parcels.append(Parcel(outline=outline, crop=_crop(rng, seed), angle=long_side(outline), base_m=base))
    return parcels


def long_side(outline: Polygon) -> float:
    """The angle of the longer side of the smallest rectangle around an outline."""
    ring = shapely.get_coordinates(outline.minimum_rotated_rectangle)
    sides = np.diff(ring[:3], axis=0)
    across, down = sides[int(np.argmax(np.hypot(*sides.T)))]
    return math.atan2(down, across)


def _crop(rng: np.random.Generator, seed: int) -> str:
    """What grows on a field."""
    return str(rng.choice(CROPS, p=conditions(seed).crop_weights))


def _cut(rng: np.random.Generator, piece: Polygon, largest_m2: float) -> list[Polygon]:
    """A piece cut across its longer side until no part is much larger than ``largest_m2``."""
    if piece.area < largest_m2 * rng.uniform(0.7, 1.6):
        return [piece]
    angle = long_side(piece) + math.pi / 2 + rng.normal(0, 0.05)
    halves = _halves(piece, angle, rng.uniform(-0.16, 0.16))
    return [part for half in halves for part in _cut(rng, half, largest_m2)]


def _strips(rng: np.random.Generator, piece: Polygon) -> list[Polygon]:
    """Terraces: long strips of 7 to 14 m."""
    width = rng.uniform(7, 14)
    left, top, right, bottom = rotate(piece, -math.degrees(long_side(piece)), origin=(0, 0)).bounds
    del left, right
    strips = [piece]
    for level in np.arange(top + width, bottom - width / 2, width):
        rest = strips.pop()
        strips += _halves(rest, long_side(piece), 0.0, level=float(level))
    return [part for strip in strips for part in _cut(rng, strip, 900)]


def _halves(piece: Polygon, angle: float, shift: float, level: float | None = None) -> list[Polygon]:
    """A piece cut along ``angle``: through its middle moved by ``shift`` of its size, or at ``level`` beside it."""
    turned = rotate(piece, -math.degrees(angle), origin=(0, 0))
    left, top, right, bottom = turned.bounds
    at = (top + bottom) / 2 + shift * (bottom - top) if level is None else level
    boxes = (shapely.box(left - 1, top - 1, right + 1, at), shapely.box(left - 1, at, right + 1, bottom + 1))
    parts = (rotate(turned & box, math.degrees(angle), origin=(0, 0)) for box in boxes)
    return [part for part in parts if isinstance(part, Polygon) and part.area > 1]


def lanes_of(seed: int, col: int, row: int) -> list[Area]:
    """The lanes along the upper and left side of a block, in short pieces that follow the bends."""
    start = corner(seed, col, row)
    across, down = corner(seed, col + 1, row), corner(seed, col, row + 1)
    return _lane(seed, (start, across), row * 2) + _lane(seed, (start, down), col * 2 + 1)


def _lane(seed: int, ends: tuple[Place, Place], line: int) -> list[Area]:
    """One lane; all pieces of a ``line`` across the land are of one kind."""
    rng = block_rng(seed, line, 0, 4)
    day = conditions(seed)
    paved = rng.uniform() < 0.2  # noqa: PLR2004 - one lane in five
    half_m = 2.0 if paved else rng.uniform(1.5, 2.2)
    steps = np.linspace(0, 1, round(BLOCK_M / 3))[:, None]
    middle = laid(np.array(ends[0]) * (1 - steps) + np.array(ends[1]) * steps, seed)
    along = np.gradient(middle, axis=0)
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(*along.T)[:, None] * half_m
    swatch, soil = ("asphalt", day.soil_rgb) if paved else ("dirt_road", _pale(day, rng))
    pieces = []
    for here, there, left, next_left in zip(middle[:-1], middle[1:], side[:-1], side[1:], strict=True):
        angle = math.atan2(there[1] - here[1], there[0] - here[0])
        look = Look(swatch=swatch, angle=angle, vigour=0.62 if not paved else 1.0, soil_rgb=soil, height_m=0.06)
        look = look if paved else replace(look, tint_rgb=day.grass_tint_rgb)
        outline = Polygon([here - left, there - next_left, there + next_left, here + left])
        pieces.append(Area(outline=outline, look=look, anchor=(float(here[0]), float(here[1]))))
    return pieces


def _pale(day: Conditions, rng: np.random.Generator) -> tuple[float, float, float]:
    """Soil that wheels have ground to dust."""
    lift = rng.uniform(1.08, 1.22)
    red, green, blue = day.soil_rgb
    return red * lift, green * lift, blue * lift * 1.02
