"""How well cells are told apart on ground the network has not seen.

What scores is a ``Scorer``: torch here, any other engine of the same network where the layers above bring one.

Axes: n = window, h = row, w = column, b = band, y = cell row, x = cell column.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit

from pipeline.domain.assessability import Reason
from pipeline.domain.model import SCORE_LEVELS, Calibration, CellRule, Thresholds
from pipeline.domain.window import Window, WindowPlan
from pipeline.learning.chips import IGNORED, Chip, Terrain, count_cells, truth_of
from pipeline.learning.labels import LabelledGround
from pipeline.learning.network import CellClassifier

WINDOW_CELLS: Final = 32

Scorer: TypeAlias = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""Pixels uint8 [n, h, w, 3], sides whole cells, to logits float32 [n, y, x]."""
Assess: TypeAlias = Callable[[Chip], npt.NDArray[np.uint8]]
"""The ``Reason`` of each cell of a chip, uint8 [y, x]; cells near the border of the chip lack what lies beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """How a network looks: the side of its cells, and the halo a window needs for scores that do not depend on it."""

    cell_px: int
    halo_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredGround:
    """Every cell of a ground.

    ``logits_yx`` is float32, ``truth_yx`` as ``chips.truth_of`` gives it, ``assessable_yx`` says which cells a scan
    would ask about, and ``reasons_yx`` (uint8, a ``Reason``) why it would not ask about the others.
    """

    ground: LabelledGround
    cell_px: int
    logits_yx: npt.NDArray[np.float32]
    truth_yx: npt.NDArray[np.float32]
    assessable_yx: npt.NDArray[np.bool_]
    valid_px: int
    reasons_yx: npt.NDArray[np.uint8] | None = None

    @property
    def why_yx(self) -> npt.NDArray[np.uint8]:
        """The ``Reason`` of each cell; without reasons given, what is not assessable holds no imagery; uint8 [y, x]."""
        if self.reasons_yx is not None:
            return self.reasons_yx
        return np.where(self.assessable_yx, Reason.NONE, Reason.SLIVER).astype(np.uint8)

    @property
    def area_m2(self) -> float:
        """The flown ground, in square metres."""
        return self.valid_px * self.pixel_area_m2

    @property
    def pixel_area_m2(self) -> float:
        """The ground under one model pixel, in square metres."""
        return (self.ground.gsd_m / self.ground.scale) ** 2

    def probabilities(self, calibration: Calibration) -> npt.NDArray[np.float64]:
        """The calibrated probability of each cell; float64 [y, x], 0 where there is no imagery."""
        return np.where(self.assessable_yx, expit(_raised(self.logits_yx, calibration)), 0.0)

    def levels(self, calibration: Calibration) -> npt.NDArray[np.uint8]:
        """The score of each cell as a scan stores it: probability x 254, uint8 [y, x], 0 where there is no imagery."""
        return np.rint(self.probabilities(calibration).astype(np.float32) * SCORE_LEVELS).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A scored ground with the probabilities and thresholds of the model that scored it."""

    scored: ScoredGround
    calibration: Calibration
    thresholds: Thresholds


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
    was_training = classifier.training
    classifier.eval()
    viewing = Viewing(cell_px=classifier.cell_px, halo_px=halo_px)
    scored = score_terrain(torch_scorer(classifier), terrain, rule, viewing, assess=assess)
    classifier.train(was_training)
    return scored


def torch_scorer(classifier: CellClassifier) -> Scorer:
    """``classifier`` as a scorer."""
    return lambda pixels_nhwb: logits_of(classifier, pixels_nhwb)


def score_terrain(
    scorer: Scorer, terrain: Terrain, rule: CellRule, viewing: Viewing, *, assess: Assess | None = None
) -> ScoredGround:
    """Every cell of a ground scored once, in windows of one size; ``assess`` may call some not assessable."""
    size, cell_px, halo_px = terrain.ground.size, viewing.cell_px, viewing.halo_px
    plan = WindowPlan(columns=-(-size.width_px // cell_px), rows=-(-size.height_px // cell_px), most_cells=WINDOW_CELLS)
    shape = plan.rows, plan.columns
    logits_yx, truth_yx = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    reasons_yx = np.zeros(shape, np.uint8)
    valid_px = 0
    for window in _windows(plan):
        place = np.s_[window.row : window.row + window.rows, window.column : window.column + window.columns]
        seen = terrain.cut(
            column_px=window.column * cell_px - halo_px,
            row_px=window.row * cell_px - halo_px,
            width_px=plan.window_columns * cell_px + 2 * halo_px,
            height_px=plan.window_rows * cell_px + 2 * halo_px,
        )
        margin = halo_px // cell_px
        inner = np.s_[margin : margin + window.rows, margin : margin + window.columns]
        valid_yx = count_cells(seen.counted_hw, cell_px)[inner]
        if terrain.ground.unknowns and not valid_yx.any():
            truth_yx[place], reasons_yx[place] = IGNORED, Reason.SLIVER
            continue
        if assess is not None:
            reasons_yx[place] = assess(seen)[inner]
        logits_yx[place] = scorer(seen.pixels_hwb[None])[0][inner]
        truth_yx[place] = truth_of(seen, rule, cell_px=cell_px)[inner]
        reasons_yx[place][valid_yx == 0] = Reason.SLIVER
        valid_px += int(valid_yx.sum())
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


def _windows(plan: WindowPlan) -> Iterator[Window]:
    """Windows that cover every cell once."""
    for strip in plan.strips():
        yield from strip.windows


def _raised(logits: npt.NDArray[np.float32], calibration: Calibration) -> npt.NDArray[np.float64]:
    """Calibrated logits; float64."""
    return calibration.slope * logits.astype(np.float64) + calibration.intercept


def cells_of(scored: Sequence[ScoredGround]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Logits and truth of every cell that counts, over all grounds; float64 [cells] and bool [cells]."""
    logits = np.concatenate([one.logits_yx[one.truth_yx >= 0] for one in scored])
    truth = np.concatenate([one.truth_yx[one.truth_yx >= 0] for one in scored])
    return logits.astype(np.float64), truth > 0


def judged_cells(judged: Sequence[Judged]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Calibrated logits and truth of every cell that counts: what lets cells of several models be ranked together."""
    raised = [_raised(one.scored.logits_yx[one.scored.truth_yx >= 0], one.calibration) for one in judged]
    return np.concatenate(raised), cells_of([one.scored for one in judged])[1]


def measure_cells(scored: Sequence[ScoredGround]) -> CellNumbers:
    """How well the cells of all grounds are ranked; not a number where there is no target."""
    return rank_cells(*cells_of(scored))


def rank_cells(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> CellNumbers:
    """How well ``scores`` rank cells; not a number where there is no target."""
    precision, recall = _precision_and_recall(scores, truth)
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
