"""Slope and shade from a surface model, and what is no surface model."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from surfaces import PIXEL_M, ramp, write_surface

from pipeline.domain.progress import say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.enclosure import relief_enclosed
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.look import View, shade, slope_deg
from pipeline.imagery.relief import RELIEF_NAME, slope_and_shade
from pipeline.settings import IntakeLimits

LIMITS = IntakeLimits()


@pytest.mark.parametrize("towards", ["east", "north"])
@pytest.mark.parametrize("degrees", [0, 12, 45])
def test_the_slope_of_a_plane_is_its_slope(degrees: int, towards: str) -> None:
    bands_bhw = slope_and_shade(ramp(degrees, towards=towards, side=12), (PIXEL_M, PIXEL_M))
    assert bands_bhw.shape == (2, 10, 10)
    assert (bands_bhw[1] == 1 + degrees).all()


def test_ground_that_faces_the_north_west_is_lighter_than_ground_turned_away() -> None:
    facing = ramp(30, towards="east", side=6) - ramp(30, towards="north", side=6)
    lit, turned, flat = (
        slope_and_shade(heights, (PIXEL_M, PIXEL_M))[0].mean() for heights in (facing, -facing, 0 * facing)
    )
    assert lit > flat > turned
    assert flat == 1 + round(254 * math.sin(math.radians(45)))


def test_a_hole_is_unknown_and_one_pixel_around_it() -> None:
    heights = ramp(5, towards="east", side=12)
    heights[6, 6] = np.nan
    unknown = slope_and_shade(heights, (PIXEL_M, PIXEL_M)) == 0
    assert unknown[0].sum() == unknown[1].sum() == 8, "the middle itself is not among the eight that Horn weighs"


def test_a_surface_model_becomes_slope_and_shade_of_any_square(tmp_path: Path) -> None:
    heights = ramp(12, towards="north")
    heights[:, :300] = -9999
    made = relief_enclosed(write_surface(tmp_path / "dsm.tif", heights), tmp_path, LIMITS, say_nothing)
    assert made.gsd_m == pytest.approx(PIXEL_M)
    middle = shapely.Point(made.extent.west * 0.4 + made.extent.east * 0.6, (made.extent.south + made.extent.north) / 2)
    frame = frame_of(middle.buffer(1e-5))
    view = View(east_m=0, north_m=0, half_m=5, side_px=300)
    assert slope_deg(tmp_path / RELIEF_NAME, frame, view) == pytest.approx(12, abs=1)
    drawn = shade(tmp_path / RELIEF_NAME, frame, view)
    assert (drawn.media_type, drawn.content[:2]) == ("image/jpeg", b"\xff\xd8")
    away = View(east_m=-25, north_m=0, half_m=5, side_px=300)
    assert slope_deg(tmp_path / RELIEF_NAME, frame, away) is None


@pytest.mark.parametrize(
    ("more", "heights", "said"),
    [
        ({"bands": 3}, ramp(1, towards="east", side=64), "no heights in metres"),
        ({}, np.full((64, 64), -9999, np.float32), "no heights in metres"),
        ({"crs": None}, ramp(1, towards="east", side=64), "does not say where it lies"),
    ],
)
def test_what_is_no_surface_model_is_refused(
    tmp_path: Path, more: dict[str, object], heights: npt.NDArray[np.float32], said: str
) -> None:
    path = write_surface(tmp_path / "dsm.tif", heights, **more)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=said):
        relief_enclosed(path, tmp_path, LIMITS, say_nothing)


def test_a_file_that_is_no_raster_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "dsm.tif").write_bytes(b"II*\x00" + bytes(40))
    with pytest.raises(InvalidInputError, match="export it"):
        relief_enclosed(tmp_path / "dsm.tif", tmp_path, LIMITS, say_nothing)
