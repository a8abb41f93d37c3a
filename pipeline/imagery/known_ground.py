"""Known ground: what the scores of a scan say about a place, and places drawn at random from clear ground.

Axes: r = cell row, c = cell column.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import geometry_mask
from scipy import ndimage

from pipeline.domain.disguise import Shape, disguised

NOT_ASSESSED: Final = 255
LEVELS: Final = 254
ROUNDING: Final = 1e-6
"""Less of a cell is no reach into it."""
TRIES: Final = 40
"""Shapes tried at a place before it is asked about as a single cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The cells of a grid that an outline touches: a window, and which of it."""

    rows: slice
    columns: slice
    touched_rc: npt.NDArray[np.bool_]

    def of(self, cells_rc: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Their values, in a row."""
        return np.asarray(cells_rc[self.rows, self.columns][self.touched_rc])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of a scan: 255 where nothing was assessed; cells of ``cell_m`` metres about a grid in CRS units."""

    scores_rc: npt.NDArray[np.uint8]
    transform: Any
    crs: str
    cell_m: float
    unit_m: float

    @property
    def assessed_rc(self) -> npt.NDArray[np.bool_]:
        """Where the model said anything."""
        return np.asarray(self.scores_rc != NOT_ASSESSED)

    def covered(self, outline: Any) -> "Covered | None":
        """The cells that an outline touches; None where it reaches beyond the grid, or there is none."""
        if outline.is_empty:
            return None
        west, south, east, north = outline.bounds
        (left, top), (right, bottom) = (~self.transform * corner for corner in ((west, north), (east, south)))
        rows = slice(math.floor(top + ROUNDING), math.ceil(bottom - ROUNDING))
        columns = slice(math.floor(left + ROUNDING), math.ceil(right - ROUNDING))
        if rows.start < 0 or columns.start < 0 or rows.stop > self.scores_rc.shape[0]:
            return None
        if columns.stop > self.scores_rc.shape[1]:
            return None
        grid = self.transform * self.transform.translation(columns.start, rows.start)
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        touched_rc = geometry_mask([outline], shape, grid, all_touched=True, invert=True)
        return Covered(rows=rows, columns=columns, touched_rc=np.asarray(touched_rc, bool))

    def score_at(self, outline: Any) -> float | None:
        """The highest score that an outline touches, in [0, 1]; None where something there was not assessed."""
        covered = self.covered(outline)
        scores = None if covered is None else covered.of(self.scores_rc)
        if scores is None or not scores.size or (scores == NOT_ASSESSED).any():
            return None
        return float(scores.max()) / LEVELS

    def room_m(self, x: float, y: float) -> float:
        """How far from a point, in metres, every cell is assessed."""
        column, row = ~self.transform * (x, y)
        if not (0 <= int(row) < self.scores_rc.shape[0] and 0 <= int(column) < self.scores_rc.shape[1]):
            return 0.0
        framed = np.pad(self.assessed_rc, 1)
        return float(ndimage.distance_transform_edt(framed)[int(row) + 1, int(column) + 1]) * self.cell_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of a stratum of clear ground: its shape in CRS units, its score, and how it was drawn."""

    shape: Shape
    score: float
    stratum: int
    cells: int
    drawn: int


def read_scored(path: Path) -> Scored:
    """The ``scores.tif`` of a scan."""
    with rasterio.open(path) as raster:
        unit_m = raster.crs.linear_units_factor[1] if raster.crs and raster.crs.is_projected else 1.0
        return Scored(
            scores_rc=raster.read(1),
            transform=raster.transform,
            crs=raster.crs.to_wkt() if raster.crs else "",
            cell_m=abs(raster.transform.a) * unit_m,
            unit_m=unit_m,
        )


def draw_clear(
    scored: Scored, flagged: Sequence[Any], shapes: tuple[Shape, ...], *, wanted: int, low: float, chance: Random
) -> tuple[Place, ...]:
    """``wanted`` places of clear ground, half of them from where the model was least sure.

    ``flagged`` are outlines of flags, ``shapes`` those to disguise as, all in CRS units; ``low`` is the model's lower
    threshold. Strata are cells below and above a quarter of it; within one each cell is as likely as any other.
    """
    clear_rc = scored.assessed_rc
    for outline in flagged:
        covered = scored.covered(outline)
        if covered is not None:
            clear_rc[covered.rows, covered.columns] &= ~covered.touched_rc
    edge = np.uint8(max(1, round(low * LEVELS / 4)))
    strata = [np.argwhere(clear_rc & part) for part in (scored.scores_rc < edge, scored.scores_rc >= edge)]
    filled = [number for number, cells in enumerate(strata) if len(cells)]
    places: list[Place] = []
    for turn, number in enumerate(filled):
        cells = strata[number]
        share = wanted // len(filled) + (turn < wanted % len(filled))
        drawn = min(share, len(cells))
        for at in sorted(chance.sample(range(len(cells)), drawn)):
            row, column = cells[at]
            shape = _fitting(scored, clear_rc, shapes, (int(row), int(column)), chance)
            score = scored.score_at(shape.outline)
            places.append(Place(shape=shape, score=score or 0.0, stratum=number, cells=len(cells), drawn=drawn))
    return tuple(places)


def _fitting(
    scored: Scored,
    clear_rc: npt.NDArray[np.bool_],
    shapes: tuple[Shape, ...],
    cell: tuple[int, int],
    chance: Random,
) -> Shape:
    """A shape about a cell that lies on clear ground only; the cell itself where none of those tried does."""
    x, y = scored.transform * (cell[1] + 0.5, cell[0] + 0.5)
    for _ in range(TRIES if shapes else 0):
        shape = disguised(chance.choice(shapes), x, y, chance)
        covered = scored.covered(shape.outline)
        if covered is not None and covered.of(clear_rc).all():
            return shape
    half = abs(scored.transform.a) / 2
    square = shapely.box(x - half, y - half, x + half, y + half)
    return Shape(outline=square, cells=1, area_m2=scored.cell_m**2)
