"""Logits to probabilities, and probabilities to thresholds, on ground that is used for nothing else."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic.dataclasses import dataclass as checked_dataclass
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.domain.claim import rank_for
from pipeline.domain.model import Calibration, Thresholds
from pipeline.errors import InvalidInputError
from pipeline.learning.evaluate import ScoredGround, cells_of
from pipeline.learning.tradeoff import LEVELS, sweep, threshold_at
from pipeline.settings import STRICT

AIMS: Final = ("claim", "conformal")


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ThresholdRule:
    """What the thresholds are set for."""

    recall_target: float = 0.95
    """The share of plots that should be found."""
    low_ratio: float = 0.5
    """A plot grows over cells of at least this share of the threshold it starts at."""
    aim: str = "claim"
    """claim: low enough that the recall may be claimed with 95 % confidence, where there are plots enough; conformal:
    a new plot is found with that probability, and nothing is claimed of the share."""

    def __post_init__(self) -> None:
        """Refuse targets that are no shares.

        Raises:
            InvalidInputError: A number lies outside (0, 1), or (0, 1] for the ratio.
        """
        if not (0 < self.recall_target < 1 and 0 < self.low_ratio <= 1):
            raise InvalidInputError(
                f"recall_target {self.recall_target} must be in (0, 1), low_ratio {self.low_ratio} in (0, 1]"
            )
        if self.aim not in AIMS:
            raise InvalidInputError(f"thresholds.aim {self.aim!r} is not known, use {' or '.join(AIMS)}")

    def rank(self, n: int) -> int:
        """Which of the sorted scores of ``n`` plots is the threshold, 1 for the smallest."""
        proving = rank_for(n, self.recall_target) if self.aim == "claim" else None
        return proving or max(1, self._conformal(n))

    def reason(self, n: int) -> str:
        """Which score of ``n`` plots that is, and why, as part of a sentence."""
        conformal, rank = self._conformal(n), self.rank(n)
        if self.aim == "claim" and rank_for(n, self.recall_target):
            plain = f"; the plain conformal rule would take the {_ordinal(conformal)}" if conformal > rank else ""
            return f"the {_ordinal(rank)} smallest score of {n} plots, which supports a claim{plain}"
        if not conformal:
            needed = math.ceil(1 / (1 - self.recall_target) - 1 - 1e-9)
            return f"the smallest score of {n} plots: too few for the conformal rule, which needs {needed}"
        return f"the {_ordinal(conformal)} smallest score of {n} plots by the conformal rule"

    def _conformal(self, n: int) -> int:
        """The k of the conformal rule for ``n`` plots; 0 where they are too few."""
        return math.floor((1 - self.recall_target) * (n + 1) + 1e-9)


def fit_calibration(scored: Sequence[ScoredGround]) -> Calibration:
    """Slope and intercept that make logits honest probabilities on the cells of ``scored``.

    Targets are smoothed as Platt (1999) does, so that few cells cannot make the model certain.

    Raises:
        InvalidInputError: There is no target cell, no clear cell, or higher logits do not mean more target.
    """
    logits, truth = cells_of(scored)
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
    """The highest threshold that keeps the recall target: the k-th smallest of the scores of n plots.

    A plot's score is the highest threshold at which a scan would still flag it. k depends on n alone. Where n suffices
    for a claim it is the largest k that supports one (``domain.claim``), else that of the conformal rule,
    k = floor((1 - recall) (n + 1)): a new plot of such ground then scores at least as high with probability >= recall
    (Vovk et al., 2005). Where that is 0 the smallest score stands in, and ``basis`` says so.

    Raises:
        InvalidInputError: There is no plot on the calibration ground.
    """
    levels = np.sort(
        np.concatenate([sweep(one, calibration, low_ratio=rule.low_ratio).plot_levels() for one in scored])
    )
    n = len(levels)
    if not n:
        raise InvalidInputError("no target lies on the calibration ground; thresholds need at least one plot")
    rank = rule.rank(n)
    level = min(max(int(levels[rank - 1]), LEVELS[0]), LEVELS[-1])
    high, found = threshold_at(level), int((levels >= level).sum())
    ground = ", ".join(sorted({one.ground.path.name for one in scored}))
    how, share = rule.reason(n), f"{rule.recall_target:.0%}"
    gsds_m = [one.ground.gsd_m for one in scored]
    return Thresholds(
        high=high,
        low=max(high * rule.low_ratio, 1e-6),
        recall_target=rule.recall_target,
        n_plots=n,
        n_found=found,
        basis=f"Set to {how}, on the calibration ground of {ground}, for a recall of {share}.",
        rank=max(rank, n - found + 1),  # plots that no threshold finds count as missed
        gsd_range_m=(min(gsds_m), max(gsds_m)),
    )


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ..."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
