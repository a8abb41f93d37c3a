"""A plain surround is told from bright and dark ground inside the mosaic, however the mosaic is cut into strips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.geometry import Size
from pipeline.imagery.surround import CellMap, PlainColour, cell_px_for, declared_colour, undeclared_colours

WHITE, BLACK = undeclared_colours("uint8")


def flown(
    pixels_bhw: np.ndarray, colour: PlainColour, *, declared: bool = False, strip_px: int = 64
) -> np.ndarray | None:
    """What the surround leaves, bool [h, w]; None where none is found."""
    _, height, width = pixels_bhw.shape
    cells = CellMap(Size(width_px=width, height_px=height), colour)
    for row in range(0, height, strip_px):
        cells.add(row, pixels_bhw[:, row : row + strip_px])
    surround = cells.surround(declared=declared)
    if surround is None:
        return None
    strips = [surround.flown(row, pixels_bhw[:, row : row + strip_px]) for row in range(0, height, strip_px)]
    return np.concatenate(strips)


def field(side_px: int = 256, margin_px: int = 40, *, around: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """A round field in a plain surround: uint8 [b, h, w], and where it is, bool [h, w]."""
    rows, columns = np.mgrid[:side_px, :side_px] - side_px / 2
    inside_hw = rows**2 + columns**2 < (side_px / 2 - margin_px) ** 2
    return np.where(inside_hw, 120, around).astype(np.uint8)[None].repeat(3, axis=0), inside_hw


@pytest.mark.parametrize(("around", "colour"), [(255, WHITE), (0, BLACK)])
def test_the_surround_is_found_to_the_pixel(around: int, colour: PlainColour) -> None:
    pixels, inside = field(around=around)
    assert np.array_equal(flown(pixels, colour), inside)


def test_bright_roofs_inside_stay_flown_even_where_a_white_line_leads_to_them() -> None:
    pixels, inside = field()
    pixels[:, 100:150, 100:150] = 255
    pixels[:, 120:122, :150] = 255
    found = flown(pixels, WHITE)
    assert found[100:150, 100:150].all()
    assert found[inside].mean() > 0.99


def test_the_ringing_of_jpeg_at_the_edge_goes_with_the_surround() -> None:
    pixels, inside = field()
    rows, columns = np.mgrid[:256, :256] - 128
    distance = np.hypot(rows, columns)
    pixels[:, (distance >= 88) & (distance < 91)] = 243
    assert np.array_equal(flown(pixels, WHITE), inside)


def test_a_mosaic_that_fills_its_rectangle_has_no_surround() -> None:
    pixels = np.full((3, 256, 256), 120, np.uint8)
    pixels[:, :3, 10:60] = 255
    pixels[:, 100:103, :2] = 255
    assert flown(pixels, WHITE) is None
    assert flown(pixels, BLACK) is None


def test_declared_nodata_keeps_dark_specks_and_drops_holes() -> None:
    pixels, inside = field(around=0)
    pixels[:, 120:124, 120:124] = 0
    pixels[:, 150:180, 100:130] = 0
    found = flown(pixels, declared_colour(0, lossy=False), declared=True)
    assert found[120:124, 120:124].all()
    assert not found[150:180, 100:130].any()
    assert not found[~inside].any()


def test_declared_nodata_after_jpeg_is_met_roughly() -> None:
    pixels, inside = field(around=0)
    noise = np.random.default_rng(1).integers(0, 3, pixels.shape, dtype=np.uint8)
    assert np.array_equal(flown(pixels + noise, declared_colour(0, lossy=True), declared=True), inside)


def test_a_nodata_value_outside_the_range_of_the_pixels_is_met_nowhere() -> None:
    pixels, _ = field(around=0)
    assert flown(pixels, declared_colour(-9999, lossy=False), declared=True) is None
    assert flown(pixels, declared_colour(70_000, lossy=False), declared=True) is None


@given(
    seed=st.integers(0, 2**16), height=st.integers(1, 90), width=st.integers(1, 90), strips=st.sampled_from([4, 8, 64])
)
def test_how_the_mosaic_is_cut_into_strips_changes_nothing(seed: int, height: int, width: int, strips: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.random((height // 6 + 1, width // 6 + 1)) < 0.6
    plain = coarse.repeat(6, axis=0).repeat(6, axis=1)[:height, :width]
    pixels = np.where(plain, 255, 90).astype(np.uint8)[None].repeat(3, axis=0)
    whole, cut = flown(pixels, WHITE, strip_px=128), flown(pixels, WHITE, strip_px=strips)
    assert (whole is None) == (cut is None)
    assert whole is None or np.array_equal(whole, cut)
    assert whole is None or whole[~plain].all()


def test_cells_grow_with_the_mosaic_so_that_memory_does_not() -> None:
    assert cell_px_for(Size(width_px=64, height_px=64)) == 4
    assert cell_px_for(Size(width_px=60_000, height_px=60_000)) == 8
    assert cell_px_for(Size(width_px=200_000, height_px=200_000)) == 32
