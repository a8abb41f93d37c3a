"""Disguise: an item that no scan raised has the outline of a flag that one did, and nothing tells it apart."""

from dataclasses import dataclass
from random import Random
from typing import Any

import shapely
from shapely import affinity

QUARTER_TURNS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The outline of a real flag in metres, wherever it lies, with its cells and its size on the ground."""

    outline: shapely.Polygon | shapely.MultiPolygon
    cells: int
    area_m2: float

    @property
    def reach_m(self) -> float:
        """How far its box reaches from its middle."""
        west, south, east, north = self.outline.bounds
        return float(((east - west) ** 2 + (north - south) ** 2) ** 0.5 / 2)

    def moved(self, x_m: float, y_m: float, turns: int, *, mirrored: bool) -> "Shape":
        """The same shape with the middle of its box at a point, turned by quarters."""
        west, south, east, north = self.outline.bounds
        there = affinity.translate(self.outline, -(west + east) / 2, -(south + north) / 2)
        turned: Any = affinity.rotate(there, 90 * turns, origin=(0, 0))
        if mirrored:
            turned = affinity.scale(turned, xfact=-1, origin=(0, 0))
        return Shape(outline=affinity.translate(turned, x_m, y_m), cells=self.cells, area_m2=self.area_m2)


def disguised(shape: Shape, x_m: float, y_m: float, chance: Random) -> Shape:
    """``shape`` about a point, turned and mirrored by ``chance``."""
    return shape.moved(x_m, y_m, chance.randrange(QUARTER_TURNS), mirrored=chance.random() < 0.5)  # noqa: PLR2004 half
