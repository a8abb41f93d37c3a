"""Every pixel of the mosaic ends in exactly one state, for any size, scale and mask."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import green_ground, place, write_working
from rio_cogeo import cog_validate

from pipeline.domain.assessability import Reason
from pipeline.domain.coverage import GroundState
from pipeline.domain.geometry import Size
from pipeline.domain.window import CellGrid
from pipeline.scanning.scores import (
    NOT_ASSESSED,
    cell_states,
    count_flown,
    doubtful,
    mean_score,
    pixels_by_reason,
    quantise,
    reasons_of,
    state_areas,
    write_scores,
    write_states,
)


def test_probabilities_are_kept_to_a_254th_and_what_is_no_number_is_not_assessed() -> None:
    given_ = np.array([0.0, 0.5, 1.0, np.nan], np.float32)
    assert quantise(given_).tolist() == [0, 127, 254, NOT_ASSESSED]


@settings(max_examples=15, deadline=None)
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    scale=st.sampled_from([1.0, 0.5, 0.77, 1.4]),
    seed=st.integers(0, 99),
    masked=st.booleans(),
)
def test_every_pixel_is_in_exactly_one_state(width: int, height: int, scale: float, seed: int, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    flown_hw = np.ones((height, width), bool)
    if masked:
        flown_hw[: rng.integers(0, height + 1), : rng.integers(0, width + 1)] = False
    grid = CellGrid(mosaic=Size(width_px=width, height_px=height), stride_px=32, model_px_per_px=scale)
    with TemporaryDirectory() as folder:
        working = write_working(Path(folder) / "w.tif", green_ground(height, width), flown_hw if masked else None)
        flown_rc = count_flown(working, grid)
        scores_rc = rng.integers(0, 256, flown_rc.shape).astype(np.uint8)
        flagged_rc = (scores_rc > 200) & (scores_rc != NOT_ASSESSED) & (flown_rc > 0)
        states_rc = cell_states(scores_rc, flown_rc, flagged_rc, least_flown_px=grid.cell_px**2 / 4)
        areas = state_areas(states_rc, flown_rc, grid, pixel_area_m2=0.0004)
        write_states(Path(folder) / "states.tif", states_rc, working, place(), grid)
        with rasterio.open(Path(folder) / "states.tif") as raster:
            states_hw = raster.read(1)
    assert flown_rc.sum() == flown_hw.sum()
    assert areas.total_pixels == width * height
    assert states_hw.shape == (height, width)
    for state in GroundState:
        assert areas.pixels[state] == (states_hw == state).sum()
    assert ((states_hw == GroundState.NOT_FLOWN) == ~flown_hw).all()
    reasons_rc = rng.integers(1, len(Reason), flown_rc.shape).astype(np.uint8) * (scores_rc == NOT_ASSESSED)
    by_reason = pixels_by_reason(states_rc, reasons_rc, flown_rc)
    assert sum(by_reason.values()) == areas.pixels[GroundState.NOT_ASSESSABLE]
    assert by_reason.get(Reason.NONE, 0) == 0


def test_what_has_no_number_has_that_reason_before_any_other() -> None:
    scores_rc = np.array([[NOT_ASSESSED, NOT_ASSESSED, 3, 4]], np.uint8)
    poor_rc = np.array([[Reason.BLUR, Reason.NONE, Reason.BLUR, Reason.NONE]], np.uint8)
    assert reasons_of(scores_rc, poor_rc).tolist() == [[Reason.NO_NUMBER, Reason.NO_NUMBER, Reason.BLUR, Reason.NONE]]


def test_a_sliver_of_imagery_is_never_called_clear_but_may_be_asked_about() -> None:
    scores_rc = np.array([[0, 250, 0]], np.uint8)
    flown_rc = np.array([[10, 10, 1024]], np.int32)
    states_rc = cell_states(scores_rc, flown_rc, scores_rc > 200, least_flown_px=256)
    assert states_rc.tolist() == [[GroundState.NOT_ASSESSABLE, GroundState.FLAGGED, GroundState.CLEAR]]


def test_both_rasters_are_cloud_optimised_and_lie_where_the_mosaic_lies(tmp_path: Path) -> None:
    working = write_working(tmp_path / "w.tif", green_ground(700, 900))
    grid = CellGrid(mosaic=Size(width_px=900, height_px=700), stride_px=32)
    states_rc = np.ones((grid.rows, grid.columns), np.uint8)
    write_states(tmp_path / "states.tif", states_rc, working, place(), grid)
    write_scores(tmp_path / "scores.tif", states_rc, grid, place())
    for name in ("states.tif", "scores.tif"):
        valid, errors, _ = cog_validate(str(tmp_path / name), strict=True)
        assert valid, errors
    with rasterio.open(tmp_path / "scores.tif") as scores, rasterio.open(working) as mosaic:
        assert scores.bounds.left == mosaic.bounds.left
        assert scores.bounds.top == mosaic.bounds.top
        assert scores.crs == mosaic.crs
        assert scores.res == (0.64, 0.64)
        assert scores.nodata == NOT_ASSESSED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.tif", "states.tif", "w.tif"]


def test_ground_beside_poor_imagery_is_not_called_clear_as_far_as_it_could_be_poor_too() -> None:
    reasons_rc = np.full((20, 20), Reason.NONE, np.uint8)
    reasons_rc[5, 5], reasons_rc[15, 15], reasons_rc[15, 5] = Reason.BLUR, Reason.SHADOW, Reason.UNFAMILIAR
    why_rc = doubtful(reasons_rc, cell_px=32)
    assert (why_rc[1:10, 1:10] == Reason.BLUR).all()
    assert (why_rc == Reason.BLUR).sum() == 81
    assert (why_rc[14:17, 14:17] == Reason.SHADOW).all()
    assert (why_rc == Reason.SHADOW).sum() == 9
    assert (why_rc == Reason.UNFAMILIAR).sum() == 1
    assert (reasons_rc != Reason.NONE).sum() == 3  # what was found stays as it was


def test_the_mean_score_is_that_of_assessed_cells() -> None:
    assert mean_score(np.array([[0, 254], [127, 255]], np.uint8)) == pytest.approx(0.5)
    assert mean_score(np.full((2, 2), 255, np.uint8)) is None
