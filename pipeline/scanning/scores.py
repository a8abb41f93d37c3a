"""The score and state rasters: every pixel of the mosaic ends in exactly one state.

``scores.tif`` has one cell a pixel: probability x 254, 255 where nothing was assessed. ``states.tif`` has the mosaic's
own pixels: a pixel is not flown where the imagery's mask says so, and in the state of its cell elsewhere.

Axes: r = cell row, c = cell column, h = pixel row, w = pixel column.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipeline.domain.assessability import Reason
from pipeline.domain.coverage import GroundState, StateAreas
from pipeline.domain.geometry import Georeference, Size
from pipeline.domain.model import SCORE_LEVELS
from pipeline.domain.window import CellGrid
from pipeline.imagery.layers import FlownMask, Layer, write_layer
from pipeline.imagery.neighbours import FOCUS_REACH_PX, reach_cells

SCALE: Final = SCORE_LEVELS
NOT_ASSESSED: Final = 255

STATE_COLOURS: Final = {
    GroundState.NOT_FLOWN: (0, 0, 0, 0),
    GroundState.CLEAR: (170, 200, 190, 255),
    GroundState.FLAGGED: (213, 94, 0, 255),
    GroundState.NOT_ASSESSABLE: (110, 110, 120, 255),
}
"""Told apart by lightness as well as hue (after Okabe and Ito, 2008)."""


def quantise(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Probabilities in [0, 1] as uint8 x 254; what is not a number is 255, not assessed."""
    scores = np.rint(np.nan_to_num(probabilities, nan=0.0) * SCALE).astype(np.uint8)
    scores[np.isnan(probabilities)] = NOT_ASSESSED
    return scores


def reasons_of(scores_rc: npt.NDArray[np.uint8], poor_rc: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The ``Reason`` of each cell, uint8 [r, c]: no number before poor imagery (``imagery.quality.judge``)."""
    return np.where(scores_rc == NOT_ASSESSED, np.uint8(Reason.NO_NUMBER), poor_rc)


def doubtful(reasons_rc: npt.NDArray[np.uint8], *, cell_px: int) -> npt.NDArray[np.uint8]:
    """The reasons of cells, and the same for cells so near to poor imagery that theirs may be as poor; uint8 [r, c].

    Sharpness is judged over a cell and what lies around it, so blurred ground beside sharp ground passes for sharp as
    far as that reaches, and in a corner twice as far. A cell that is in the dark, or white, in part passes where the
    rest of it outweighs that.
    """
    grown_rc = reasons_rc.copy()
    reach = {
        Reason.BLUR: 2 * reach_cells(cell_px, FOCUS_REACH_PX),
        Reason.GLARE: 1,
        Reason.SHADOW: 1,
        Reason.EXPOSURE: 1,
    }
    for reason, cells in reach.items():
        near_rc = ndimage.maximum_filter(reasons_rc == reason, size=2 * cells + 1, mode="constant")
        grown_rc[near_rc & (grown_rc == Reason.NONE)] = reason
    return grown_rc


def mean_score(scores_rc: npt.NDArray[np.uint8]) -> float | None:
    """The mean score of the cells that were assessed, in [0, 1]; None where none was."""
    counts = np.bincount(scores_rc.ravel(), minlength=NOT_ASSESSED + 1)[:NOT_ASSESSED]
    cells = int(counts.sum())
    return round(float(counts @ np.arange(NOT_ASSESSED)) / cells / SCALE, 6) if cells else None


def pixels_by_reason(
    states_rc: npt.NDArray[np.uint8], reasons_rc: npt.NDArray[np.uint8], flown_rc: npt.NDArray[np.int32]
) -> dict[Reason, int]:
    """How many pixels of the not assessable ground each reason accounts for; together they are all of it.

    A cell without a reason of its own is a sliver: ``cell_states`` gave it up for having too little imagery.
    """
    given_up_rc = states_rc == GroundState.NOT_ASSESSABLE
    why_rc = np.where(given_up_rc & (reasons_rc == Reason.NONE), np.uint8(Reason.SLIVER), reasons_rc)
    counts = np.bincount(why_rc[given_up_rc], flown_rc[given_up_rc], minlength=len(Reason))
    return {reason: int(counts[reason]) for reason in Reason if counts[reason]}


def count_flown(working: Path, grid: CellGrid) -> npt.NDArray[np.int32]:
    """How many mosaic pixels of each cell are imagery: int32 [r, c]. Reads the mask at full resolution."""
    flown_rc = np.zeros((grid.rows, grid.columns), np.int32)
    columns = _cells_of(grid.mosaic.width_px, grid)
    rows = _cells_of(grid.mosaic.height_px, grid)
    starts = np.searchsorted(columns, np.arange(grid.columns))
    top = 0
    with FlownMask(working) as mask:
        for flown_hw in mask.strips():
            by_column = np.add.reduceat(flown_hw, starts, axis=1, dtype=np.int32)
            np.add.at(flown_rc, rows[top : top + len(flown_hw)], by_column)
            top += len(flown_hw)
    return flown_rc


def cell_states(
    scores_rc: npt.NDArray[np.uint8],
    flown_rc: npt.NDArray[np.int32],
    flagged_rc: npt.NDArray[np.bool_],
    *,
    least_flown_px: float,
) -> npt.NDArray[np.uint8]:
    """The GroundState of each cell, uint8 [r, c].

    A cell with fewer than ``least_flown_px`` pixels of imagery is flagged if the model asks about it, but never clear.
    """
    states_rc = np.full(scores_rc.shape, GroundState.CLEAR, np.uint8)
    states_rc[(scores_rc == NOT_ASSESSED) | (flown_rc < least_flown_px)] = GroundState.NOT_ASSESSABLE
    states_rc[flagged_rc] = GroundState.FLAGGED
    states_rc[flown_rc == 0] = GroundState.NOT_FLOWN
    return states_rc


def state_areas(
    states_rc: npt.NDArray[np.uint8], flown_rc: npt.NDArray[np.int32], grid: CellGrid, *, pixel_area_m2: float
) -> StateAreas:
    """Pixels and square metres of each state, accounting for each of the mosaic's pixels."""
    pixels: dict[GroundState, int] = {
        state: int(flown_rc[states_rc == state].sum(dtype=np.int64))
        for state in GroundState
        if state != GroundState.NOT_FLOWN
    }
    pixels[GroundState.NOT_FLOWN] = grid.mosaic.pixels - int(flown_rc.sum(dtype=np.int64))
    return StateAreas(pixels=pixels, pixel_area_m2=pixel_area_m2).covering(grid.mosaic.pixels)


def write_scores(path: Path, scores_rc: npt.NDArray[np.uint8], grid: CellGrid, place: Georeference) -> None:
    """Write ``scores.tif``; ``place`` is the mosaic's."""
    layer = Layer(
        size=Size(width_px=grid.columns, height_px=grid.rows),
        georeference=place.scaled(grid.cell_px),
        nodata=NOT_ASSESSED,
        tags={"PLOTWATCH_LAYER": "scores", "PLOTWATCH_VERSION": "1", "PLOTWATCH_UNIT": "probability x 254"},
    )
    write_layer(path, layer, (scores_rc[row : row + 512] for row in range(0, grid.rows, 512)))


def write_states(
    path: Path, states_rc: npt.NDArray[np.uint8], working: Path, place: Georeference, grid: CellGrid
) -> None:
    """Write ``states.tif`` at the mosaic's own resolution, streamed; ``place`` is the mosaic's."""
    layer = Layer(
        size=grid.mosaic,
        georeference=place,
        colours={int(state): colour for state, colour in STATE_COLOURS.items()},
        tags={
            "PLOTWATCH_LAYER": "states",
            "PLOTWATCH_VERSION": "1",
            "PLOTWATCH_VALUES": "0 not flown, 1 clear, 2 flagged, 3 not assessable",
        },
    )
    with FlownMask(working) as mask:
        write_layer(path, layer, _state_strips(mask, states_rc, grid))


def _state_strips(mask: FlownMask, states_rc: npt.NDArray[np.uint8], grid: CellGrid) -> Iterator[npt.NDArray[np.uint8]]:
    """The state of every pixel, strip by strip, uint8 [h, w]."""
    columns = _cells_of(grid.mosaic.width_px, grid)
    rows = _cells_of(grid.mosaic.height_px, grid)
    top = 0
    for flown_hw in mask.strips():
        here = rows[top : top + len(flown_hw)]
        states_hw = states_rc[here[0] : here[-1] + 1, columns][here - here[0]]
        if not mask.whole:
            states_hw[~flown_hw] = GroundState.NOT_FLOWN
        yield states_hw
        top += len(flown_hw)


def _cells_of(length_px: int, grid: CellGrid) -> npt.NDArray[np.intp]:
    """The cell of each pixel along an axis, as ``CellGrid.cell_of``: intp [length_px], never falling."""
    centres = np.arange(length_px) + 0.5
    return np.floor(centres * grid.model_px_per_px / grid.stride_px).astype(np.intp)
