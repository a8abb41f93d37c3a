"""Blur, wrong light and glare are told from good ground, plain or rich, whatever the window it was read in."""

from dataclasses import replace

import numpy as np
import pytest
from bundles import QUALITY
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pipeline.domain.assessability import Reason
from pipeline.imagery.degradation import blurred, jpeg
from pipeline.imagery.neighbours import halo_px
from pipeline.imagery.quality import Pixels, judge, measure_quality

WHOLE = np.ones((256, 256), bool)


def ground(seed: int = 1, *, contrast: float = 20.0, light: float = 110.0) -> Pixels:
    """Grain over clods over slopes, as soil has them, with the noise of a sensor; uint8 [256, 256, 3]."""
    rng = np.random.default_rng(seed)
    relief_hw = np.zeros((256, 256))
    for size_px in (0.0, 2.0, 6.0):
        layer_hw = ndimage.gaussian_filter(rng.standard_normal((256, 256)), size_px)
        relief_hw += layer_hw / layer_hw.std()
    grey_hw = np.clip(light + contrast * relief_hw + rng.normal(0, 1, (256, 256)), 0, 255)
    return np.repeat(grey_hw[..., None], 3, axis=2).astype(np.uint8)


def reasons(pixels_hwb: Pixels, cell_px: int = 32) -> set[int]:
    return set(np.unique(judge(measure_quality(pixels_hwb, WHOLE, cell_px=cell_px), QUALITY)))


@pytest.mark.parametrize("cell_px", [16, 32])
@pytest.mark.parametrize("contrast", [2.0, 20.0])
def test_plain_soil_in_focus_is_as_sharp_as_rich_ground_and_blur_is_neither(contrast: float, cell_px: int) -> None:
    sharp = ground(contrast=contrast)
    blurred = ndimage.gaussian_filter(sharp, (2, 2, 0))
    assert reasons(sharp, cell_px) == {Reason.NONE}
    assert reasons(blurred, cell_px) == {Reason.BLUR}


def test_ground_without_any_contrast_is_not_called_blurred() -> None:
    assert reasons(np.full((256, 256, 3), 110, np.uint8)) == {Reason.NONE}


def test_light_is_too_little_too_much_or_saturated() -> None:
    assert reasons(ground(light=15, contrast=3)) == {Reason.EXPOSURE}
    assert reasons(ground(light=230, contrast=3)) == {Reason.EXPOSURE}
    glaring = ground()
    glaring[64:96, 64:80] = 255
    found_rc = judge(measure_quality(glaring, WHOLE, cell_px=32), QUALITY)
    assert found_rc[2, 2] == Reason.GLARE
    assert (found_rc == Reason.GLARE).sum() == 1


def test_a_dark_cell_beside_lit_ground_is_in_shadow() -> None:
    shaded = ground(contrast=3)
    shaded[64:96, 64:96] //= 8
    found_rc = judge(measure_quality(shaded, WHOLE, cell_px=32), QUALITY)
    assert found_rc[2, 2] == Reason.SHADOW
    assert Reason.EXPOSURE not in found_rc


def test_an_edge_of_flight_is_no_blur() -> None:
    pixels_hwb, valid_hw = ground(contrast=3), WHOLE.copy()
    valid_hw[:, :100] = False
    pixels_hwb[~valid_hw] = (255, 0, 255)
    found_rc = judge(measure_quality(pixels_hwb, valid_hw, cell_px=32), QUALITY)
    assert set(np.unique(found_rc)) == {Reason.NONE}


def test_the_ringing_of_jpeg_beside_an_edge_of_flight_is_no_focus() -> None:
    pixels_hwb, valid_hw = blurred(ground(contrast=3), 5.0), WHOLE.copy()
    valid_hw[:, :60] = False
    pixels_hwb[~valid_hw] = 0
    limits = replace(QUALITY, sharpness_least=0.24)
    found_rc = judge(measure_quality(jpeg(pixels_hwb, 75), valid_hw, cell_px=32), limits)
    assert (found_rc[:, 1:] == Reason.BLUR).all()


@settings(max_examples=20, deadline=None)
@given(row=st.integers(0, 3), column=st.integers(0, 3), cell_px=st.sampled_from([16, 32]), seed=st.integers(0, 9))
def test_a_judgement_does_not_depend_on_the_window(row: int, column: int, cell_px: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels_hwb = rng.integers(0, 256, (512, 512, 3)).astype(np.uint8)
    valid_hw = (rng.random((64, 64)) > 0.05).repeat(8, axis=0).repeat(8, axis=1)
    pixels_hwb[:256] //= rng.integers(1, 9, dtype=np.uint8)
    whole_rc = judge(measure_quality(pixels_hwb, valid_hw, cell_px=cell_px), QUALITY)
    top, left, margin = row * cell_px, column * cell_px, halo_px(cell_px) // cell_px
    part = np.s_[top : top + 320, left : left + 320]
    part_rc = judge(measure_quality(pixels_hwb[part], valid_hw[part], cell_px=cell_px), QUALITY)
    expected_rc = whole_rc[row : row + 320 // cell_px, column : column + 320 // cell_px]
    inner = np.s_[margin:-margin, margin:-margin]
    assert (part_rc[inner] == expected_rc[inner]).all()
    assert set(np.unique(whole_rc)) <= set(Reason)
