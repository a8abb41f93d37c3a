"""May this ground be called seen? What keeps imagery from being assessed, cell by cell and for a whole mosaic.

A few rows of pixels are enough to judge a cell: of each block of 8 rows the rows 0, 1 and 4, so that this runs at some
500 MPix/s on one core. Sharpness is what two neighbouring pixels differ by over what pixels 4 apart differ by (the
structure function of optics, after Kolmogorov, 1941). Smooth soil in focus keeps its ratio, since its fine grain and
the sensor's noise stand beside little coarse detail; blur takes away the fine part alone. Where imagery ends, JPEG's
blocks of 8 px ring with an edge that is none of the ground's: what lies within 8 px of it says nothing of focus.

Axes: h = row, w = column, b = band; r, c = row, column of cells.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.geometry import Georeference
from pipeline.domain.limits import QualityLimits
from pipeline.domain.model import COARSEST, Manifest
from pipeline.imagery.neighbours import (
    FOCUS_REACH_PX,
    around_most,
    around_sum,
    inner_cells,
    reach_cells,
    whole_cells,
)

BLOCK: Final = 8
FAR: Final = 4
SATURATED: Final = 250

Pixels = npt.NDArray[np.uint8]
Valid = npt.NDArray[np.bool_]
PerCell = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellQuality:
    """What was measured of each cell, float32 [r, c]; not a number where a cell has no imagery.

    ``sharpness_rc`` is a ratio (see above) over the cell and what lies around it, ``light_rc`` the mean of all bands,
    ``lightest_rc`` the most light of any cell around it, ``saturated_rc`` the share of pixels white in every band.
    """

    sharpness_rc: PerCell
    light_rc: PerCell
    lightest_rc: PerCell
    saturated_rc: PerCell


def why_not_assessable(place: Georeference, model: Manifest) -> str | None:
    """Why a whole mosaic is not assessable by a model, in a sentence; None where it is."""
    if place.gsd_m <= model.coarsest_gsd_m * (1 + 1e-9):
        return None
    return (
        f"this mosaic has a ground sampling distance of {place.gsd_m * 100:.2f} cm; the model {model.name} was made "
        f"for {model.gsd_m * 100:.2f} cm and cannot be asked about ground coarser than {COARSEST} times that "
        f"({model.coarsest_gsd_m * 100:.2f} cm)"
    )


def measure_quality(pixels_hwb: Pixels, valid_hw: Valid, *, cell_px: int) -> CellQuality:
    """Measure every cell of a window of whole cells (uint8 [h, w, 3], bool [h, w]), each a multiple of 8 px.

    The cells within ``neighbours.halo_px`` of the window's border lack what lies beyond it: cut them off.
    """
    valid = None if valid_hw.all() else valid_hw
    fine_rc, coarse_rc = _differences(pixels_hwb[:, :, 1], valid, cell_px)
    wide, near = reach_cells(cell_px, FOCUS_REACH_PX), reach_cells(cell_px)
    with np.errstate(invalid="ignore", divide="ignore"):
        sharpness_rc = around_sum(fine_rc, wide) / around_sum(coarse_rc, wide)
    light_rc, saturated_rc = _light(pixels_hwb[::BLOCK], None if valid is None else valid[::BLOCK], cell_px)
    return CellQuality(
        sharpness_rc=sharpness_rc.astype(np.float32),
        light_rc=light_rc,
        lightest_rc=around_most(light_rc, near),
        saturated_rc=saturated_rc,
    )


def judge(quality: CellQuality, limits: QualityLimits) -> npt.NDArray[np.uint8]:
    """The ``Reason`` of each cell, uint8 [r, c]; NONE where its imagery may be assessed.

    A cell without any contrast has no sharpness: if its light is right nothing speaks against it.
    """
    reasons_rc = np.full(quality.light_rc.shape, Reason.NONE, np.uint8)
    dark_rc = quality.light_rc < limits.light_least
    reasons_rc[quality.sharpness_rc < limits.sharpness_least] = Reason.BLUR
    reasons_rc[quality.saturated_rc > limits.saturated_most] = Reason.GLARE
    reasons_rc[dark_rc] = Reason.SHADOW
    wholly_dark_rc = dark_rc & (quality.lightest_rc < limits.light_least)
    reasons_rc[wholly_dark_rc | (quality.light_rc > limits.light_most)] = Reason.EXPOSURE
    return reasons_rc


def _differences(green_hw: Pixels, valid_hw: Valid | None, cell_px: int) -> tuple[PerCell, PerCell]:
    """The sums of absolute differences of pixels 1 and ``FAR`` apart, across and down; float32 [r, c] each."""
    blocks = green_hw.reshape(-1, BLOCK, green_hw.shape[1])
    top, next_, far = (blocks[:, row].astype(np.int16) for row in (0, 1, FAR))
    there = None if valid_hw is None else inner_cells(whole_cells(valid_hw, BLOCK)).repeat(BLOCK, axis=1)
    sums = []
    for below, step in ((next_, 1), (far, FAR)):
        down, across = np.abs(below - top), np.zeros_like(top)
        np.abs(top[:, step:] - top[:, :-step], out=across[:, :-step])
        if there is not None:
            down[~there] = 0
            across[:, :-step][~(there[:, step:] & there[:, :-step])] = 0
        sums.append(_per_cell(down + across, cell_px))
    return sums[0], sums[1]


def _light(rows_hwb: Pixels, valid_hw: Valid | None, cell_px: int) -> tuple[PerCell, PerCell]:
    """Mean of all bands, and share of white pixels, of each cell, from every 8th row; float32 [r, c] each."""
    red_hw, green_hw, blue_hw = (rows_hwb[..., band] for band in range(3))
    light_hw = red_hw.astype(np.int16) + green_hw + blue_hw
    white_hw = np.minimum(np.minimum(red_hw, green_hw), blue_hw) >= SATURATED
    if valid_hw is None:
        pixels: PerCell | float = float(cell_px // BLOCK * cell_px)
    else:
        light_hw, white_hw = light_hw * valid_hw, white_hw & valid_hw
        pixels = _per_cell(valid_hw, cell_px)
    with np.errstate(invalid="ignore", divide="ignore"):
        light_rc, saturated_rc = _per_cell(light_hw, cell_px) / pixels / 3, _per_cell(white_hw, cell_px) / pixels
    return light_rc.astype(np.float32), saturated_rc.astype(np.float32)


def _per_cell(values_hw: npt.NDArray[np.int16] | Valid, cell_px: int) -> PerCell:
    """Sums of every 8th row's values over cells, float32 [r, c]: whole numbers below 2^24, so exact in any order."""
    rows, columns = values_hw.shape[0] * BLOCK // cell_px, values_hw.shape[1] // cell_px
    by_row = values_hw.reshape(rows, cell_px // BLOCK, -1).sum(axis=1, dtype=np.float32)
    return np.asarray(by_row.reshape(rows, columns, cell_px) @ np.ones(cell_px, np.float32))
