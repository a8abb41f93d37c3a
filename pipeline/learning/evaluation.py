"""Every number of one evaluation, and the one form in which it is written down.

``numbers_of`` is the body of ``evaluation.json`` and of a run's ``metrics.json``; cards print the same objects. What is
no number (a share of nothing, false flags where none is true) is ``null``.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scipy.special import expit

from pipeline.learning.evaluate import CellNumbers, Judged, judged_cells, rank_cells
from pipeline.learning.mistakes import Mistake, Mistakes, worst_mistakes
from pipeline.learning.plots import PlotNumbers, Share, count_plots
from pipeline.learning.reliability import Reliability, measure_reliability
from pipeline.learning.sizes import SizeClass, recall_by_size
from pipeline.learning.tradeoff import Setting, trade_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured on labelled ground: plots first, because plots are what people are asked about."""

    plots: PlotNumbers
    sizes: tuple[SizeClass, ...]
    trade_off: tuple[Setting, ...]
    cells: CellNumbers
    reliability: Reliability
    mistakes: Mistakes


def evaluate(judged: Sequence[Judged]) -> Evaluation:
    """Measure everything on ground that one or several models have judged."""
    scores, truth = judged_cells(judged)
    return Evaluation(
        plots=count_plots(judged),
        sizes=recall_by_size(judged),
        trade_off=trade_off(judged),
        cells=rank_cells(scores, truth),
        reliability=measure_reliability(expit(scores), truth),
        mistakes=worst_mistakes(judged),
    )


def numbers_of(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON: ``plots``, ``cells``, ``reliability`` and ``mistakes``."""
    plots: dict[str, Any] = {
        **plot_numbers(evaluation.plots),
        "by_size": [_size(one) for one in evaluation.sizes],
        "trade_off": [_setting(one) for one in evaluation.trade_off],
    }
    return {
        "plots": plots,
        "cells": {key: _number(value) for key, value in asdict(evaluation.cells).items()},
        "reliability": _reliability(evaluation.reliability),
        "mistakes": {
            "misses": [_mistake(one) for one in evaluation.mistakes.misses],
            "false_flags": [_mistake(one) for one in evaluation.mistakes.false_flags],
            "false_flags_by_look_alike": dict(evaluation.mistakes.false_by_class),
        },
    }


def plot_numbers(plots: PlotNumbers) -> dict[str, Any]:
    """The numbers of one threshold, as JSON."""
    return {
        "recall": share(plots.recall),
        "precision": share(plots.precision),
        "f1": {"value": _number(plots.f1), "interval_95": [_number(bound) for bound in plots.f1_interval]},
        "false_flags": plots.false_flags,
        "false_per_hectare": _number(plots.false_per_hectare),
        "false_per_true": _number(plots.false_per_true),
        "area_m2": plots.area_m2,
        "plots_given_up": plots.given_up,
        "ground_given_up": plots.given_up_ground,
    }


def share(one: Share) -> dict[str, Any]:
    """A share with its interval, as JSON."""
    return {"value": _number(one.value), "hits": one.hits, "n": one.n, "interval_95": list(one.interval)}


def _size(one: SizeClass) -> dict[str, Any]:
    return {"from_m2": one.from_m2, "to_m2": one.to_m2, "recall": share(one.recall)}


def _setting(one: Setting) -> dict[str, Any]:
    numbers = one.numbers
    return {
        "threshold": one.threshold,
        "recall": _number(numbers.recall.value),
        "found": numbers.recall.hits,
        "flags": numbers.precision.n,
        "false_flags": numbers.false_flags,
        "false_per_true": _number(numbers.false_per_true),
    }


def _reliability(measured: Reliability) -> dict[str, Any]:
    bins = [{"mean_probability": one.mean_probability, "target": share(one.target)} for one in measured.bins]
    return {"expected_calibration_error": _number(measured.error), "cells": measured.cells, "bins": bins}


def _mistake(one: Mistake) -> dict[str, Any]:
    """Where and how wrong; the place in pixels of its own raster."""
    ground = one.ground
    centre = one.outline.centroid
    return {
        "raster": ground.path.name,
        "column_px": round((centre.x + ground.left_px) / ground.scale, 1),
        "row_px": round((centre.y + ground.top_px) / ground.scale, 1),
        "score": round(one.score, 6),
        "area_m2": one.area_m2,
        "look_alike": one.look_alike,
    }


def _number(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None
