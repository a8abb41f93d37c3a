"""Numbers beyond recall: sizes, thresholds, probabilities, mistakes; and a form that is always valid JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.geometry import Size
from pipeline.domain.model import Calibration, Thresholds
from pipeline.learning.evaluate import Judged, ScoredGround
from pipeline.learning.evaluation import evaluate, numbers_of
from pipeline.learning.labels import Label, LabelledGround
from pipeline.learning.mistakes import worst_mistakes
from pipeline.learning.plots import count_plots
from pipeline.learning.reliability import measure_reliability
from pipeline.learning.sizes import recall_by_size
from pipeline.learning.sources import Role
from pipeline.learning.tradeoff import LEVELS, threshold_at, trade_off

pytestmark = pytest.mark.learning

THRESHOLDS = Thresholds(high=0.5, low=0.25, recall_target=0.9, n_plots=10, n_found=9, basis="By hand.")


def judged(
    probabilities: list[list[float]], plots: list[shapely.Geometry], others: list[shapely.Geometry] | None = None
) -> Judged:
    """A ground of cells of 32 px with these probabilities; a cell is target where the first plots' centres lie."""
    p_yx = np.clip(np.array(probabilities), 1e-9, 1 - 1e-9)
    rows, columns = p_yx.shape
    size = Size(width_px=columns * 32, height_px=rows * 32)
    labels = [Label(outline=plot, class_name="red") for plot in plots]
    labels += [Label(outline=plot, class_name="blue") for plot in others or []]
    ground = LabelledGround(
        path=Path("field.tif"), role=Role.VALIDATE, gsd_m=0.1, scale=1.0, left_px=0, top_px=0, size=size,
        labels=tuple(labels), target=("red",),
    )  # fmt: skip
    truth_yx = np.zeros(p_yx.shape, np.float32)
    for plot in plots:
        truth_yx[int(plot.centroid.y // 32), int(plot.centroid.x // 32)] = 1
    scored = ScoredGround(
        ground=ground, cell_px=32, logits_yx=np.log(p_yx / (1 - p_yx)).astype(np.float32), truth_yx=truth_yx,
        assessable_yx=np.ones(p_yx.shape, bool), valid_px=size.pixels,
    )  # fmt: skip
    return Judged(scored=scored, calibration=Calibration(), thresholds=THRESHOLDS)


def inside(column: int, row: int, *, side: int = 20) -> shapely.Geometry:
    return shapely.box(column * 32 + 4, row * 32 + 4, column * 32 + 4 + side, row * 32 + 4 + side)


def test_recall_is_given_for_each_quarter_of_the_sizes() -> None:
    plots = [inside(2 * n, 0, side=4 + 3 * n) for n in range(8)]
    probabilities = [[0.9 if n % 2 == 0 and n >= 4 else 0.0 for n in range(16)]]
    sizes = recall_by_size([judged(probabilities, plots)])
    assert [(one.recall.hits, one.recall.n) for one in sizes] == [(0, 2), (2, 2), (2, 2), (2, 2)]
    assert sizes[0].from_m2 == pytest.approx(16 * 0.01)
    assert sizes[-1].to_m2 == pytest.approx(25**2 * 0.01)


def test_fewer_plots_than_quarters_leave_none_empty() -> None:
    assert [one.recall.n for one in recall_by_size([judged([[0.9, 0.0]], [inside(0, 0)])])] == [1]
    assert recall_by_size([judged([[0.9, 0.0]], [])]) == ()


def test_the_trade_off_goes_from_few_flags_to_many_and_agrees_with_the_stored_threshold() -> None:
    ground = judged([[0.9, 0.0, 0.6, 0.0, 0.7, 0.0, 0.1]], [inside(0, 0), inside(2, 0), inside(6, 0)])
    settings_ = trade_off([ground])
    recalls = [one.numbers.recall.hits for one in settings_]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 3
    at_own = [one for one in settings_ if one.threshold >= THRESHOLDS.high][-1]
    assert at_own.numbers == count_plots([ground])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_higher_threshold_never_finds_more_plots(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plots = [inside(int(c), int(r), side=40) for r, c in rng.integers(0, 5, (5, 2))]
    recalls = [one.numbers.recall.hits for one in trade_off([judged(rng.random((6, 6)).tolist(), plots)])]
    assert recalls == sorted(recalls)


@pytest.mark.parametrize("level", LEVELS)
def test_the_threshold_of_a_level_is_rounded_down_to_that_level(level: int) -> None:
    high = threshold_at(level)
    kept = Thresholds(high=high, low=high / 2, recall_target=0.9, n_plots=1, n_found=1, basis="")
    assert kept.high_level == level


def test_honest_probabilities_have_no_calibration_error_and_overconfident_ones_have() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(60_000)
    truth = rng.random(60_000) < probability
    assert measure_reliability(probability, truth).error < 0.01
    assert measure_reliability(np.where(probability > 0.5, 0.99, 0.01), truth).error > 0.2
    bins = measure_reliability(probability, truth).bins
    assert {one.target.n for one in bins} == {4000}


def test_the_worst_mistakes_are_the_surest_ones() -> None:
    plots = [inside(0, 0), inside(4, 0), inside(8, 0)]
    probabilities = [[0.2, 0, 0, 0, 0.01, 0, 0, 0, 0.9, 0, 0, 0.6, 0, 0.95]]
    found = worst_mistakes([judged(probabilities, plots, [inside(11, 0)])])
    assert [round(one.score, 2) for one in found.misses] == [0.01, 0.2]
    assert [(round(one.score, 2), one.look_alike) for one in found.false_flags] == [(0.95, None), (0.6, "blue")]
    assert found.false_flags[0].outline.bounds == (13 * 32, 0, 14 * 32, 32)
    assert len(worst_mistakes([judged(probabilities, plots)], shown=1).misses) == 1


def test_false_flags_on_look_alikes_are_counted_also_beyond_those_shown() -> None:
    others = [inside(2 * n, 0) for n in range(4)]
    found = worst_mistakes([judged([[0.9, 0.0] * 5], [inside(8, 0)], others)], shown=1)
    assert (len(found.false_flags), dict(found.false_by_class)) == (1, {"blue": 4})


@pytest.mark.parametrize("plots", [[], [inside(0, 0)]])
@pytest.mark.parametrize("probability", [0.0, 0.9])
def test_what_is_no_number_is_null_and_never_breaks_json(plots: list[shapely.Geometry], probability: float) -> None:
    record = numbers_of(evaluate([judged([[probability, 0.0]], plots)]))
    text = json.dumps(record, allow_nan=False)
    assert json.loads(text)["plots"]["recall"]["n"] == len(plots)
    if not plots:
        assert record["plots"]["recall"]["value"] is None
        assert record["cells"]["average_precision"] is None
