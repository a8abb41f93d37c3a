"""Two pictures of the same ground are laid on each other, and it is said how well."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.warp import transform
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, write_working
from scipy import ndimage

from pipeline.imagery.local_frame import LocalFrame
from pipeline.imagery.look import View
from pipeline.imagery.registration import LEAST_PEAK, Pair, register, shift_of

SIDE = 800


def ground(seed: int, side: int = 300) -> np.ndarray:
    """Brightness of ground with patches of all sizes."""
    rng = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(rng.standard_normal((side, side)), size) * size for size in (1, 2, 4, 8)]
    return np.asarray(120 + 40 * sum(layers))


@settings(max_examples=20)
@given(st.integers(0, 2**16), st.integers(-15, 15), st.integers(-15, 15))
def test_the_shift_of_two_patches_is_found_to_a_twentieth_of_a_pixel(seed: int, right: int, down: int) -> None:
    land = ground(seed)
    now, then = land[20:276, 20:276], land[20 + down : 276 + down, 20 + right : 276 + right]
    noisy = then + np.random.default_rng(seed).normal(0, 8, then.shape)
    assert shift_of(now, noisy) == pytest.approx((right, down), abs=0.05)


def test_parts_of_a_pixel_are_found() -> None:
    land = ground(3)
    then = ndimage.shift(land, (0.4, -0.25), order=3)[20:276, 20:276]
    assert shift_of(land[20:276, 20:276], then) == pytest.approx((0.25, -0.4), abs=0.05)


def test_other_ground_and_plain_ground_have_no_peak() -> None:
    assert shift_of(ground(1)[:256, :256], ground(2)[:256, :256]) is None
    assert shift_of(np.full((256, 256), 90.0), np.full((256, 256), 90.0)) is None
    assert LEAST_PEAK > 6


def pair(folder: Path, moved: tuple[int, int], *, bent: float = 0.0, seed: int = 1) -> Pair:
    """The same ground twice, the second time ``moved`` down and right by pixels, and ``bent`` by so many more."""
    land = green_ground(SIDE, SIDE)
    again = np.roll(green_ground(SIDE, SIDE, seed), moved, axis=(0, 1))
    if bent:
        rows, columns = np.indices((SIDE, SIDE)).astype(float)
        places = [rows + bent * columns / SIDE, columns + bent * rows / SIDE]
        again = np.stack([ndimage.map_coordinates(again[..., band], places, order=1) for band in range(3)], axis=-1)
    (longitude,), (latitude,) = transform(CRS, "EPSG:4326", [LEFT + SIDE * GSD_M / 2], [TOP - SIDE * GSD_M / 2])
    return Pair(
        now=write_working(folder / "now.tif", land),
        then=write_working(folder / "then.tif", again),
        gsd_m=GSD_M,
        frame=LocalFrame(longitude=longitude, latitude=latitude),
        ground=View(east_m=0.0, north_m=0.0, half_m=SIDE * GSD_M / 2, side_px=1),
    )


def test_a_picture_that_lies_beside_is_moved_back(tmp_path: Path) -> None:
    found = register(pair(tmp_path, (30, -20)))
    assert (found.east_m, found.north_m) == pytest.approx((20 * GSD_M, 30 * GSD_M), abs=0.01)
    assert found.residual_m < 0.02
    assert found.tried == 16
    assert found.doubt is None


def test_a_picture_that_is_bent_leaves_a_residual_and_other_ground_carries_nothing(tmp_path: Path) -> None:
    bent = register(pair(tmp_path / "bent", (0, 0), bent=40))
    assert bent.residual_m > 0.1
    other = register(pair(tmp_path / "other", (0, 0), seed=9))
    assert other.carried == 0
    assert "patches found each other" in (other.doubt or "")
