"""Plots are counted, thresholds are set and claims are made by the rules of the survey."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.claim import claim_for
from pipeline.domain.geometry import Size
from pipeline.domain.model import Calibration, Thresholds
from pipeline.errors import InvalidInputError
from pipeline.learning.calibrate import ThresholdRule, fit_calibration, set_thresholds
from pipeline.learning.drawing import Label
from pipeline.learning.evaluate import ScoredGround, measure_cells
from pipeline.learning.labels import LabelledGround
from pipeline.learning.mistakes import outline_of
from pipeline.learning.plots import PlotNumbers, Share, claim, flags_on, labelled, measure_plots
from pipeline.learning.sources import Role

pytestmark = pytest.mark.learning

ASIS = Calibration()
BY_HAND = Thresholds(high=0.9, low=0.4, recall_target=0.9, n_plots=1, n_found=1, basis="By hand.")


def _scored(logits_yx: np.ndarray, plots: list[shapely.Geometry], truth_yx: np.ndarray | None = None) -> ScoredGround:
    rows, columns = logits_yx.shape
    size = Size(width_px=columns * 32, height_px=rows * 32)
    labels = tuple(Label(outline=plot, class_name="red") for plot in plots)
    ground = LabelledGround(
        path=Path("field.tif"), role=Role.VALIDATE, gsd_m=0.1, scale=1.0, left_px=0, top_px=0, size=size,
        labels=labels, target=("red",),
    )  # fmt: skip
    return ScoredGround(
        ground=ground,
        cell_px=32,
        logits_yx=logits_yx.astype(np.float32),
        truth_yx=(np.zeros_like(logits_yx) if truth_yx is None else truth_yx).astype(np.float32),
        assessable_yx=np.ones(logits_yx.shape, bool),
        valid_px=size.pixels,
    )


def _row(scores: list[float]) -> ScoredGround:
    """One plot in every second cell of a row, with these probabilities."""
    logits_yx = np.full((1, 2 * len(scores)), -9.0)
    logits_yx[0, ::2] = np.log(np.array(scores) / (1 - np.array(scores)))
    plots = [shapely.box(64 * n + 4, 4, 64 * n + 28, 28) for n in range(len(scores))]
    truth_yx = np.zeros_like(logits_yx)
    truth_yx[0, ::2] = 1
    return _scored(logits_yx, plots, truth_yx)


def test_without_a_claim_the_threshold_is_the_kth_smallest_score_as_a_scan_stores_it() -> None:
    scores = [0.20 + 0.01 * n for n in range(39)]  # k = floor(0.05 x 40) = 2
    thresholds = set_thresholds([_row(scores)], ASIS, ThresholdRule(recall_target=0.95, low_ratio=0.5))
    assert thresholds.high_level == round(0.21 * 254)
    assert thresholds.low_level == thresholds.high_level // 2
    assert (thresholds.n_plots, thresholds.n_found, thresholds.rank) == (39, 38, 2)
    assert "2nd smallest score of 39 plots by the conformal rule" in thresholds.basis
    assert thresholds.gsd_range_m == (0.1, 0.1)


def test_with_plots_enough_the_threshold_supports_a_claim() -> None:
    scores = [0.20 + 0.01 * n for n in range(60)]  # conformal: the 3rd; 60 plots prove 95 % only without a miss
    thresholds = set_thresholds([_row(scores)], ASIS, ThresholdRule(recall_target=0.95))
    assert (thresholds.n_found, thresholds.rank) == (60, 1)
    assert "supports a claim; the plain conformal rule would take the 3rd" in thresholds.basis
    assert claim_for(thresholds).holds
    plain = set_thresholds([_row(scores)], ASIS, ThresholdRule(recall_target=0.95, aim="conformal"))
    assert (plain.n_found, plain.rank) == (58, 3)
    assert not claim_for(plain).holds


def test_a_plot_that_no_threshold_finds_counts_as_missed() -> None:
    thresholds = set_thresholds([_row([0.0005, *[0.5] * 39])], ASIS, ThresholdRule(recall_target=0.90))
    assert (thresholds.high_level, thresholds.n_found, thresholds.rank) == (1, 39, 2)


def test_an_unknown_aim_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="use claim or conformal"):
        ThresholdRule(aim="luck")


def test_too_few_plots_for_the_rule_are_said_to_be_too_few() -> None:
    thresholds = set_thresholds([_row([0.3, 0.6])], ASIS, ThresholdRule(recall_target=0.95))
    assert thresholds.high_level == round(0.3 * 254)
    assert "too few for the conformal rule, which needs 19" in thresholds.basis


def test_thresholds_need_a_plot() -> None:
    with pytest.raises(InvalidInputError, match="at least one plot"):
        set_thresholds([_scored(np.zeros((2, 2)), [])], ASIS, ThresholdRule())


def test_calibration_finds_the_line_that_made_the_labels() -> None:
    rng = np.random.default_rng(1)
    logits_yx = rng.normal(0, 3, (100, 200))
    truth_yx = rng.random((100, 200)) < 1 / (1 + np.exp(-(0.5 * logits_yx - 1)))
    found = fit_calibration([_scored(logits_yx, [], truth_yx)])
    assert (found.slope, found.intercept) == (pytest.approx(0.5, abs=0.05), pytest.approx(-1, abs=0.1))
    assert found.n_cells == 20_000


def test_a_model_that_did_not_learn_is_not_calibrated() -> None:
    truth_yx = np.arange(20).reshape(4, 5) % 2
    with pytest.raises(InvalidInputError, match="did not learn"):
        fit_calibration([_scored(1.0 - truth_yx, [], truth_yx)])


def test_a_plot_touches_every_cell_it_shares_a_point_with() -> None:
    inside, edge = shapely.box(36, 4, 60, 28), shapely.box(64, 4, 90, 28)
    touched = labelled(_scored(np.zeros((1, 4)), [inside, edge]))
    assert [touched.cell[touched.label == n].tolist() for n in (0, 1)] == [[1], [1, 2]]


def test_a_plot_that_lies_mostly_elsewhere_is_counted_elsewhere_but_a_flag_on_it_is_not_false() -> None:
    plots = [shapely.box(-30, 0, 20, 20), shapely.box(80, 0, 120, 20)]
    scored = _scored(np.array([[9.0, -9.0, -9.0, -9.0]]), plots)
    assert labelled(scored).counted.tolist() == [False, True]
    numbers = measure_plots([scored], ASIS, BY_HAND)
    assert (numbers.recall.hits, numbers.recall.n, numbers.false_flags) == (0, 1, 0)


def test_cells_without_imagery_are_never_flagged() -> None:
    scored = replace(_row([0.9, 0.9]), assessable_yx=np.array([[True, True, False, True]]))
    assert measure_plots([scored], ASIS, BY_HAND).recall.hits == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_counting_by_cells_is_counting_by_geometry(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.integers(-20, 200, (6, 2))
    plots = [
        shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, rng.integers(1, 90, (6, 2)), strict=True)
    ]
    plots = [plot for plot in plots if shapely.intersects(plot, shapely.box(0, 0, 192, 160))]
    scored = _scored(rng.normal(-2, 3, (5, 6)), plots)
    regions = flags_on(scored.levels(ASIS), low_level=BY_HAND.low_level, high_level=BY_HAND.high_level)
    outlines = [outline_of(rows, columns, scored) for rows, columns in regions.cells()]
    counted = labelled(scored).plots
    numbers = measure_plots([scored], ASIS, BY_HAND)
    assert numbers.recall.hits == sum(any(flag.intersects(plot) for flag in outlines) for plot in counted)
    assert numbers.precision.hits == sum(any(flag.intersects(plot) for plot in plots) for flag in outlines)
    assert numbers.precision.n == len(outlines)


def test_candidates_are_counted_right_and_wrong_per_hectare() -> None:
    logits_yx = np.full((5, 9), -9.0)
    logits_yx[0, 0] = logits_yx[4, 8] = 3.0  # one on the plot, one on clear ground
    logits_yx[0, 1] = 0.0  # grows from the first
    logits_yx[2, 4] = 0.0  # never reaches high
    truth_yx = np.zeros((5, 9))
    truth_yx[0, 0] = 1
    scored = _scored(logits_yx, [shapely.box(0, 0, 32, 32), shapely.box(130, 70, 150, 90)], truth_yx)
    numbers = measure_plots([scored], ASIS, BY_HAND)
    assert (numbers.recall.hits, numbers.recall.n) == (1, 2)
    assert (numbers.precision.hits, numbers.precision.n) == (1, 2)
    assert numbers.false_per_hectare == pytest.approx(1 / (45 * 32 * 32 * 0.01 / 10_000))
    assert (numbers.false_per_true, numbers.f1) == (1.0, 0.5)


def test_f1_lies_inside_its_interval_which_never_shrinks_to_a_point() -> None:
    perfect = PlotNumbers(recall=Share(hits=20, n=20), precision=Share(hits=20, n=20), area_m2=1.0)
    low, high = perfect.f1_interval
    assert (perfect.f1, high) == (1.0, 1.0)
    assert 0.75 < low < 0.85
    nothing = PlotNumbers(recall=Share(hits=0, n=20), precision=Share(hits=0, n=0), area_m2=1.0)
    assert math.isnan(nothing.false_per_true)
    assert PlotNumbers(recall=Share(hits=0, n=1), precision=Share(hits=0, n=3), area_m2=1.0).false_per_true == math.inf


def test_average_precision_is_as_defined() -> None:
    scored = _scored(np.array([[4.0, 3.0, 2.0, 1.0]]), [], np.array([[1, 0, 1, 0]]))
    numbers = measure_cells((scored,))
    assert numbers.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert numbers.precision_at_90_recall == pytest.approx(2 / 3)
    assert (numbers.cells, numbers.target_cells) == (4, 2)


def test_equal_scores_are_never_told_apart() -> None:
    scored = _scored(np.ones((1, 4)), [], np.array([[1, 0, 0, 0]]))
    assert measure_cells((scored,)).average_precision == pytest.approx(0.25)


@pytest.mark.parametrize(("n", "target"), [(29, 0.90), (59, 0.95), (299, 0.99)])
def test_a_claim_without_a_miss_needs_enough_plots(n: int, target: float) -> None:
    assert claim(Share(hits=n, n=n), target).startswith(f"At least {target:.0%} of plots")
    assert "so 1 are missing" in claim(Share(hits=n - 1, n=n - 1), target)


def test_misses_void_a_claim() -> None:
    assert "27 of 30 plots found does not prove 90%" in claim(Share(hits=27, n=30), 0.9)
