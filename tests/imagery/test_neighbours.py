"""A cell is judged with what lies around it, and never by the edge of flight."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.imagery.neighbours import around_most, around_sum, halo_px, inner_cells, pooled_distance, whole_cells


def test_a_cell_is_whole_only_if_every_pixel_is_imagery() -> None:
    valid_hw = np.ones((64, 96), bool)
    valid_hw[40, 70] = False
    assert whole_cells(valid_hw, 32).tolist() == [[True, True, True], [True, True, False]]
    assert inner_cells(whole_cells(valid_hw, 32)).tolist() == [[True, False, False], [True, False, False]]


def test_nothing_lies_beyond_the_border() -> None:
    values_rc = np.array([[1.0, 2.0, np.nan], [4.0, 5.0, 6.0]])
    assert around_sum(np.ones((2, 3), bool), 1).tolist() == [[4, 6, 4], [4, 6, 4]]
    assert around_most(values_rc, 1).tolist() == [[5, 6, 6], [5, 6, 6]]


@given(distance=st.floats(0.1, 50), cell_px=st.sampled_from([16, 32]))
def test_even_ground_keeps_its_distance_up_to_the_edge_of_flight(distance: float, cell_px: int) -> None:
    whole_rc = np.ones((8, 9), bool)
    whole_rc[:, :3] = False
    distance_rc = np.full((8, 9), distance)
    distance_rc[:, :4] = 1000.0  # what a network says where it sees the edge
    pooled_rc = pooled_distance(distance_rc, whole_rc, cell_px)
    np.testing.assert_allclose(pooled_rc[:, 3:], distance)
    assert (pooled_rc[:, 0] == 0).all() or cell_px == 16


def test_one_strange_cell_stands_out_among_its_neighbours() -> None:
    distance_rc = np.ones((5, 5))
    distance_rc[2, 2] = 10.0
    pooled_rc = pooled_distance(distance_rc, np.ones((5, 5), bool), 32)
    assert (pooled_rc[1:4, 1:4] > 3).all()
    assert (pooled_rc[0] == 1).all()


def test_the_halo_is_whole_cells_that_reach_beyond_what_is_looked_at() -> None:
    assert (halo_px(32), halo_px(16)) == (96, 80)
