"""What a model may say of itself."""

from dataclasses import replace

import pytest
from bundles import MANIFEST

from pipeline.domain.geometry import Georeference
from pipeline.domain.model import Calibration, Thresholds
from pipeline.errors import InvalidInputError


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 3}, "version 3 is not known, this software reads 1 and 2"),
        ({"classes": ("a", "b")}, "exactly one class"),
        ({"halo_px": 33}, "multiple of the stride"),
        ({"gsd_m": 0.0}, "not a length"),
    ],
)
def test_a_manifest_no_scan_could_follow_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        replace(MANIFEST, **change)


@pytest.mark.parametrize("slope", [0.0, -1.0, float("nan")])
def test_a_calibration_never_turns_the_order_of_scores_around(slope: float) -> None:
    with pytest.raises(InvalidInputError, match="positive slope"):
        Calibration(slope=slope)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.5), (0.6, 0.5), (0.5, 1.0)])
def test_thresholds_out_of_order_are_refused(low: float, high: float) -> None:
    with pytest.raises(InvalidInputError, match="0 < low <= high < 1"):
        Thresholds(high=high, low=low, recall_target=0.9, n_plots=1, n_found=1, basis="")


def test_more_plots_found_than_there_were_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="impossible"):
        Thresholds(high=0.5, low=0.4, recall_target=0.9, n_plots=1, n_found=2, basis="")


def test_ground_may_be_half_again_as_coarse_as_the_model_knows() -> None:
    assert MANIFEST.coarsest_gsd_m == pytest.approx(0.03)


def test_a_pixel_without_extent_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no extent"):
        Georeference(crs="EPSG:32648", left=0, top=0, pixel_width=0, pixel_height=1)


def test_a_pixel_in_feet_is_measured_in_metres() -> None:
    place = Georeference(crs="x", left=0, top=0, pixel_width=1, pixel_height=1, metres_per_unit=0.3048)
    assert place.gsd_m == pytest.approx(0.3048)
    assert place.pixel_area_m2 == pytest.approx(0.09290304)
    assert place.scaled(2).point(col_px=1, row_px=1) == (2, -2)
