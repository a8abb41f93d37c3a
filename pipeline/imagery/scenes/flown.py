"""What of a scene was flown, which plots lie on it, and the truth about them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from shapely import Polygon
from shapely.prepared import PreparedGeometry, prep

from pipeline.imagery.scenes import layout
from pipeline.imagery.scenes.ground import conditions
from pipeline.imagery.scenes.land import Area, Block, Plot
from pipeline.imagery.scenes.siting import SMALLEST_M2
from pipeline.imagery.scenes.spec import SceneSpec

MOSTLY: Final = 0.6
"""A plot of which less than this share was flown is not sown, so that no unlabelled piece of one is ever seen."""

STEP_M: Final = 15.0


@lru_cache(maxsize=8)
def flown_ground(spec: SceneSpec) -> Polygon:
    """The flown ground: a rectangle along the flight lines, its edges stepped from photograph to photograph."""
    angle = conditions(spec.seed).flight_angle
    rng = np.random.default_rng([spec.seed, 8])
    half = spec.side_m / 2
    # the largest turned square inside the scene, a little too large, so that its corners are cut off
    reach = 1.06 * half / (abs(math.cos(angle)) + abs(math.sin(angle)))
    steps = max(1, round(2 * reach / STEP_M))
    places = np.linspace(-reach, reach, steps + 1)
    sides = []
    for quarter in range(4):
        inward = np.repeat(rng.uniform(0, min(2.5, reach * 0.08), steps), 2)
        along = np.repeat(places, 2)[1:-1] + rng.normal(0, min(0.4, reach * 0.01), 2 * steps)
        turn = angle + quarter * math.pi / 2
        x, y = along, -reach + inward
        sides.append(np.stack([x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)], 1))
    ring = np.concatenate(sides) + half
    outline = Polygon(ring).buffer(0) & shapely.box(0, 0, spec.side_m, spec.side_m)
    return outline if isinstance(outline, Polygon) else max(outline.geoms, key=lambda part: part.area)


@lru_cache(maxsize=8)
def _prepared(spec: SceneSpec) -> PreparedGeometry:
    """The flown ground, indexed for many questions."""
    return prep(flown_ground(spec))


def seen(spec: SceneSpec, plot: Plot) -> Polygon | None:
    """What of a plot is in the picture; None if that is not most of it."""
    if _prepared(spec).contains(plot.outline):
        return plot.outline
    if not _prepared(spec).intersects(plot.outline):
        return None
    part = flown_ground(spec) & plot.outline
    enough = isinstance(part, Polygon) and part.area >= max(SMALLEST_M2, MOSTLY * plot.outline.area)
    return part if enough else None


def grown_plots(spec: SceneSpec, block: Block) -> list[Area]:
    """The areas of a block, without the plots that are not seen enough to be labelled."""
    missing = {plot.outline for plot in block.plots if seen(spec, plot) is None}
    return [area for area in block.areas if area.outline not in missing]


def truth(spec: SceneSpec) -> Iterator[Plot]:
    """Every plot that is in the picture, its outline cut to the flown ground."""
    for block in layout.blocks(spec, (0.0, 0.0, spec.side_m, spec.side_m)):
        for plot in block.plots:
            outline = seen(spec, plot)
            if outline is not None:
                yield replace(plot, outline=outline)
