"""Which ground a bundle may be asked about, decided in training and evaluation exactly as a scan decides it.

Axes: h = row, w = column, y = cell row, x = cell column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.limits import Familiarity, QualityLimits
from pipeline.domain.model import Manifest
from pipeline.errors import InvalidInputError
from pipeline.imagery.degradation import blurred
from pipeline.imagery.neighbours import halo_px, whole_cells
from pipeline.imagery.quality import CellQuality, judge, measure_quality
from pipeline.learning.chips import Chip, Terrain
from pipeline.learning.familiarity import LEAST_CELLS, KnowingClassifier, distances_of, fit_familiarity
from pipeline.learning.network import CellClassifier

Reasons = npt.NDArray[np.uint8]

TAIL: Final = 0.0025
"""Share of good ground that each limit may give up before its margin."""
TAUGHT_BLUR_PX: Final = 1.0
"""Sigma by which training blurs chips (``augment``): ground as blurred as that is still what was taught."""
LIGHT_MARGIN: Final = 1.3
"""Training varies light by as much."""
LEAST_GLARE_LIMIT: Final = 0.10
LEAST_POOR_FLIGHT: Final = 0.10
TIMES_CALIBRATION: Final = 5
WINDOW_CELLS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessor:
    """What a bundle knows of its own limits: both parts are optional, as they are in its manifest."""

    knowing: KnowingClassifier | None
    familiarity: Familiarity | None
    quality: QualityLimits | None
    cell_px: int
    halo_px: int
    """How much ground around a window its logits and its judgement need."""

    def __call__(self, chip: Chip) -> Reasons:
        """The reason of each cell of a chip, poor imagery before unfamiliar ground."""
        reasons_yx = np.full([side // self.cell_px for side in chip.valid_hw.shape], Reason.NONE, np.uint8)
        if self.quality is not None:
            measured = measure_quality(chip.pixels_hwb, chip.valid_hw, cell_px=self.cell_px)
            reasons_yx = judge(measured, self.quality)
        if self.knowing is not None and self.familiarity is not None:
            far_yx = ~(distances_of(self.knowing, chip) <= self.familiarity.limit)
            reasons_yx[far_yx & (reasons_yx == Reason.NONE)] = Reason.UNFAMILIAR
        return reasons_yx


def fit_assessor(knowing: KnowingClassifier, calibrate: Sequence[Terrain]) -> Assessor:
    """Everything a new bundle needs to know its limits, each set on the held-out ``calibrate`` ground.

    Raises:
        InvalidInputError: There are too few cells of imagery.
    """
    return Assessor(
        knowing=knowing,
        familiarity=fit_familiarity(knowing, calibrate),
        quality=fit_quality(calibrate, cell_px=knowing.cell_px),
        cell_px=knowing.cell_px,
        halo_px=knowing.halo_px,
    )


def assessor_of(network: CellClassifier | KnowingClassifier, manifest: Manifest) -> Assessor:
    """What a bundle that was loaded (``export.load_knowing``) knows of its own limits."""
    return Assessor(
        knowing=network if isinstance(network, KnowingClassifier) else None,
        familiarity=manifest.familiarity,
        quality=manifest.quality,
        cell_px=network.cell_px,
        halo_px=manifest.halo_px,
    )


def fit_quality(calibrate: Sequence[Terrain], *, cell_px: int) -> QualityLimits:
    """Limits that nearly all of the held-out ``calibrate`` ground keeps, and keeps as far as training varied it.

    That is: in light ``LIGHT_MARGIN`` times dimmer or brighter, and blurred by ``TAUGHT_BLUR_PX``.

    Raises:
        InvalidInputError: There are too few cells of imagery.
    """
    measured = [_measure(terrain, cell_px) for terrain in calibrate]
    sharpness, light, lightest, saturated, soft = (np.concatenate(parts) for parts in zip(*measured, strict=True))
    if len(light) < LEAST_CELLS:
        raise InvalidInputError(f"quality limits need {LEAST_CELLS} cells of held-out ground, there are {len(light)}")
    known = soft[~np.isnan(soft)]
    limits = {
        "sharpness_least": round(float(np.quantile(known, TAIL)), 5) if len(known) else 0.0,
        "light_least": round(float(np.quantile(light, TAIL)) / LIGHT_MARGIN, 3),
        "light_most": round(min(254.0, float(np.quantile(light, 1 - TAIL)) * LIGHT_MARGIN), 3),
        "saturated_most": round(max(LEAST_GLARE_LIMIT, min(1.0, float(np.quantile(saturated, 1 - TAIL)) * 2)), 5),
    }
    limits["light_most"] = max(limits["light_most"], limits["light_least"] + 1)
    draft = QualityLimits(**limits, most_poor_share=1.0, n_cells=len(light), given_up_share=0.0)
    quality = CellQuality(sharpness_rc=sharpness, light_rc=light, lightest_rc=lightest, saturated_rc=saturated)
    given_up = float((judge(quality, draft) != Reason.NONE).mean())
    return QualityLimits(
        **limits,
        most_poor_share=round(min(1.0, max(LEAST_POOR_FLIGHT, TIMES_CALIBRATION * given_up)), 4),
        n_cells=len(light),
        given_up_share=round(given_up, 6),
    )


def _measure(terrain: Terrain, cell_px: int) -> tuple[npt.NDArray[np.float32], ...]:
    """What was measured of every whole cell of imagery on a ground, and its sharpness once blurred; float32 [cells]."""
    size, margin_px, side = terrain.ground.size, halo_px(cell_px), WINDOW_CELLS * cell_px
    inner = slice(margin_px // cell_px, -(margin_px // cell_px))
    found = []
    for row in range(0, size.height_px, side):
        for column in range(0, size.width_px, side):
            chip = terrain.cut(
                column_px=column - margin_px,
                row_px=row - margin_px,
                width_px=side + 2 * margin_px,
                height_px=side + 2 * margin_px,
            )
            whole_yx = whole_cells(chip.valid_hw, cell_px)[inner, inner]
            measured = measure_quality(chip.pixels_hwb, chip.valid_hw, cell_px=cell_px)
            grey_hwb = np.repeat(blurred(chip.pixels_hwb[..., 1:2], TAUGHT_BLUR_PX), 3, axis=2)
            soft = measure_quality(grey_hwb, chip.valid_hw, cell_px=cell_px)
            values = [getattr(measured, name) for name in CellQuality.__slots__]
            found.append([value_yx[inner, inner][whole_yx] for value_yx in (*values, soft.sharpness_rc)])
    return tuple(np.concatenate(values) for values in zip(*found, strict=True))
