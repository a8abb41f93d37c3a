"""One window, at the ground sampling distance that is asked for, the same however it is cut."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import green_ground, write_working

from pipeline.errors import InvalidInputError
from pipeline.imagery.pixels import Ground, scale_for

FILL = (9, 8, 7)


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Path:
    flown_hw = np.ones((200, 300), bool)
    flown_hw[150:, 200:] = False
    return write_working(tmp_path_factory.mktemp("w") / "w.tif", green_ground(200, 300), flown_hw)


@settings(max_examples=40, deadline=None)
@given(column=st.integers(-80, 330), row=st.integers(-80, 230), width=st.integers(1, 120), height=st.integers(1, 120))
def test_a_window_is_the_raster_inside_and_fill_colour_elsewhere(
    working: Path, column: int, row: int, width: int, height: int
) -> None:
    with rasterio.open(working) as raster:
        whole_hwb, flown_hw = np.moveaxis(raster.read(), 0, 2), raster.read_masks(1) > 0
    padded_hwb = np.full((600, 700, 3), FILL, np.uint8)
    padded_hwb[100:300, 100:400] = np.where(flown_hw[..., None], whole_hwb, FILL)
    padded_hw = np.zeros((600, 700), bool)
    padded_hw[100:300, 100:400] = flown_hw
    with Ground(working, fill_rgb=FILL) as ground:
        patch = ground.read(column_px=column, row_px=row, width_px=width, height_px=height)
    here = np.s_[row + 100 : row + 100 + height, column + 100 : column + 100 + width]
    assert (patch.pixels_hwb == padded_hwb[here]).all()
    assert (patch.valid_hw == padded_hw[here]).all()


@pytest.mark.parametrize("scale", [0.5, 0.7, 1.3])
def test_resampled_windows_agree_where_they_overlap(working: Path, scale: float) -> None:
    with Ground(working, scale=scale) as ground:
        assert ground.size.width_px == round(300 * scale)
        one = ground.read(column_px=10, row_px=10, width_px=80, height_px=60)
        two = ground.read(column_px=30, row_px=20, width_px=80, height_px=60)
    assert np.abs(one.pixels_hwb[14:58, 24:78].astype(int) - two.pixels_hwb[4:48, 4:58]).max() <= 2


def test_a_raster_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grey.tif"
    profile = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "uint8", "crs": "EPSG:32649"}
    with rasterio.open(path, "w", transform=rasterio.Affine(1, 0, 0, 0, -1, 8), **profile) as grey:
        grey.write(np.zeros((1, 8, 8), np.uint8))
    with pytest.raises(InvalidInputError, match="red, green and blue"):
        Ground(path)
    with pytest.raises(InvalidInputError, match="must be positive"):
        Ground(path, scale=0)


@pytest.mark.parametrize(
    ("gsd_m", "scale"),
    [(0.02, 1), (0.025, 1), (0.016, 1), (0.01, 0.5), (0.0026, 0.125), (0.029, 1.45), (0.0141, 0.705)],
)
def test_pixels_are_resampled_only_where_the_model_would_not_know_them(gsd_m: float, scale: float) -> None:
    assert scale_for(gsd_m, model_gsd_m=0.02) == pytest.approx(scale)
