"""The ground of a scan is traced from its pixels, and never more than they are."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import CRS, LEFT, TOP, place

from pipeline.domain.coverage import GroundState
from pipeline.domain.geometry import Size
from pipeline.imagery.layers import Layer, write_layer
from pipeline.imagery.looked import GROUND_NAME, in_plane, kept_looked, trace

CM2 = 1e-3
"""Ten square centimetres, in m2: what is lost where straight lines are bent."""
ASSESSED = (GroundState.CLEAR, GroundState.FLAGGED)


def write_states(folder: Path, states_hw: np.ndarray, gsd_m: float) -> Path:
    height, width = states_hw.shape
    layer = Layer(size=Size(width_px=width, height_px=height), georeference=place(gsd_m))
    write_layer(folder / "states.tif", layer, [states_hw[row : row + 512] for row in range(0, height, 512)])
    return folder / "states.tif"


def pixels_as_ground(found_hw: np.ndarray, gsd_m: float) -> shapely.Geometry:
    """The truth: every pixel that counts, as rows of squares, united."""
    edges = np.diff(np.pad(found_hw.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    (rows, begins), (_, ends) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    squares = shapely.box(LEFT + begins * gsd_m, TOP - (rows + 1) * gsd_m, LEFT + ends * gsd_m, TOP - rows * gsd_m)
    return in_plane(shapely.union_all(squares), CRS, 10)


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 0.1, 0.3]))
def test_what_counts_lies_within_the_pixels(tmp_path_factory: pytest.TempPathFactory, seed: int, gsd_m: float) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.choice([0, 1, 1, 1, 2, 3], (rng.integers(3, 12), rng.integers(3, 12))).astype(np.uint8)
    states_hw = np.kron(coarse, np.ones((13, 17), np.uint8))
    states_hw[rng.random(states_hw.shape) < 0.001] = GroundState.NOT_FLOWN
    looked = trace(write_states(tmp_path_factory.mktemp("states"), states_hw, gsd_m))
    for ground, found_hw in ((looked.seen, np.isin(states_hw, ASSESSED)), (looked.imaged, states_hw != 0)):
        truth = pixels_as_ground(found_hw, gsd_m)
        assert shapely.difference(ground, truth).area < CM2
        assert ground.area <= truth.area + CM2
    assert shapely.difference(looked.seen, looked.imaged).area < CM2


def test_a_plain_flight_loses_nothing(tmp_path: Path) -> None:
    states_hw = np.full((400, 300), GroundState.CLEAR, np.uint8)
    states_hw[:200] = GroundState.NOT_ASSESSABLE
    looked = trace(write_states(tmp_path, states_hw, 0.1))
    whole = pixels_as_ground(np.ones((2, 2), bool), 20.0)
    assert looked.imaged.area == pytest.approx(40 * 30, rel=2e-3)  # UTM is not equal-area
    assert looked.seen.area == pytest.approx(looked.imaged.area / 2, rel=1e-4)
    assert whole.area == pytest.approx(40 * 40, rel=2e-3)


def test_a_ragged_outline_is_smoothed_within_its_bound(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:900, :500]
    states_hw = np.where((columns + 0.9 * rows > 450) & (rows < 880), 1, 0).astype(np.uint8)
    looked = trace(write_states(tmp_path, states_hw, 0.1))
    truth = pixels_as_ground(states_hw > 0, 0.1)
    assert shapely.get_num_coordinates(looked.seen) < 90
    assert shapely.difference(looked.seen, truth).area < CM2
    inner = truth.buffer(-(0.3 + 2 * 0.3) * 1.4)  # corners lie farther from an edge than its sides; x is stretched
    assert shapely.difference(inner, looked.seen).area < CM2


def test_nothing_flown_is_no_ground(tmp_path: Path) -> None:
    looked = trace(write_states(tmp_path, np.zeros((30, 30), np.uint8), 0.1))
    assert looked.seen.is_empty
    assert looked.imaged.is_empty


@pytest.mark.parametrize("damage", [None, "{", '{"version": 0}', '{"version": 1, "plane": "EPSG:6933", "seen": "x"}'])
def test_what_was_kept_is_read_and_traced_anew_where_it_cannot_be(tmp_path: Path, damage: str | None) -> None:
    write_states(tmp_path, np.ones((30, 30), np.uint8), 0.1)
    first = kept_looked(tmp_path)
    if damage is None:
        (tmp_path / "states.tif").unlink()
    else:
        (tmp_path / GROUND_NAME).write_text(damage)
    assert kept_looked(tmp_path).seen.equals(first.seen)
    assert json.loads((tmp_path / GROUND_NAME).read_text())["version"] == 1
