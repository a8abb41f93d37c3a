"""Swatches of the poppy-like crop, from rosette to seed head, and of what is taken for it: beds, lettuce, cabbage.

The crop is sown by hand: plants of uneven size stand irregularly, glaucous (grey-green with a bluish bloom), with soil
between them. The look-alikes are regular: heads in rows, or close-set bedding of many colours.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from pipeline.imagery.scenes import swatch
from pipeline.imagery.scenes.spec import Rgb
from pipeline.imagery.scenes.swatch import Canvas, Rosette

STAGES: Final = ("rosette", "bud", "flowering", "seed_head")
PETALS: Final[dict[str, tuple[Rgb, Rgb]]] = {
    "red": ((150, 38, 44), (196, 58, 58)),
    "pink": ((196, 112, 134), (220, 152, 166)),
    "white": ((206, 200, 196), (232, 228, 222)),
    "mauve": ((136, 92, 146), (178, 138, 182)),
}
"""Colour of the middle and of the rim of a flower."""

BEDDING: Final[tuple[Rgb, ...]] = (
    (218, 184, 58),
    (208, 120, 46),
    (132, 74, 140),
    (190, 56, 66),
    (224, 216, 204),
)


def rosette(rng: np.random.Generator) -> Canvas:
    """Lobed leaves flat on the ground, 15 to 35 cm across."""
    canvas = swatch.bare((116, 132, 116))
    _foliage(rng, canvas, per_m2=17, radius_m=0.15)
    return canvas


def bud(rng: np.random.Generator) -> Canvas:
    """Stems shot up, a pale bud on each."""
    canvas = swatch.bare((116, 132, 116))
    _foliage(rng, canvas, per_m2=24, radius_m=0.17)
    places = swatch.broadcast(rng, 14)
    swatch.plant(canvas, places, [swatch.dot(0.022, (158, 170, 140)), swatch.dot(0.018, (146, 160, 132))])
    return canvas


def flowering(rng: np.random.Generator, colour: str) -> Canvas:
    """Open flowers 6 to 11 cm across over thin foliage, in drifts, with buds and heads among them."""
    canvas = bud(rng)
    middle, rim = PETALS[colour]
    places = swatch.broadcast(rng, 26)
    drift = swatch.unit(swatch.streaks(rng, length_m=1.6, width_m=1.2))
    rows, cols = (places / swatch.TEXEL_M).astype(int).T % swatch.SIDE_PX
    seen = places[rng.uniform(size=len(places)) < 0.2 + 0.75 * drift[rows, cols]]
    swatch.plant(canvas, seen, [_flower(rng, middle, rim) for _ in range(24)])
    return canvas


def seed_head(rng: np.random.Generator) -> Canvas:
    """Petals fallen: round grey-green heads over yellowing leaves."""
    canvas = swatch.bare((128, 136, 108))
    _foliage(rng, canvas, per_m2=20, radius_m=0.15)
    canvas.colour_hwb *= np.array((1.08, 1.01, 0.88), np.float32)
    swatch.plant(canvas, swatch.broadcast(rng, 34), [swatch.dot(0.026, (176, 182, 150), fringe=(120, 128, 104))])
    return canvas


def lettuce(rng: np.random.Generator) -> Canvas:
    """Bright heads 30 cm across, set in lines."""
    canvas = swatch.bare((132, 152, 84))
    kind = Rosette(radius_m=0.145, leaves=9, slender=0.5, inner=(180, 192, 122), outer=(124, 148, 78), ragged=0.2)
    places = swatch.in_rows(rng, rows=44, spacing_m=0.33, jitter_m=0.02, gaps=0.05)
    swatch.plant(canvas, places, kind.stamps(rng))
    return canvas


def cabbage(rng: np.random.Generator) -> Canvas:
    """Blue-green heads half a metre across, set in lines."""
    canvas = swatch.bare((108, 128, 110))
    kind = Rosette(radius_m=0.24, leaves=9, slender=0.52, inner=(156, 172, 146), outer=(98, 122, 106), ragged=0.22)
    places = swatch.in_rows(rng, rows=28, spacing_m=0.5, jitter_m=0.03, gaps=0.05)
    swatch.plant(canvas, places, kind.stamps(rng))
    return canvas


def flower_bed(rng: np.random.Generator) -> Canvas:
    """Bedding plants set close in bands of one colour each."""
    canvas = swatch.bare((84, 104, 58))
    leaves = swatch.unit(swatch.streaks(rng, length_m=0.06, width_m=0.05))
    canvas.height_hw += 0.35 + 0.35 * leaves
    canvas.colour_hwb *= (0.7 + 0.5 * leaves)[..., None]
    places = swatch.in_rows(rng, rows=76, spacing_m=0.19, jitter_m=0.035, gaps=0.28)
    band = (places[:, 0] / 0.8).astype(int) % len(BEDDING)
    for number, rgb in enumerate(BEDDING):
        stamps = [swatch.dot(size, rgb, height=0.98) for size in (0.03, 0.045, 0.06)]
        swatch.plant(canvas, places[band == number], stamps)
    return canvas


def _foliage(rng: np.random.Generator, canvas: Canvas, *, per_m2: float, radius_m: float) -> None:
    """Glaucous plants strewn by hand, some of them small."""
    big = Rosette(
        radius_m=radius_m,
        leaves=8,
        slender=0.3,
        inner=(146, 160, 142),
        outer=(108, 126, 112),
        droop=0.6,
        ragged=0.7,
    )
    small = Rosette(
        radius_m=radius_m * 0.6,
        leaves=6,
        slender=0.34,
        inner=(140, 154, 134),
        outer=(112, 130, 114),
        ragged=0.7,
    )
    swatch.plant(canvas, swatch.broadcast(rng, per_m2 * 0.55), big.stamps(rng))
    swatch.plant(canvas, swatch.broadcast(rng, per_m2 * 0.45), small.stamps(rng))


def _flower(rng: np.random.Generator, middle: Rgb, rim: Rgb) -> swatch.Stamp:
    """One flower of four petals, none as bright as another."""
    tone = rng.uniform(0.86, 1.1)
    red, green, blue = (channel * tone for channel in middle)
    return swatch.dot(rng.uniform(0.026, 0.055), (red, green, blue), fringe=rim)


RECIPES: Final[dict[str, Callable[[np.random.Generator], Canvas]]] = {
    "rosette": rosette,
    "bud": bud,
    "seed_head": seed_head,
    "lettuce": lettuce,
    "cabbage": cabbage,
    "flower_bed": flower_bed,
    **{f"flowering_{colour}": partial(flowering, colour=colour) for colour in PETALS},
}
