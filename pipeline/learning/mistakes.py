"""The worst misses and the worst false flags, to be looked at: numbers say how many, pictures say why.

Axes: y = cell row, x = cell column.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from pipeline.imagery.regions import Regions, runs_of
from pipeline.learning.evaluate import Judged, ScoredGround
from pipeline.learning.labels import LabelledGround
from pipeline.learning.plots import Labelled, flags_on, labelled, tally

SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A plot without a flag or a flag without a plot.

    ``outline`` is in model pixels of ``ground``; ``score`` is the highest probability of the cells it touches;
    ``look_alike`` is the class of a labelled look-alike that a false flag touches. ``flags`` are the outlines of every
    flag on the ground.
    """

    ground: LabelledGround
    outline: shapely.Geometry
    score: float
    area_m2: float
    flags: tuple[shapely.Geometry, ...]
    look_alike: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """The worst first: misses by how sure the model was that nothing is there, false flags by how sure of a plot.

    ``false_by_class`` counts *all* false flags that touch a labelled look-alike by its class, the most frequent first.
    """

    misses: tuple[Mistake, ...]
    false_flags: tuple[Mistake, ...]
    false_by_class: Mapping[str, int]


def worst_mistakes(judged: Sequence[Judged], *, shown: int = SHOWN) -> Mistakes:
    """The ``shown`` worst misses and false flags over all grounds; of equal scores, the larger first."""
    misses: list[Mistake] = []
    false_flags: list[Mistake] = []
    for one in judged:
        labels = labelled(one.scored)
        levels_yx, set_to = one.scored.levels(one.calibration), one.thresholds
        regions = flags_on(levels_yx, low_level=set_to.low_level, high_level=set_to.high_level)
        outlines = tuple(outline_of(rows, columns, one.scored) for rows, columns in regions.cells())
        misses += _misses(one, labels, regions, outlines)
        false_flags += _false_flags(one, regions, outlines)
    misses.sort(key=lambda one: (one.score, -one.area_m2))
    false_flags.sort(key=lambda one: (-one.score, -one.area_m2))
    taken_for_target = Counter(one.look_alike for one in false_flags if one.look_alike is not None)
    return Mistakes(
        misses=tuple(misses[:shown]),
        false_flags=tuple(false_flags[:shown]),
        false_by_class=dict(sorted(taken_for_target.items(), key=lambda one: (-one[1], one[0]))),
    )


def outline_of(
    rows: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    columns: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    scored: ScoredGround,
) -> shapely.Geometry:
    """The common outline of cells in model pixels, cut off at the ground's edge."""
    side, size, runs = scored.cell_px, scored.ground.size, runs_of(rows, columns)
    right = np.minimum(runs.right * side, size.width_px)
    bottom = np.minimum((runs.row + 1) * side, size.height_px)
    return shapely.union_all(shapely.box(runs.left * side, runs.row * side, right, bottom))


def _misses(
    judged: Judged, labels: Labelled, regions: Regions, flags: tuple[shapely.Geometry, ...]
) -> Iterator[Mistake]:
    """The plots that no flag touches."""
    scores = labels.highest(judged.scored.probabilities(judged.calibration))
    for outline, found, score in zip(labels.plots, tally(regions, labels).found, scores, strict=True):
        if not found:
            yield _mistake(judged, outline, float(score), flags)


def _false_flags(judged: Judged, regions: Regions, flags: tuple[shapely.Geometry, ...]) -> Iterator[Mistake]:
    """The flags that touch no target, with the class of a look-alike that they touch."""
    ground = judged.scored.ground
    probability_yx = judged.scored.probabilities(judged.calibration)
    targets = shapely.STRtree(ground.targets)
    others = [label for label in ground.labels if label.class_name not in {*ground.target, *ground.unknown}]
    tree = shapely.STRtree([label.outline for label in others])
    for outline, (rows, columns) in zip(flags, regions.cells(), strict=True):
        if not len(targets.query(outline, predicate="intersects")):
            near = tree.query(outline, predicate="intersects")
            look_alike = others[near[0]].class_name if len(near) else None
            yield _mistake(judged, outline, float(probability_yx[rows, columns].max()), flags, look_alike)


def _mistake(
    judged: Judged,
    outline: shapely.Geometry,
    score: float,
    flags: tuple[shapely.Geometry, ...],
    look_alike: str | None = None,
) -> Mistake:
    """One mistake on a ground."""
    return Mistake(
        ground=judged.scored.ground,
        outline=outline,
        score=score,
        area_m2=float(outline.area) * judged.scored.pixel_area_m2,
        flags=flags,
        look_alike=look_alike,
    )
