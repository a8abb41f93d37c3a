"""Swatches of crops and of the ground between them. Rows run along w; colours are those of dull daylight."""

from collections.abc import Callable
from typing import Final

import numpy as np

from pipeline.imagery.scenes import swatch
from pipeline.imagery.scenes.spec import Rgb
from pipeline.imagery.scenes.swatch import SIDE_M, SIDE_PX, TEXEL_M, Canvas, Rosette

Recipe = Callable[[np.random.Generator], Canvas]

MAIZE_ROWS: Final = 24
ORCHARD_ROWS: Final = 4
TUNNEL_ROWS: Final = 2


def maize(rng: np.random.Generator) -> Canvas:
    """Rows 64 cm apart; long arching leaves that close over the row when tall."""
    canvas = swatch.bare((92, 112, 56))
    kind = Rosette(
        radius_m=0.42,
        leaves=7,
        slender=0.13,
        inner=(142, 160, 92),
        outer=(92, 120, 56),
        droop=0.75,
        ragged=0.45,
    )
    places = swatch.in_rows(rng, rows=MAIZE_ROWS, spacing_m=0.27, jitter_m=0.05, gaps=0.07)
    swatch.plant(canvas, places, kind.stamps(rng, 32))
    return canvas


def wheat_green(rng: np.random.Generator) -> Canvas:
    """Drilled rows 15 cm apart with tramlines, still green."""
    return _cereal(rng, ((70, 92, 48), (134, 150, 88)))


def wheat_ripe(rng: np.random.Generator) -> Canvas:
    """The same field at harvest: straw and dark hollows between the ears."""
    return _cereal(rng, ((128, 100, 58), (214, 186, 128)))


def _cereal(rng: np.random.Generator, colours: tuple[Rgb, Rgb]) -> Canvas:
    """Fine upright leaves in narrow rows, lodged here and there, with a tractor's tracks."""
    height, top = swatch.blades(rng, length_m=0.11, width_m=0.022, spread=1.2)
    clumps = swatch.unit(swatch.streaks(rng, length_m=0.35, width_m=0.2))
    height = (0.62 * height + 0.38 * clumps) * swatch.rows_profile(100, fullness=0.4)
    height *= 0.12 + 0.88 * swatch.tramlines(at_m=5.0)
    colour = swatch.tinted(np.clip(0.75 * height + 0.25 * top, 0, 1), *colours)
    return Canvas(colour_hwb=colour, height_hw=0.18 + 0.82 * height)


def rape_ripe(rng: np.random.Generator) -> Canvas:
    """Oilseed rape before harvest: a tangle of pale pods."""
    height = swatch.unit(swatch.streaks(rng, length_m=0.16, width_m=0.05, angle=0.5))
    clumps = swatch.unit(swatch.streaks(rng, length_m=0.5, width_m=0.3))
    colour = swatch.tinted(0.7 * height + 0.3 * clumps, (112, 110, 68), (172, 162, 112))
    height = (0.3 + 0.4 * height + 0.3 * clumps) * (0.2 + 0.8 * swatch.tramlines(at_m=9.0))
    return Canvas(colour_hwb=colour, height_hw=height)


def rape(rng: np.random.Generator) -> Canvas:
    """Oilseed rape in flower: yellow that lets the green through."""
    height = swatch.unit(swatch.streaks(rng, length_m=0.09, width_m=0.07))
    clumps = swatch.unit(swatch.streaks(rng, length_m=0.5, width_m=0.3))
    flowers = swatch.unit(swatch.streaks(rng, length_m=0.05, width_m=0.05)) * (0.35 + 0.9 * clumps)
    colour = swatch.tinted(height, (84, 104, 52), (136, 148, 74))
    yellow = np.clip((flowers - 0.42) * 4, 0, 0.85)[..., None]
    colour += yellow * (np.array((206, 190, 74), np.float32) - colour)
    height = (0.3 + 0.4 * height + 0.3 * clumps) * (0.2 + 0.8 * swatch.tramlines(at_m=9.0))
    return Canvas(colour_hwb=colour, height_hw=height)


def vegetables(rng: np.random.Generator) -> Canvas:
    """Beds of four lines, each bed of something else, bare paths between."""
    canvas = swatch.bare((96, 116, 62))
    kinds = (
        Rosette(radius_m=0.15, leaves=6, slender=0.4, inner=(150, 164, 92), outer=(108, 130, 66)),
        Rosette(radius_m=0.12, leaves=5, slender=0.14, inner=(112, 134, 96), outer=(88, 112, 80), ragged=0.6),
        Rosette(radius_m=0.2, leaves=7, slender=0.42, inner=(96, 122, 62), outer=(74, 100, 50)),
    )
    beds = 10
    for bed in range(beds):
        kind = kinds[int(rng.integers(len(kinds)))]
        places = swatch.in_rows(rng, rows=4, spacing_m=2.1 * kind.radius_m, jitter_m=0.03, gaps=0.1)
        # the four lines are squeezed into their bed, which leaves a path of 40 cm
        places[:, 0] = places[:, 0] * (1.14 / SIDE_M) + bed * SIDE_M / beds + 0.2
        swatch.plant(canvas, places, kind.stamps(rng, 16))
    return canvas


def potato(rng: np.random.Generator) -> Canvas:
    """Bushy plants on ridges 77 cm apart."""
    canvas = swatch.bare((86, 104, 56))
    kind = Rosette(radius_m=0.27, leaves=11, slender=0.42, inner=(126, 144, 84), outer=(88, 110, 58), ragged=0.5)
    places = swatch.in_rows(rng, rows=20, spacing_m=0.34, jitter_m=0.06, gaps=0.05)
    swatch.plant(canvas, places, kind.stamps(rng, 32))
    return canvas


def orchard(rng: np.random.Generator) -> Canvas:
    """Trees 3 m apart in rows of grass strips."""
    canvas = swatch.bare((70, 88, 48))
    places = swatch.in_rows(rng, rows=ORCHARD_ROWS, spacing_m=3.0, jitter_m=0.16, gaps=0.06)
    kind = Rosette(
        radius_m=1.1, leaves=26, slender=0.3, inner=(140, 152, 104), outer=(88, 104, 66), droop=0.6, ragged=0.5
    )
    swatch.plant(canvas, places, kind.stamps(rng, 12))
    _leafy(rng, canvas, 0.09)
    return canvas


def tree(rng: np.random.Generator) -> Canvas:
    """One crown over the whole swatch, higher in the middle."""
    middle = (np.arange(SIDE_PX) + 0.5) / SIDE_PX * 2 - 1
    dome = np.sqrt(np.clip(1 - middle[:, None] ** 2 - middle[None, :] ** 2, 0.02, 1)).astype(np.float32)
    boughs = swatch.unit(swatch.streaks(rng, length_m=1.9, width_m=1.6))
    canvas = Canvas(
        colour_hwb=swatch.tinted(0.45 * boughs + 0.55 * dome**2, (46, 58, 34), (136, 146, 96)),
        height_hw=(0.15 + dome * (0.5 + 0.35 * boughs)).astype(np.float32),
    )
    _leafy(rng, canvas, 0.6)
    _leafy(rng, canvas, 0.2)
    return canvas


def _leafy(rng: np.random.Generator, canvas: Canvas, size_m: float) -> None:
    """Break a smooth crown up into leaves and gaps of about this size."""
    leaves = swatch.unit(swatch.streaks(rng, length_m=size_m, width_m=size_m * 0.7))
    canvas.height_hw *= 0.72 + 0.28 * leaves
    canvas.colour_hwb *= (0.68 + 0.5 * leaves)[..., None]


def greenhouse(rng: np.random.Generator) -> Canvas:
    """Plastic tunnels 7.7 m wide: dull white over ribs, and a muddy gutter between them."""
    place = (np.arange(SIDE_PX, dtype=np.float32) + 0.5) / SIDE_PX * TUNNEL_ROWS % 1 * 2 - 1
    arch = np.sqrt(np.clip(1 - (place / 0.93) ** 2, 0, 1)).astype(np.float32)[:, None]
    ribs = (np.arange(SIDE_PX) * TEXEL_M % 1.28 < 0.07).astype(np.float32)[None, :]  # noqa: PLR2004 - rib spacing
    dirt = swatch.unit(swatch.streaks(rng, length_m=0.6, width_m=2.2))
    plants = swatch.unit(swatch.streaks(rng, length_m=3.0, width_m=0.2))
    colour = swatch.tinted(0.55 * dirt + 0.45 * (1 - plants), (148, 158, 152), (200, 204, 202))
    colour *= (0.72 + 0.28 * arch)[..., None] * (1 - 0.16 * ribs)[..., None]
    height = np.zeros_like(dirt)
    height += arch
    return Canvas(colour_hwb=colour, height_hw=height)


def fallow(rng: np.random.Generator) -> Canvas:
    """Dry weeds and stubble of several years in tufts."""
    height, top = swatch.blades(rng, length_m=0.07, width_m=0.03, spread=1.5)
    tufts = swatch.unit(swatch.streaks(rng, length_m=0.55, width_m=0.5))
    green = np.clip(1.6 * swatch.unit(swatch.streaks(rng, length_m=1.4, width_m=1.1)) - 0.7, 0, 1)
    dry = swatch.tinted(top, (136, 122, 86), (178, 162, 118))
    fresh = swatch.tinted(top, (88, 98, 58), (124, 130, 80))
    colour = dry + (fresh - dry) * green[..., None]
    return Canvas(colour_hwb=colour, height_hw=swatch.ranked(height * (0.25 + 0.75 * tufts)))


def lucerne(rng: np.random.Generator) -> Canvas:
    """A dense low sward, mown in swaths."""
    height = swatch.unit(swatch.streaks(rng, length_m=0.05, width_m=0.05))
    clumps = swatch.unit(swatch.streaks(rng, length_m=0.4, width_m=0.25))
    swaths = swatch.rows_profile(6, fullness=0.35)
    colour = swatch.tinted(0.5 * height + 0.5 * clumps * swaths, (64, 88, 50), (124, 144, 84))
    return Canvas(colour_hwb=colour, height_hw=swatch.ranked((0.5 * height + 0.5 * clumps) * swaths))


def ploughed(rng: np.random.Generator) -> Canvas:
    """Furrows with a few weeds in them."""
    weeds = swatch.unit(swatch.streaks(rng, length_m=0.08, width_m=0.06))
    patches = swatch.unit(swatch.streaks(rng, length_m=1.2, width_m=0.7))
    furrows = swatch.rows_profile(26, fullness=1.0)
    colour = swatch.tinted(weeds, (104, 112, 66), (150, 150, 96))
    height = np.where(weeds * patches > 0.5, weeds, 0.12 * furrows)  # noqa: PLR2004 - about 3 % of the ground
    return Canvas(colour_hwb=colour, height_hw=height.astype(np.float32))


def grass(rng: np.random.Generator) -> Canvas:
    """Rough verge: tufts, dry stalks, worn spots."""
    height, top = swatch.blades(rng, length_m=0.075, width_m=0.035, spread=1.5)
    tufts = swatch.unit(swatch.streaks(rng, length_m=0.45, width_m=0.35))
    drier = swatch.unit(swatch.streaks(rng, length_m=1.6, width_m=1.2))
    colour = swatch.tinted(0.3 * top + 0.25 * tufts + 0.45 * drier, (86, 98, 56), (158, 150, 108))
    return Canvas(colour_hwb=colour, height_hw=swatch.ranked(height * (0.4 + 0.6 * tufts)))


def dirt_road(rng: np.random.Generator) -> Canvas:
    """Two pale wheel tracks 1.6 m apart around the middle of the swatch, grass elsewhere."""
    canvas = grass(rng)
    beside_m = np.abs((np.arange(SIDE_PX) + 0.5) * TEXEL_M - SIDE_M / 2)[:, None]
    edge = 0.06 * swatch.streaks(rng, length_m=0.8, width_m=0.3) + 0.07 * swatch.streaks(
        rng, length_m=0.12, width_m=0.1
    )
    worn = np.clip((np.abs(beside_m - 0.8) + edge - 0.3) / 0.35, 0, 1)
    canvas.height_hw *= worn.astype(np.float32)
    return canvas


def asphalt(rng: np.random.Generator) -> Canvas:
    """Worn grey paving, patched, with dust along the tracks."""
    wear = swatch.unit(swatch.streaks(rng, length_m=6.0, width_m=0.35))
    patches = swatch.unit(swatch.streaks(rng, length_m=0.25, width_m=0.25))
    colour = swatch.tinted(0.6 * wear + 0.4 * patches, (112, 111, 108), (150, 148, 142))
    return Canvas(colour_hwb=colour, height_hw=np.ones_like(wear))


def roof(rng: np.random.Generator) -> Canvas:
    """Rows of clay tiles, stained."""
    courses = swatch.rows_profile(56, fullness=0.3)
    stains = swatch.unit(swatch.streaks(rng, length_m=0.3, width_m=1.1))
    single = swatch.unit(swatch.streaks(rng, length_m=0.2, width_m=0.12))
    colour = swatch.tinted((0.5 * stains + 0.5 * single) * courses, (104, 84, 74), (168, 138, 122))
    return Canvas(colour_hwb=colour, height_hw=np.ones_like(stains))


def yard(rng: np.random.Generator) -> Canvas:
    """Trodden earth with a little grass at the edges of use."""
    canvas = grass(rng)
    worn = swatch.unit(swatch.streaks(rng, length_m=2.5, width_m=2.0))
    canvas.height_hw *= np.clip(1.8 * worn - 0.7, 0, 1)
    return canvas


RECIPES: Final[dict[str, Recipe]] = {
    recipe.__name__: recipe
    for recipe in (
        maize, wheat_green, wheat_ripe, rape, rape_ripe, vegetables, potato, orchard, tree, greenhouse, fallow, lucerne,
        ploughed, grass, dirt_road, asphalt, roof, yard,
    )
}  # fmt: skip
