"""Spoilt copies keep their size, and are spoilt in the way that is said."""

import numpy as np
from rasters import green_ground

from pipeline.imagery.degradation import degradations, down_sampled, hue_shifted, snow_covered


def test_every_way_gives_a_picture_of_the_same_size_and_only_the_first_leaves_it_alone() -> None:
    pixels_hwb = green_ground(70, 90)
    for number, way in enumerate(degradations()):
        spoilt = way.spoil(pixels_hwb)
        assert (spoilt.shape, spoilt.dtype) == (pixels_hwb.shape, np.uint8), way.name
        assert (spoilt == pixels_hwb).all() == (number == 0), way.name
    assert len({way.name for way in degradations()}) == len(degradations())


def test_snow_lies_on_the_share_that_is_asked_for() -> None:
    spoilt = snow_covered(np.zeros((200, 200, 3), np.uint8), 0.3)
    assert abs((spoilt > 200).all(axis=2).mean() - 0.3) < 0.01


def test_a_hue_turned_by_a_third_turns_red_into_green() -> None:
    red = np.full((4, 4, 3), (200, 0, 0), np.uint8)
    assert hue_shifted(red, 120)[0, 0].argmax() == 1


def test_down_sampling_takes_fine_detail_away() -> None:
    pixels_hwb = green_ground(64, 64)
    spoilt = down_sampled(pixels_hwb, 4)
    fine, coarse = (np.abs(np.diff(p[..., 1].astype(int), axis=1)).mean() for p in (pixels_hwb, spoilt))
    assert coarse < fine / 4
