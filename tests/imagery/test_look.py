"""Pictures of a plot: the right ground, true north up, and the same bytes whenever they are drawn."""

import io
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio.warp import transform_geom
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, paint_red, write_working

from pipeline.errors import InvalidInputError
from pipeline.imagery.local_frame import LocalFrame, as_shown, frame_of
from pipeline.imagery.look import (
    FARTHEST_M,
    MOST_PX,
    PAPER,
    View,
    covers,
    deepest_zoom,
    overview_of,
    picture,
    plot_view,
    tile,
    tile_view,
)
from pipeline.imagery.map_tiles import TileAddress

SIDE, ROW, COLUMN = 700, 300, 400
"""A red square of 64 px with its upper left corner at ROW and COLUMN, in a green one of SIDE."""


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels_hwb, flown_hw = green_ground(SIDE, SIDE), np.ones((SIDE, SIDE), bool)
    paint_red(pixels_hwb, row=ROW, column=COLUMN)
    flown_hw[:, :100] = False
    return write_working(tmp_path_factory.mktemp("look") / "orthomosaic.tif", pixels_hwb, flown_hw)


@pytest.fixture(scope="module")
def frame() -> LocalFrame:
    """About the middle of the red square."""
    west, north = LEFT + COLUMN * GSD_M, TOP - ROW * GSD_M
    box = shapely.box(west, north - 64 * GSD_M, west + 64 * GSD_M, north)
    return frame_of(shapely.geometry.shape(transform_geom(CRS, "EPSG:4326", shapely.geometry.mapping(box))))


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def is_red(pixels_hwb: np.ndarray) -> np.ndarray:
    return pixels_hwb[..., 0] > pixels_hwb[..., 1] + 60


views = st.builds(
    View,
    east_m=st.floats(-12, 12),
    north_m=st.floats(-12, 12),
    half_m=st.floats(0.5, 40),
    side_px=st.integers(16, 96),
)


@given(view=views)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_drawn_twice_it_is_the_same_bytes(working: Path, frame: LocalFrame, view: View) -> None:
    """A verdict names its pictures by their hash: drawn again for an audit, they must be the same."""
    assert picture(working, frame, view) == picture(working, frame, view)
    assert tile(working, frame, view) == tile(working, frame, view)


@given(east_m=st.floats(-3, 3), north_m=st.floats(-3, 3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_thing_is_seen_where_it_is(working: Path, frame: LocalFrame, east_m: float, north_m: float) -> None:
    """The red square lies at 0, 0: looked at from elsewhere, it is seen just as far the other way."""
    view = View(east_m=east_m, north_m=north_m, half_m=4.0, side_px=200)
    rows, columns = np.nonzero(is_red(opened(picture(working, frame, view).content)))
    metre_px = view.side_px / (2 * view.half_m)
    assert columns.mean() + 0.5 == pytest.approx(100 - east_m * metre_px, abs=2)
    assert rows.mean() + 0.5 == pytest.approx(100 + north_m * metre_px, abs=2)
    assert len(rows) == pytest.approx((64 * GSD_M * metre_px) ** 2, rel=0.1)


def test_what_was_not_flown_is_paper_and_see_through_on_a_map(working: Path, frame: LocalFrame) -> None:
    west = View(east_m=-(COLUMN + 32 - 50) * GSD_M, north_m=0.0, half_m=0.5, side_px=32)
    assert opened(picture(working, frame, west).content) == pytest.approx(np.broadcast_to(PAPER, (32, 32, 3)), abs=3)
    assert tile(working, frame, west) is None
    assert not covers(working, frame, west)
    edge = View(east_m=-(COLUMN + 32 - 100) * GSD_M, north_m=0.0, half_m=0.5, side_px=32)
    cut = tile(working, frame, edge)
    assert cut is not None
    assert cut.media_type == "image/webp"
    alpha_hw = np.asarray(Image.open(io.BytesIO(cut.content)).convert("RGBA"))[..., 3]
    assert (alpha_hw[:, :14] == 0).all()
    assert (alpha_hw[:, 18:] == 255).all()
    here = View(east_m=0.0, north_m=0.0, half_m=1.0, side_px=32)
    assert covers(working, frame, here)


def test_what_is_no_raster_is_said(tmp_path: Path, frame: LocalFrame) -> None:
    (tmp_path / "no.tif").write_bytes(b"no raster")
    here = View(east_m=0.0, north_m=0.0, half_m=1.0, side_px=32)
    with pytest.raises(InvalidInputError, match="cannot be drawn"):
        picture(tmp_path / "no.tif", frame, here)
    assert not covers(tmp_path / "no.tif", frame, here)


@given(width_m=st.floats(0.1, 400), height_m=st.floats(0.1, 400), gsd_m=st.floats(0.003, 0.2))
def test_a_picture_holds_its_plot_and_is_never_too_large(width_m: float, height_m: float, gsd_m: float) -> None:
    outline = shapely.box(-width_m / 2, -height_m / 2, width_m / 2, height_m / 2)
    view = plot_view(outline, gsd_m)
    assert shapely.box(*view.bounds_m).contains(outline)
    assert 0 < view.side_px <= MOST_PX
    assert overview_of(view).half_m == pytest.approx(5 * view.half_m)


@given(zoom=st.integers(13, 24), east_m=st.floats(-3_500, 3_500), north_m=st.floats(-3_500, 3_500))
def test_the_tile_of_a_place_holds_it_and_ends_where_the_next_begins(zoom: int, east_m: float, north_m: float) -> None:
    shown, across = as_shown(shapely.Point(east_m, north_m)), 2**zoom
    column = int((shown.x + 180) / 360 * across)
    north_share = np.arctanh(np.sin(np.radians(shown.y))) / (2 * np.pi)
    row = int((0.5 - north_share) * across)
    view = tile_view(TileAddress(zoom=zoom, column=column, row=row))
    assert view is not None
    west, south, east, north = view.bounds_m
    assert west - 1e-3 <= east_m <= east + 1e-3
    assert south - 1e-3 <= north_m <= north + 1e-3
    following = tile_view(TileAddress(zoom=zoom, column=column + 1, row=row))
    assert following is None or following.bounds_m[0] == pytest.approx(east, abs=1e-6)


@given(zoom=st.integers(0, 24), column=st.integers(0, 2**24 - 1), row=st.integers(0, 2**24 - 1))
def test_tiles_far_away_are_not_drawn(zoom: int, column: int, row: int) -> None:
    view = tile_view(TileAddress(zoom=zoom, column=column % 2**zoom, row=row % 2**zoom))
    assert view is None or (abs(view.east_m) <= FARTHEST_M + view.half_m and view.half_m <= 2 * FARTHEST_M)


@given(gsd_m=st.floats(0.002, 1.0))
def test_the_deepest_zoom_shows_every_pixel(gsd_m: float) -> None:
    zoom = deepest_zoom(gsd_m)
    pixel_m = 2 * np.pi * 6_378_137 / (512 * 2**zoom)
    assert pixel_m <= gsd_m or zoom == 24
    assert pixel_m > gsd_m / 2 - 1e-9
