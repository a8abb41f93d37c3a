"""Cells to plots: hysteresis on calibrated probability, over the whole mosaic at once, so windows leave no seam.

Axes: r = cell row, c = cell column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import MultiPolygon, Polygon

from pipeline.domain.geometry import Georeference
from pipeline.domain.model import Thresholds
from pipeline.domain.plot import CandidatePlot
from pipeline.domain.window import CellGrid
from pipeline.imagery.regions import grow, runs_of
from pipeline.scanning.scores import NOT_ASSESSED, SCALE
from pipeline.settings import PlotSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The plots of a mosaic, the cells they cover (bool [r, c]), and how many were too small to keep."""

    plots: tuple[CandidatePlot, ...]
    flagged_rc: npt.NDArray[np.bool_]
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellScores:
    """What a scan knows of each cell, [r, c] each.

    Its score (uint8, 255 not assessed), the ``Reason`` why it has none (uint8), and its pixels of imagery (int32).
    """

    scores_rc: npt.NDArray[np.uint8]
    reasons_rc: npt.NDArray[np.uint8]
    flown_rc: npt.NDArray[np.int32]
    grid: CellGrid
    place: Georeference


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Cells that touch: their rows and columns, their outline, and the highest score among them."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    outline: Polygon | MultiPolygon
    score: int


def find_plots(cells: CellScores, thresholds: Thresholds, settings: PlotSettings, *, class_name: str) -> Candidates:
    """The plots: 8-connected cells >= low around at least one >= high, nearby parts joined, small ones dropped."""
    parts = list(_parts(cells, thresholds))
    plots: list[CandidatePlot] = []
    flagged_rc = np.zeros(cells.scores_rc.shape, bool)
    dropped = 0
    for group in _join(parts, within=settings.join_within_m / cells.place.metres_per_unit):
        plot = _plot(group, cells, class_name)
        if plot.area_m2 < settings.least_area_m2:
            dropped += 1
            continue
        plots.append(plot)
        for part in group:
            flagged_rc[part.rows, part.columns] = True
    return Candidates(plots=tuple(plots), flagged_rc=flagged_rc, dropped=dropped)


def _parts(cells: CellScores, thresholds: Thresholds) -> Iterator[_Part]:
    """Each 8-connected group of cells >= low that holds a cell >= high.

    Thresholds are rounded down to the stored resolution of 1/254: in doubt the model asks.
    """
    assessed_rc = cells.scores_rc != NOT_ASSESSED
    low_rc = assessed_rc & (cells.scores_rc >= thresholds.low_level)
    high_rc = assessed_rc & (cells.scores_rc >= thresholds.high_level)
    for rows, columns in grow(low_rc, high_rc).cells():
        outline = _outline(rows, columns, cells)
        yield _Part(rows=rows, columns=columns, outline=outline, score=int(cells.scores_rc[rows, columns].max()))


def _outline(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], cells: CellScores) -> Polygon | MultiPolygon:
    """The cells' common outline in the mosaic's CRS, cut off at the mosaic's edge."""
    side, place, mosaic = cells.grid.cell_px, cells.place, cells.grid.mosaic
    row_runs = runs_of(rows, columns)
    left = row_runs.left * side
    right = np.minimum(row_runs.right * side, mosaic.width_px)
    top = row_runs.row * side
    bottom = np.minimum((row_runs.row + 1) * side, mosaic.height_px)
    runs = shapely.box(
        place.left + left * place.pixel_width,
        place.top - bottom * place.pixel_height,
        place.left + right * place.pixel_width,
        place.top - top * place.pixel_height,
    )
    outline: Polygon | MultiPolygon = shapely.normalize(shapely.union_all(runs))
    return outline


def _join(parts: list[_Part], *, within: float) -> list[list[_Part]]:
    """Parts no further apart than ``within`` CRS units, as groups, in the order of their first part."""
    if within <= 0 or len(parts) < 2:  # noqa: PLR2004 one part has nobody to join
        return [[part] for part in parts]
    outlines = [part.outline for part in parts]
    near, other = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=within)
    links = coo_array((np.ones(len(near), bool), (near, other)), shape=(len(parts), len(parts)))
    count, group_of = connected_components(links, directed=False)
    groups: list[list[_Part]] = [[] for _ in range(count)]
    for part, group in zip(parts, group_of, strict=True):
        groups[group].append(part)
    return groups


def _plot(group: list[_Part], cells: CellScores, class_name: str) -> CandidatePlot:
    """One candidate plot of all the cells in ``group``."""
    flown_px = sum(int(cells.flown_rc[part.rows, part.columns].sum()) for part in group)
    outline = group[0].outline if len(group) == 1 else shapely.union_all([part.outline for part in group])
    return CandidatePlot(
        outline=outline,
        class_name=class_name,
        score=max(part.score for part in group) / SCALE,
        area_m2=flown_px * cells.place.pixel_area_m2,
        cells=sum(len(part.rows) for part in group),
    )
