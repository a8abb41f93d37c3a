"""What a bundle still finds on ground that is seen badly, and how much of it it gives up instead of guessing.

Axes: h = row, w = column, b = band; y = cell row, x = cell column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.model import CellRule, Manifest
from pipeline.imagery.degradation import Degradation
from pipeline.learning.assess import Assessor
from pipeline.learning.chips import Chip, Terrain
from pipeline.learning.evaluate import Judged, ScoredGround, score_ground
from pipeline.learning.network import CellClassifier
from pipeline.learning.plots import Share, count_plots

Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class StressRow:
    """One way of spoiling a ground.

    ``recall`` is over the plots still called assessable, ``plots_given_up`` over all plots; ``given_up`` is the share
    of flown cells that are not assessable, by reason.
    """

    name: str
    recall: Share
    plots_given_up: Share
    given_up: dict[str, float]

    @property
    def given_up_share(self) -> float:
        """The share of ground given up, for whatever reason."""
        return sum(self.given_up.values())


class Disturbed(Terrain):
    """A terrain whose whole picture was spoilt before it is cut, so that cuts meet."""

    def __init__(self, terrain: Terrain, spoil: Callable[[Pixels], Pixels]) -> None:
        super().__init__(terrain.ground, fill_rgb=terrain.fill_rgb, cached=False)
        self.close()
        size = terrain.ground.size
        whole = terrain.cut(column_px=0, row_px=0, width_px=size.width_px, height_px=size.height_px)
        pixels_hwb = np.array(spoil(whole.pixels_hwb))
        pixels_hwb[~whole.valid_hw] = terrain.fill_rgb
        self._whole = replace(whole, pixels_hwb=pixels_hwb)

    def cut(self, *, column_px: int, row_px: int, width_px: int, height_px: int) -> Chip:
        """The window with that corner; outside the ground it holds the fill colour and is not valid."""
        whole, shape = self._whole, (height_px, width_px)
        pixels_hwb = np.empty((*shape, 3), np.uint8)
        pixels_hwb[:] = self.fill_rgb
        target_hw, other_hw, valid_hw = (np.zeros(shape, bool) for _ in range(3))
        left, top = max(column_px, 0), max(row_px, 0)
        width = min(column_px + width_px, whole.valid_hw.shape[1]) - left
        height = min(row_px + height_px, whole.valid_hw.shape[0]) - top
        if width > 0 and height > 0:
            there = np.s_[top : top + height, left : left + width]
            here = np.s_[top - row_px : top - row_px + height, left - column_px : left - column_px + width]
            pixels_hwb[here], valid_hw[here] = whole.pixels_hwb[there], whole.valid_hw[there]
            target_hw[here], other_hw[here] = whole.target_hw[there], whole.other_hw[there]
        return Chip(pixels_hwb=pixels_hwb, target_hw=target_hw, other_hw=other_hw, valid_hw=valid_hw)


def stress_row(
    classifier: CellClassifier, assessor: Assessor, terrains: Sequence[Terrain], manifest: Manifest, way: Degradation
) -> StressRow:
    """What is found on all ``terrains``, spoilt in one ``way``, and what is given up."""
    rule = manifest.cell_rule or CellRule()
    scored = [
        score_ground(classifier, Disturbed(terrain, way.spoil), rule, halo_px=manifest.halo_px, assess=assessor)
        for terrain in terrains
    ]
    calibration, thresholds = manifest.calibration, manifest.thresholds
    numbers = count_plots([Judged(scored=one, calibration=calibration, thresholds=thresholds) for one in scored])
    return StressRow(
        name=way.name,
        recall=numbers.recall,
        plots_given_up=Share(hits=numbers.given_up, n=numbers.given_up + numbers.recall.n),
        given_up=_given_up(scored),
    )


def _given_up(scored: Sequence[ScoredGround]) -> dict[str, float]:
    """The share of cells with enough imagery that are given up, by the name of the reason."""
    reasons = np.concatenate([one.why_yx[one.why_yx != Reason.SLIVER] for one in scored])
    counts = np.bincount(reasons, minlength=len(Reason)) / max(len(reasons), 1)
    return {reason.name.lower(): float(counts[reason]) for reason in Reason if reason and counts[reason]}
