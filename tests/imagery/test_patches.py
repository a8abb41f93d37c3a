from pathlib import Path

import numpy as np
import pytest
import shapely
from rasters import place

from pipeline.domain.coverage import GroundState
from pipeline.domain.geometry import Size
from pipeline.imagery.layers import Layer, write_layer
from pipeline.imagery.map_tiles import map_extent
from pipeline.imagery.patches import Patch, patches_to_fly_again


def patches(folder: Path, states_hw: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> tuple[Patch, ...]:
    height, width = states_hw.shape
    layer = Layer(size=Size(width_px=width, height_px=height), georeference=place(0.1))
    write_layer(folder / "states.tif", layer, [states_hw])
    return patches_to_fly_again(folder / "states.tif")


def clear(side: int = 400) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    return np.full((side, side), GroundState.CLEAR, np.uint8)


def test_a_gap_inside_the_flight_is_flown_again_and_the_land_around_it_is_not(tmp_path: Path) -> None:
    states_hw = clear()
    states_hw[:, :50] = GroundState.NOT_FLOWN
    states_hw[200:240, 200:260] = GroundState.NOT_FLOWN
    (gap,) = patches(tmp_path, states_hw)
    assert gap.state is GroundState.NOT_FLOWN
    assert gap.area_m2 == pytest.approx(4.0 * 6.0)


def test_ground_that_cannot_be_assessed_is_flown_again_also_at_the_rim(tmp_path: Path) -> None:
    states_hw = clear()
    states_hw[:100, :100] = GroundState.NOT_ASSESSABLE
    states_hw[300:350, 300:350] = GroundState.NOT_ASSESSABLE
    large, small = patches(tmp_path, states_hw)
    assert (large.area_m2, small.area_m2) == (pytest.approx(100), pytest.approx(25))
    assert large.state is small.state is GroundState.NOT_ASSESSABLE


def test_specks_and_clear_ground_are_not(tmp_path: Path) -> None:
    states_hw = clear()
    states_hw[100:110, 100:110] = GroundState.NOT_ASSESSABLE
    states_hw[200:300, 200:300] = GroundState.FLAGGED
    assert patches(tmp_path, states_hw) == ()


def test_outlines_lie_on_the_globe_within_the_mosaic(tmp_path: Path) -> None:
    states_hw = clear(2000)
    states_hw[:, :1000] = GroundState.NOT_ASSESSABLE
    (west,) = patches(tmp_path, states_hw)
    extent = map_extent(tmp_path / "states.tif")
    inside = shapely.box(extent.west - 1e-6, extent.south - 1e-6, extent.east + 1e-6, extent.north + 1e-6)
    assert inside.contains(west.outline)
    assert west.outline.area == pytest.approx(inside.area / 2, rel=0.02)
    assert west.area_m2 == pytest.approx(100 * 200, rel=0.01)
