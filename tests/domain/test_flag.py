"""Plots become flags; flags are questions."""

import pytest
from shapely import box

from pipeline.domain.coverage import GroundState, StateAreas, area_in_words
from pipeline.domain.flag import FlagStatus, raise_flags
from pipeline.domain.plot import CandidatePlot
from pipeline.errors import InvalidInputError


def plot(x: float, y: float, score: float = 0.9) -> CandidatePlot:
    return CandidatePlot(outline=box(x, y, x + 1, y + 1), class_name="red", score=score, area_m2=1.0, cells=1)


def test_flags_are_numbered_from_the_north_west_whatever_order_plots_come_in() -> None:
    flags = raise_flags((plot(5, 0), plot(9, 9), plot(1, 9)), model="m", threshold=0.5)
    assert [(flag.id, flag.plot.outline.bounds[0]) for flag in flags] == [("F00001", 1), ("F00002", 9), ("F00003", 5)]


def test_a_scan_raises_nothing_but_unreviewed_flags() -> None:
    (flag,) = raise_flags((plot(0, 0),), model="m", threshold=0.5)
    assert flag.status is FlagStatus.UNREVIEWED


@pytest.mark.parametrize("change", [{"score": 1.1}, {"cells": 0}, {"area_m2": 0.0}])
def test_a_plot_of_no_ground_or_no_probability_is_refused(change: dict[str, float]) -> None:
    good = {"outline": box(0, 0, 1, 1), "class_name": "red", "score": 0.5, "area_m2": 1.0, "cells": 1}
    with pytest.raises(InvalidInputError):
        CandidatePlot(**{**good, **change})


def test_states_that_do_not_sum_to_the_mosaic_are_an_error() -> None:
    areas = StateAreas(pixels={GroundState.CLEAR: 3}, pixel_area_m2=0.5)
    assert areas.covering(3).area_m2(GroundState.CLEAR) == pytest.approx(1.5)
    assert areas.area_m2(GroundState.FLAGGED) == 0
    with pytest.raises(InvalidInputError, match="account for 3 px of a mosaic of 4"):
        areas.covering(4)


@pytest.mark.parametrize(
    ("area_m2", "words"),
    [
        (0.0, "0 m²"),
        (0.0223, "223 cm²"),
        (0.25, "0.25 m²"),
        (4.81, "4.81 m²"),
        (358.3, "358 m²"),
        (23_543.0, "2.35 ha"),
    ],
)
def test_an_area_is_said_with_the_unit_people_use(area_m2: float, words: str) -> None:
    assert area_in_words(area_m2) == words
