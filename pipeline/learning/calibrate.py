"""Logits to probabilities, and probabilities to thresholds, on ground that is used for nothing else."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic.dataclasses import dataclass as checked_dataclass
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.domain.model import Calibration, Thresholds
from pipeline.errors import InvalidInputError
from pipeline.learning.evaluate import ScoredGround, cells_of
from pipeline.learning.plots import plot_scores
from pipeline.settings import STRICT


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ThresholdRule:
    """What the thresholds are set for."""

    recall_target: float = 0.95
    """The share of plots that should be found."""
    low_ratio: float = 0.5
    """A plot grows over cells of at least this share of the threshold it starts at."""

    def __post_init__(self) -> None:
        """Refuse targets that are no shares.

        Raises:
            InvalidInputError: A number lies outside (0, 1), or (0, 1] for the ratio.
        """
        if not (0 < self.recall_target < 1 and 0 < self.low_ratio <= 1):
            raise InvalidInputError(
                f"recall_target {self.recall_target} must be in (0, 1), low_ratio {self.low_ratio} in (0, 1]"
            )


def fit_calibration(scored: Sequence[ScoredGround]) -> Calibration:
    """Slope and intercept that make logits honest probabilities on the cells of ``scored``.

    Targets are smoothed as Platt (1999) does, so that few cells cannot make the model certain.

    Raises:
        InvalidInputError: There is no target cell, no clear cell, or higher logits do not mean more target.
    """
    logits, truth = cells_of(tuple(scored))
    found, clear = int(truth.sum()), int((~truth).sum())
    if not found or not clear:
        raise InvalidInputError(f"calibration needs target and clear cells, its ground has {found} and {clear}")
    wanted = np.where(truth, (found + 1) / (found + 2), 1 / (clear + 2))

    def loss(line: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        raised = line[0] * logits + line[1]
        wrong = expit(raised) - wanted
        return float(np.mean(np.logaddexp(0, raised) - wanted * raised)), np.array(
            [(wrong * logits).mean(), wrong.mean()]
        )

    line = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B").x
    if line[0] <= 0:
        raise InvalidInputError(
            "higher scores do not mean more target on the calibration ground; the training did not learn"
        )
    return Calibration(slope=round(float(line[0]), 6), intercept=round(float(line[1]), 6), n_cells=len(truth))


def set_thresholds(scored: Sequence[ScoredGround], calibration: Calibration, rule: ThresholdRule) -> Thresholds:
    """The highest threshold that keeps the recall target, by the conformal rule.

    From n plots it is the k-th smallest score, k = floor((1 - recall) (n + 1)): a new plot of such ground then scores
    at least as high with probability >= recall (Vovk et al., 2005). Where k is 0 there are too few plots for the rule:
    the smallest score stands in, and ``basis`` says so.

    Raises:
        InvalidInputError: There is no plot on the calibration ground.
    """
    scores = np.sort(np.concatenate([plot_scores(one, calibration) for one in scored]))
    n = len(scores)
    if not n:
        raise InvalidInputError("no target lies on the calibration ground; thresholds need at least one plot")
    k = math.floor((1 - rule.recall_target) * (n + 1) + 1e-9)
    high = float(np.clip(np.floor(scores[max(k, 1) - 1] * 1e6) / 1e6, 1e-6, 1 - 1e-6))
    ground = ", ".join(sorted({one.ground.path.name for one in scored}))
    how = f"the {_ordinal(k)} smallest score of {n} plots"
    if not k:
        needed = math.ceil(1 / (1 - rule.recall_target) - 1 - 1e-9)
        how = f"the smallest score of {n} plots: too few for the conformal rule, which needs {needed}"
    return Thresholds(
        high=high,
        low=max(high * rule.low_ratio, 1e-6),
        recall_target=rule.recall_target,
        n_plots=n,
        n_found=int((scores >= high).sum()),
        basis=f"Set to {how}, on the calibration ground of {ground}, for a recall of {rule.recall_target:.0%}.",
    )


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ..."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
