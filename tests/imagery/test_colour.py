"""The mean colour of a mosaic is that of its imagery alone."""

from pathlib import Path

import numpy as np
import pytest
from rasters import write_working

from pipeline.imagery.colour import mean_colour


def test_only_imagery_counts(tmp_path: Path) -> None:
    pixels = np.zeros((1200, 900, 3), np.uint8)
    pixels[:600] = (200, 100, 50)
    pixels[600:] = (9, 9, 9)
    flown = np.zeros((1200, 900), bool)
    flown[:592] = True
    assert mean_colour(write_working(tmp_path / "w.tif", pixels, flown)) == pytest.approx((200, 100, 50), abs=1)


def test_nothing_flown_has_no_colour(tmp_path: Path) -> None:
    pixels = np.full((64, 64, 3), 80, np.uint8)
    assert mean_colour(write_working(tmp_path / "w.tif", pixels, np.zeros((64, 64), bool))) is None
