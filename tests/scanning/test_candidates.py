"""Cells become plots: hysteresis, 8 neighbours, joining, and what is too small."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import place
from shapely import MultiPolygon

from pipeline.domain.geometry import Size
from pipeline.domain.model import Thresholds
from pipeline.domain.window import CellGrid
from pipeline.scanning.candidates import Candidates, CellScores, find_plots
from pipeline.scanning.scores import NOT_ASSESSED
from pipeline.settings import PlotSettings

THRESHOLDS = Thresholds(high=0.8, low=0.5, recall_target=0.9, n_plots=1, n_found=1, basis="")
CELL_M2 = 0.64**2


def cells(rows: list[list[int]], *, width_px: int | None = None) -> CellScores:
    scores_rc = np.array(rows, np.uint8)
    height, width = scores_rc.shape
    grid = CellGrid(mosaic=Size(width_px=width_px or width * 32, height_px=height * 32), stride_px=32)
    flown_rc = np.full(scores_rc.shape, 1024, np.int32)
    reasons_rc = np.zeros_like(scores_rc)
    return CellScores(scores_rc=scores_rc, reasons_rc=reasons_rc, flown_rc=flown_rc, grid=grid, place=place())


def find(rows: list[list[int]], **settings_: float) -> Candidates:
    return find_plots(cells(rows), THRESHOLDS, PlotSettings(**settings_), class_name="red")


def test_a_plot_grows_over_low_cells_around_a_high_one() -> None:
    found = find([[0, 140, 210, 140, 0]])
    assert [(plot.cells, plot.score) for plot in found.plots] == [(3, pytest.approx(210 / 254))]
    assert found.flagged_rc.tolist() == [[False, True, True, True, False]]


def test_low_cells_alone_raise_no_question() -> None:
    assert find([[0, 200, 200, 140, 0]]).plots == ()


def test_cells_that_touch_at_a_corner_are_one_plot() -> None:
    (plot,) = find([[210, 0], [0, 210]]).plots
    assert plot.cells == 2
    assert plot.outline.area == pytest.approx(2 * CELL_M2)
    assert plot.outline.is_valid


def test_a_cell_that_was_not_assessed_is_never_flagged() -> None:
    assert find([[NOT_ASSESSED, NOT_ASSESSED]]).plots == ()


def test_what_is_too_small_is_dropped_and_counted() -> None:
    found = find([[210, 0, 210, 210]], least_area_m2=0.5)
    assert ([plot.cells for plot in found.plots], found.dropped) == ([2], 1)
    assert found.flagged_rc.tolist() == [[False, False, True, True]]


@pytest.mark.parametrize(("within_m", "plots"), [(0.0, 2), (0.6, 2), (0.7, 1)])
def test_parts_within_the_configured_distance_are_one_plot(within_m: float, plots: int) -> None:
    assert len(find([[210, 0, 210]], join_within_m=within_m).plots) == plots


def test_joined_parts_are_measured_together_before_small_ones_are_dropped() -> None:
    (plot,) = find([[210, 0, 210]], join_within_m=0.7, least_area_m2=0.7).plots
    assert isinstance(plot.outline, MultiPolygon)
    assert plot.area_m2 == pytest.approx(2 * CELL_M2)


def test_an_outline_ends_at_the_mosaics_edge() -> None:
    (plot,) = find_plots(cells([[0, 210]], width_px=40), THRESHOLDS, PlotSettings(), class_name="red").plots
    left, bottom, right, top = plot.outline.bounds
    assert (left, right) == pytest.approx((500_000.64, 500_000.80))
    assert (bottom, top) == pytest.approx((4_499_999.36, 4_500_000.0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 255), min_size=9, max_size=9), min_size=7, max_size=7))
def test_plots_cover_the_flagged_cells_exactly_and_never_overlap(rows: list[list[int]]) -> None:
    found = find(rows)
    assert sum(plot.cells for plot in found.plots) == found.flagged_rc.sum()
    total = sum(plot.outline.area for plot in found.plots)
    assert total == pytest.approx(found.flagged_rc.sum() * CELL_M2)
    high = [score for row in rows for score in row if 203 <= score < NOT_ASSESSED]
    assert bool(high) == bool(found.plots)
    assert all(plot.outline.is_valid for plot in found.plots)
