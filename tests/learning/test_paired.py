"""Champion and challenger on the same plots: numbers printed in papers, and other ways to the same result."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.paired import GroundPair, Table, false_difference, tabulate

pytestmark = pytest.mark.learning

TABLE_III = {
    (36, 12, 2, 0): (0.0569, 0.3404),
    (20, 12, 2, 16): (0.0562, 0.3292),
    (18, 12, 2, 18): (0.0562, 0.3290),
    (36, 14, 0, 0): (0.1528, 0.4167),
    (35, 14, 0, 1): (0.1461, 0.4175),
    (18, 14, 0, 18): (0.1441, 0.3963),
    (2, 97, 1, 0): (0.8721, 0.9854),
    (1, 97, 1, 1): (0.8736, 0.9850),
    (0, 29, 1, 0): (0.6666, 0.9882),
    (2, 98, 0, 0): (0.9178, 0.9945),
    (1, 98, 0, 1): (0.9171, 0.9916),
    (0, 30, 0, 0): (0.8395, 1.0),
    (54, 0, 0, 0): (-0.0664, 0.0664),
    (30, 0, 0, 24): (-0.0358, 0.0358),
}
"""Newcombe (1998), Statistics in Medicine 17, 2635-2650, table III, method 10: cells e, f, g, h and 95 % limits."""


def table(*cells: int) -> Table:
    both, gained, lost, neither = cells
    return Table(both=both, gained=gained, lost=lost, neither=neither)


def ground(found: str, *, false: tuple[int, int] = (0, 0), area_m2: float = 10_000.0, whole: bool = True) -> GroundPair:
    """A ground whose plots were found by both (``b``), the challenger (``+``), the champion (``-``) or none (``.``)."""
    return GroundPair(
        name="ground",
        area_m2=area_m2,
        whole=whole,
        champion_found=np.array([one in "b-" for one in found], bool),
        challenger_found=np.array([one in "b+" for one in found], bool),
        champion_false=false[0],
        challenger_false=false[1],
    )


@pytest.mark.parametrize(("cells", "limits"), TABLE_III.items())
def test_the_interval_is_the_one_that_newcombe_printed(
    cells: tuple[int, int, int, int], limits: tuple[float, float]
) -> None:
    assert table(*cells).interval == pytest.approx(limits, abs=1e-4)


def test_the_interval_is_the_one_that_fagerland_lydersen_and_laake_printed() -> None:
    # Statistics in Medicine 33 (2014), 2850-2875: airway hyper-responsiveness before and after a transplantation
    before_and_after = table(1, 1, 7, 12)
    assert before_and_after.difference == pytest.approx(-0.286, abs=5e-4)
    assert before_and_after.interval == pytest.approx((-0.507, -0.026), abs=5e-4)
    assert before_and_after.chance == pytest.approx(0.0703, abs=5e-5)


def test_the_chance_is_the_one_of_agrestis_ratings_and_of_tossing_a_coin() -> None:
    # Agresti (2002), Categorical Data Analysis, table 10.1: 150 and 86 changed their minds; R prints 3.716e-05
    assert table(794, 150, 86, 570).chance == pytest.approx(3.716e-05, rel=1e-4)
    for gained, lost in product(range(9), repeat=2):
        n, fewer = gained + lost, min(gained, lost)
        both_tails = 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n
        assert table(5, gained, lost, 3).chance == pytest.approx(min(1.0, both_tails))
    assert table(9, 5, 0, 0).chance > 0.05 >= table(9, 6, 0, 0).chance


@settings(max_examples=60)
@given(*[st.integers(0, 200)] * 4)
def test_the_interval_holds_the_difference_and_turns_with_the_models(
    both: int, gained: int, lost: int, neither: int
) -> None:
    one, other = table(both, gained, lost, neither), table(both, lost, gained, neither)
    low, high = one.interval
    assert -1 <= low <= high <= 1
    assert other.interval == pytest.approx((-high, -low))
    assert one.chance == pytest.approx(other.chance)
    if one.n:
        assert low - 1e-9 <= one.difference <= high + 1e-9


def test_the_interval_holds_the_true_difference_in_95_of_100_comparisons() -> None:
    shares = np.array([0.55, 0.2, 0.1, 0.15])
    drawn = np.random.default_rng(1).multinomial(80, shares, size=1500)
    held = [low <= 0.1 <= high for low, high in (table(*row).interval for row in drawn.tolist())]
    assert 0.93 < np.mean(held) < 0.98


def test_false_flags_differ_by_what_all_ways_to_draw_the_grounds_say() -> None:
    false = [(9, 2), (4, 4), (12, 7), (3, 5), (8, 1), (6, 4)]
    areas_m2 = [10_000.0, 5_000.0, 20_000.0, 8_000.0, 12_000.0, 10_000.0]
    grounds = [ground("b", false=pair, area_m2=area) for pair, area in zip(false, areas_m2, strict=True)]
    difference, bounds = false_difference([*grounds, ground("+", false=(99, 0), whole=False)])
    assert difference == pytest.approx(sum(new - old for old, new in false) / 6.5)
    more = np.array([new - old for old, new in false], float)
    ways = np.array(list(product(range(6), repeat=6)))  # the bootstrap's distribution itself, all 46,656 draws of it
    exact = np.quantile(more[ways].sum(axis=1) / (np.array(areas_m2)[ways].sum(axis=1) / 10_000), (0.025, 0.975))
    assert bounds == pytest.approx(exact, abs=0.1)


def test_of_fewer_than_five_grounds_no_bounds_are_given() -> None:
    assert false_difference([ground("b", false=(9, 0))] * 4)[1] is None
    assert math.isnan(false_difference([ground("b", whole=False)])[0])


def test_plots_of_all_grounds_are_tabulated_together() -> None:
    assert tabulate([ground("bb+"), ground("-."), ground("")]) == table(2, 1, 1, 1)
    assert tabulate([]).interval == (-1.0, 1.0)
