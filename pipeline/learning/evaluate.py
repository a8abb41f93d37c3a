"""How well cells are told apart on ground the network has not seen.

Axes: n = window, h = row, w = column, b = band, y = cell row, x = cell column.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit

from pipeline.domain.assessability import Reason
from pipeline.domain.model import Calibration, CellRule
from pipeline.domain.window import Window, WindowPlan
from pipeline.learning.chips import Chip, Terrain, count_cells, truth_of
from pipeline.learning.labels import LabelledGround
from pipeline.learning.network import CellClassifier

WINDOW_CELLS = 32
Assess = Callable[[Chip], npt.NDArray[np.uint8]]
"""The ``Reason`` of each cell of a chip, uint8 [y, x]; cells near the border of the chip lack what lies beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredGround:
    """Every cell of a ground.

    ``logits_yx`` is float32, ``truth_yx`` as ``chips.truth_of`` gives it, ``assessable_yx`` says which cells are asked,
    and ``reasons_yx`` (uint8, a ``Reason``) why the others are not.
    """

    ground: LabelledGround
    cell_px: int
    logits_yx: npt.NDArray[np.float32]
    truth_yx: npt.NDArray[np.float32]
    assessable_yx: npt.NDArray[np.bool_]
    valid_px: int
    reasons_yx: npt.NDArray[np.uint8] | None = None

    @property
    def area_m2(self) -> float:
        """The flown ground, in square metres."""
        return self.valid_px * (self.ground.gsd_m / self.ground.scale) ** 2

    def probabilities(self, calibration: Calibration) -> npt.NDArray[np.float64]:
        """The calibrated probability of each cell; float64 [y, x], 0 where there is too little imagery."""
        raised_yx = calibration.slope * self.logits_yx.astype(np.float64) + calibration.intercept
        return np.where(self.assessable_yx, expit(raised_yx), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNumbers:
    """How well cells are ranked: average precision, and precision where 90 and 95 % of target cells are found."""

    cells: int
    target_cells: int
    average_precision: float
    precision_at_90_recall: float
    precision_at_95_recall: float


def score_ground(
    classifier: CellClassifier, terrain: Terrain, rule: CellRule, *, halo_px: int, assess: Assess | None = None
) -> ScoredGround:
    """Every cell of a ground scored once, by the network as it is, in eval mode; ``assess`` may call some not seen."""
    size, cell_px = terrain.ground.size, classifier.cell_px
    rows, columns = -(-size.height_px // cell_px), -(-size.width_px // cell_px)
    logits_yx, truth_yx = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    reasons_yx = np.zeros((rows, columns), np.uint8)
    valid_px = 0
    was_training = classifier.training
    classifier.eval()
    for window in _windows(rows, columns):
        place = np.s_[window.row : window.row + window.rows, window.column : window.column + window.columns]
        seen = terrain.cut(
            column_px=window.column * cell_px - halo_px,
            row_px=window.row * cell_px - halo_px,
            width_px=window.columns * cell_px + 2 * halo_px,
            height_px=window.rows * cell_px + 2 * halo_px,
        )
        inner = slice(halo_px // cell_px, -(halo_px // cell_px) or None)
        logits_yx[place] = logits_of(classifier, seen.pixels_hwb[None])[0, inner, inner]
        truth_yx[place] = truth_of(seen, rule, cell_px=cell_px)[inner, inner]
        valid_yx = count_cells(seen.valid_hw, cell_px)[inner, inner]
        if assess is not None:
            reasons_yx[place] = assess(seen)[inner, inner]
        reasons_yx[place][valid_yx < rule.least_valid_share * cell_px**2] = Reason.SLIVER
        valid_px += int(valid_yx.sum())
    classifier.train(was_training)
    return ScoredGround(
        ground=terrain.ground,
        cell_px=cell_px,
        logits_yx=logits_yx,
        truth_yx=truth_yx,
        assessable_yx=reasons_yx == Reason.NONE,
        reasons_yx=reasons_yx,
        valid_px=valid_px,
    )


def logits_of(classifier: CellClassifier, pixels_nhwb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The network's answer in full precision, float32 [n, y, x]."""
    with torch.inference_mode():
        device = classifier.head.weight.device
        answer: npt.NDArray[np.float32] = classifier(torch.from_numpy(pixels_nhwb).to(device))[:, 0].cpu().numpy()
        return answer


def _windows(rows: int, columns: int) -> Iterator[Window]:
    """Windows that cover every cell once."""
    for strip in WindowPlan(columns=columns, rows=rows, most_cells=WINDOW_CELLS).strips():
        yield from strip.windows


def cells_of(scored: tuple[ScoredGround, ...]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Logits and truth of every cell that counts, over all grounds; float64 [cells] and bool [cells]."""
    logits = np.concatenate([one.logits_yx[one.truth_yx >= 0] for one in scored])
    truth = np.concatenate([one.truth_yx[one.truth_yx >= 0] for one in scored])
    return logits.astype(np.float64), truth > 0


def measure_cells(scored: tuple[ScoredGround, ...]) -> CellNumbers:
    """How well the cells of all grounds are ranked; not a number where there is no target."""
    logits, truth = cells_of(scored)
    precision, recall = _precision_and_recall(logits, truth)
    steps = np.diff(recall, prepend=0.0)
    return CellNumbers(
        cells=len(truth),
        target_cells=int(truth.sum()),
        average_precision=float((precision * steps).sum()),
        precision_at_90_recall=_best_at(precision, recall, 0.90),
        precision_at_95_recall=_best_at(precision, recall, 0.95),
    )


def _precision_and_recall(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Precision and recall at each distinct score, from the highest down."""
    if not len(scores):
        return np.array([np.nan]), np.array([np.nan])
    order = np.argsort(-scores, kind="stable")
    last_of_value = np.append(np.diff(scores[order]) != 0, [True])
    found = np.cumsum(truth[order])[last_of_value]
    named = np.flatnonzero(last_of_value) + 1
    return found / named, found / (truth.sum() or np.nan)


def _best_at(precision: npt.NDArray[np.float64], recall: npt.NDArray[np.float64], least_recall: float) -> float:
    """The best precision among thresholds that find at least ``least_recall``."""
    enough = precision[recall >= least_recall]
    return float(enough.max()) if len(enough) else float("nan")
