"""The landscape of a seed, one block at a time: any tile asks only for the blocks around it."""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from shapely import Polygon
from shapely.strtree import STRtree

from pipeline.imagery.scenes import ground, homes, siting
from pipeline.imagery.scenes.crops import MAIZE_ROWS, ORCHARD_ROWS
from pipeline.imagery.scenes.land import Area, Block, Look, Parcel, Plot
from pipeline.imagery.scenes.spec import Conditions, SceneSpec

REACH_M: Final = 22.0
"""How far something of a block may show or throw its shadow outside of it."""

HECTARE_M2: Final = 10_000.0


@lru_cache(maxsize=256)
def block(spec: SceneSpec, col: int, row: int) -> Block:
    """The block right and below of a crossing."""
    seed, day = spec.seed, ground.conditions(spec.seed)
    rng = ground.block_rng(seed, col, row, 5)
    parcels = _settled(rng, ground.parcels_of(seed, col, row))
    yards = [parcel for parcel in parcels if parcel.crop == "yard"]
    standing = [house for yard in yards for house in homes.houses(rng, day, yard)]
    plots = _plots(rng, spec, parcels, [house.outline for house in standing])
    standing += _trees(rng, day, parcels, [*plots, *standing])
    lanes = ground.lanes_of(seed, col, row)
    fields = [_field(rng, day, parcel) for parcel in parcels]
    cleared = [_cleared(day, plot) for plot in plots if plot.site in ("clearing", "between_maize")]
    return Block(
        areas=(*lanes, *fields, *cleared, *(_sown(rng, day, plot) for plot in plots)),
        tops=tuple(area for thing in standing for area in thing.areas),
        plots=tuple(plots),
        shadows=tuple(thing.shadow for thing in standing),
        parcels=tuple(parcels),
    )


def blocks(spec: SceneSpec, bounds_m: tuple[float, float, float, float]) -> list[Block]:
    """All blocks that may show within some bounds, in reading order."""
    return [block(spec, col, row) for col, row in ground.blocks_over(spec.seed, bounds_m, REACH_M)]


def _settled(rng: np.random.Generator, parcels: list[Parcel]) -> list[Parcel]:
    """The fields of a block, in four of ten blocks with one turned into a farmyard."""
    if not parcels or rng.uniform() > 0.42:  # noqa: PLR2004 - stated above
        return parcels
    chosen = int(rng.integers(len(parcels)))
    return [replace(one, crop="yard") if number == chosen else one for number, one in enumerate(parcels)]


def _plots(rng: np.random.Generator, spec: SceneSpec, parcels: list[Parcel], taken: list[Polygon]) -> list[Plot]:
    """Targets and look-alikes of a block."""
    place = siting.Siting(rng=rng, parcels=parcels, taken=list(taken))
    expected = spec.plots_per_ha * sum(parcel.outline.area for parcel in parcels) / HECTARE_M2
    poppies = siting.poppies(place, ground.conditions(spec.seed), expected)
    beds = [bed for one in parcels if one.crop == "yard" for bed in homes.beds(rng, one, place.taken)]
    place.taken += [bed.outline for bed in beds]
    return [*poppies, *(beds if spec.plots_per_ha else []), *siting.gardens(place, expected * 0.75)]


def _trees(
    rng: np.random.Generator, day: Conditions, parcels: list[Parcel], keep_clear: list[Plot | homes.Standing]
) -> list[homes.Standing]:
    """Trees in groves and yards and a few on the edges of fields, none over a plot or a house."""
    index = STRtree([thing.outline for thing in keep_clear])
    found = []
    for parcel in parcels:
        for place in _tree_places(rng, parcel):
            one = homes.tree(rng, day, place, rng.uniform(1.1, 3.1))
            if not len(index.query(one.outline.buffer(0.25), predicate="intersects")):
                found.append(one)
    return found


def _tree_places(rng: np.random.Generator, parcel: Parcel) -> list[tuple[float, float]]:
    """Where trees stand on or beside a field."""
    per_m2 = {"grove": 0.045, "yard": 0.006}.get(parcel.crop, 0.0)
    inside = [homes.random_place(rng, parcel.outline) for _ in range(rng.poisson(per_m2 * parcel.outline.area))]
    edge = parcel.outline.exterior
    along = [edge.interpolate(rng.uniform(), normalized=True) for _ in range(rng.poisson(0.35))]
    return inside + [(point.x, point.y) for point in along]


def _field(rng: np.random.Generator, day: Conditions, parcel: Parcel) -> Area:
    """A field as it looks on the day."""
    look = _look(rng, day, parcel.crop)
    tone, warm = rng.normal(1, 0.06), rng.normal(0, 0.035)
    wet = rng.normal(1, 0.05)
    red, green, blue = day.soil_rgb
    look = replace(
        look,
        angle=parcel.angle + rng.normal(0, 0.006) + math.pi * int(rng.integers(2)),
        base_m=parcel.base_m,
        tint_rgb=(tone * (1 + warm), tone, tone * (1 - warm)),
        soil_rgb=(red * wet, green * wet, blue * wet),
    )
    return Area(outline=parcel.outline, look=look, anchor=homes.random_place(rng, parcel.outline))


def _look(rng: np.random.Generator, day: Conditions, crop: str) -> Look:
    """The look of a crop, whose growth follows the season."""
    grown = float(np.clip(day.season + rng.normal(0, 0.12), 0, 1))
    if crop == "wheat":
        ripe = grown + day.ripeness > 0.5  # noqa: PLR2004 - half way through the season
        return Look(
            swatch="wheat_ripe" if ripe else "wheat_green",
            vigour=rng.uniform(0.72, 0.92),
            height_m=0.4,
            rows=10,
        )
    if crop == "rape":
        flowers = grown < 0.45  # noqa: PLR2004 - before midsummer
        return Look(swatch="rape" if flowers else "rape_ripe", vigour=rng.uniform(0.7, 0.85), height_m=0.5, rows=8)
    looks = {
        "maize": Look(
            swatch="maize",
            vigour=0.42 + 0.5 * grown,
            height_m=0.25 + 1.5 * grown,
            rows=MAIZE_ROWS,
            patchiness=0.16,
        ),
        "vegetables": Look(swatch="vegetables", vigour=rng.uniform(0.55, 0.85), height_m=0.25, rows=10),
        "potato": Look(swatch="potato", vigour=0.45 + 0.4 * grown, height_m=0.4, rows=20, patchiness=0.16),
        "orchard": Look(
            swatch="orchard", vigour=rng.uniform(0.65, 0.85), height_m=1.6, rows=ORCHARD_ROWS, patchiness=0.05
        ),
        "greenhouse": Look(swatch="greenhouse", vigour=0.98, height_m=1.6, patchiness=0.0),
        "fallow": Look(swatch="fallow", vigour=rng.uniform(0.4, 0.7), height_m=0.3, rows=7, patchiness=0.35),
        "lucerne": Look(swatch="lucerne", vigour=rng.uniform(0.68, 0.92), height_m=0.2, rows=6),
        "ploughed": Look(swatch="ploughed", vigour=rng.uniform(0.35, 0.6), height_m=0.2, rows=26, patchiness=0.1),
        "grove": Look(swatch="grass", vigour=rng.uniform(0.4, 0.7), height_m=0.25, patchiness=0.35, rows=5),
        "yard": Look(swatch="yard", vigour=0.5, height_m=0.15, patchiness=0.3),
    }
    return looks[crop]


def _cleared(day: Conditions, plot: Plot) -> Area:
    """The ground around a plot that was cleared for it: weeds and trodden earth."""
    room = 0.9 if plot.site == "clearing" else 0.25
    look = Look(swatch="grass", vigour=0.35, patchiness=0.3, height_m=0.1, base_m=plot.base_m, soil_rgb=day.soil_rgb)
    look = replace(look, tint_rgb=day.grass_tint_rgb)
    outline = plot.outline.buffer(room)
    return Area(outline=outline, look=look, anchor=(outline.centroid.x, outline.centroid.y))


def _sown(rng: np.random.Generator, day: Conditions, plot: Plot) -> Area:
    """What is seen of a plot."""
    tone, warm = rng.normal(1, 0.05), rng.normal(0, 0.03)
    vigour = rng.uniform(0.62, 0.9)
    look = Look(
        swatch=plot.swatch,
        angle=plot.angle + (float(rng.uniform(0, 6)) if plot.kind == "poppy" else 0.0),
        vigour=vigour,
        patchiness=0.22 if plot.kind == "poppy" else 0.12,
        height_m={"rosette": 0.12, "lettuce": 0.16, "cabbage": 0.24, "bud": 0.25}.get(plot.stage or plot.kind, 0.34),
        base_m=plot.base_m,
        tint_rgb=(tone * (1 + warm), tone, tone * (1 - warm)),
        soil_rgb=day.soil_rgb,
    )
    return Area(outline=plot.outline, look=look, anchor=homes.random_place(rng, plot.outline))
