"""Pictures for people: the right ground, at the right size, on paper where nothing was flown."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rasters import green_ground, paint_red, write_working

from pipeline.imagery.pictures import PAPER, Album, Crop, Picture


def decoded(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.jpeg)))


@pytest.fixture
def working(tmp_path: Path) -> Path:
    pixels_hwb = green_ground(300, 400)
    paint_red(pixels_hwb, row=100, column=200, height=100, width=100)
    flown_hw = np.ones((300, 400), bool)
    flown_hw[:, :100] = False
    return write_working(tmp_path / "w.tif", pixels_hwb, flown_hw)


def test_the_overview_keeps_proportions_and_shows_paper_where_nothing_was_flown(working: Path) -> None:
    with Album(working) as album:
        picture = album.overview(longest_px=200)
    pixels_hwb = decoded(picture)
    assert pixels_hwb.shape == (150, 200, 3)
    assert picture.scale == 0.5
    assert np.abs(pixels_hwb[75, 20].astype(int) - PAPER).max() < 12
    assert pixels_hwb[75, 125, 0] > pixels_hwb[75, 125, 1] + 80


def test_a_small_mosaic_is_not_blown_up(working: Path) -> None:
    with Album(working) as album:
        assert album.overview().size.width_px == 400


@pytest.mark.parametrize(("left", "top"), [(-50, -50), (350, 250), (190, 90), (1000, 1000)])
def test_a_chip_may_reach_past_the_mosaic(working: Path, left: float, top: float) -> None:
    with Album(working) as album:
        picture = album.chip(Crop(left_px=left, top_px=top, width_px=120, height_px=120), longest_px=240)
    pixels_hwb = decoded(picture)
    assert pixels_hwb.shape == (240, 240, 3)
    if left == 1000:
        assert np.abs(pixels_hwb.astype(int) - PAPER).max() < 6
    if left == 190:
        assert pixels_hwb[120, 120, 0] > 150
