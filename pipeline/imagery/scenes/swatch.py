"""Swatches: square, endless pieces of ground cover as seen from straight above, and the ways to fill one.

A swatch is stored as uint32 [h, w]: red, green and blue of the plants in the low three bytes and their height in the
highest, 0 for bare ground up to 255. Whether a plant is there is decided when a scene is painted: ground of vigour v
shows what is higher than 1 - v, so that the same swatch gives seedlings, gaps and a closed canopy. Rows run along w.

Axes: h = row, w = column, b = band (red, green, blue).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipeline.imagery.scenes.noise import Floats
from pipeline.imagery.scenes.spec import Rgb

SIDE_PX: Final = 1024
TEXEL_M: Final = 0.015
SIDE_M: Final = SIDE_PX * TEXEL_M

Packed = npt.NDArray[np.uint32]


@dataclass(slots=True, kw_only=True)
class Canvas:
    """A swatch in the making: ``colour_hwb`` in 0 to 255 and ``height_hw`` in [0, 1], both float32, 1024 px a side."""

    colour_hwb: Floats
    height_hw: Floats

    def packed(self) -> Packed:
        """The swatch as stored, uint32 [h, w]."""
        levels = np.empty((SIDE_PX, SIDE_PX, 4), np.uint8)
        levels[..., :3] = np.clip(self.colour_hwb, 0, 255)
        levels[..., 3] = np.clip(self.height_hw, 0, 1) * 255
        return levels.view("<u4")[..., 0].astype(np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One plant: colours [h, w, 3] in 0 to 255 and heights [h, w] in [0, 1], 0 where it does not reach."""

    colour_hwb: Floats
    height_hw: Floats


def bare(rgb: Rgb = (0, 0, 0)) -> Canvas:
    """An empty swatch of one colour."""
    colour = np.empty((SIDE_PX, SIDE_PX, 3), np.float32)
    colour[:] = rgb
    return Canvas(colour_hwb=colour, height_hw=np.zeros((SIDE_PX, SIDE_PX), np.float32))


def streaks(rng: np.random.Generator, *, length_m: float, width_m: float, angle: float = 0.0) -> Floats:
    """Endless noise of blobs of this length and width, turned by ``angle`` against the rows; mean 0, deviation 1."""
    frequency = np.fft.fftfreq(SIDE_PX, TEXEL_M)
    across, down = np.fft.rfftfreq(SIDE_PX, TEXEL_M)[None, :], frequency[:, None]
    along = across * np.cos(angle) + down * np.sin(angle)
    beside = down * np.cos(angle) - across * np.sin(angle)
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE_PX, SIDE_PX)))
    spectrum *= np.exp(-((along * length_m) ** 2 + (beside * width_m) ** 2) * 2)
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(SIDE_PX, SIDE_PX))
    streaked: Floats = (noise / noise.std()).astype(np.float32)
    return streaked


def blades(rng: np.random.Generator, *, length_m: float, width_m: float, spread: float) -> tuple[Floats, Floats]:
    """Leaves that lie over each other within ``spread`` radians of the rows: height in [0, 1], and which is on top."""
    angles = np.linspace(-spread, spread, 5)
    layers = np.stack([streaks(rng, length_m=length_m, width_m=width_m, angle=angle) for angle in angles])
    return unit(layers.max(axis=0)), layers.argmax(axis=0).astype(np.float32) / 4


def unit(noise: Floats) -> Floats:
    """Noise stretched so that its 1st and 99th percentile become 0 and 1, and clipped."""
    low, high = np.percentile(noise[::4, ::4], (1, 99))
    stretched: Floats = np.clip((noise - low) / (high - low), 0, 1).astype(np.float32)
    return stretched


def ranked(noise: Floats) -> Floats:
    """Noise spread evenly over [0, 1], so that ground of vigour v shows a share of about v of it."""
    steps = np.linspace(0, 1, 65)
    return np.interp(noise, np.quantile(noise[::2, ::2], steps), steps).astype(np.float32)


def rows_profile(count: int, *, fullness: float) -> Floats:
    """1 on the middle of each of ``count`` rows, falling to 1 - ``fullness`` between them; [h, 1]."""
    place = (np.arange(SIDE_PX) + 0.5) / SIDE_PX * count % 1
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * place)
    return (1 - fullness * (1 - wave))[:, None].astype(np.float32)


def tramlines(*, at_m: float, gauge_m: float = 1.8, width_m: float = 0.34) -> Floats:
    """0 in the two wheel tracks of a tractor, 1 elsewhere; [h, 1]."""
    place = (np.arange(SIDE_PX) + 0.5) * TEXEL_M - at_m
    track = np.minimum(np.abs(place - gauge_m / 2), np.abs(place + gauge_m / 2))
    clear: Floats = np.clip((track - width_m / 2) / 0.12 + 0.5, 0, 1)[:, None].astype(np.float32)
    return clear


def tinted(shares_hw: Floats, low: Rgb, high: Rgb) -> Floats:
    """Colours between two, [h, w, 3]; ``shares_hw`` in [0, 1]."""
    start, end = np.array(low, np.float32), np.array(high, np.float32)
    return start + shares_hw[..., None] * (end - start)


def in_rows(
    rng: np.random.Generator, *, rows: int, spacing_m: float, jitter_m: float, gaps: float
) -> npt.NDArray[np.float64]:
    """Places of plants [n, 2] as (row, column) in metres, ``rows`` rows to the swatch, a share of ``gaps`` missing."""
    count = max(1, round(SIDE_M / spacing_m))
    row = np.repeat((np.arange(rows) + 0.5) / rows * SIDE_M, count)
    col = np.tile((np.arange(count) + 0.5) / count * SIDE_M, rows)
    places = np.stack([row, col], axis=1) + rng.normal(0, jitter_m, (rows * count, 2)) * (0.35, 1)
    return places[rng.uniform(size=len(places)) >= gaps]


def broadcast(rng: np.random.Generator, per_m2: float) -> npt.NDArray[np.float64]:
    """Places of plants [n, 2] as (row, column) in metres, strewn by hand."""
    return rng.uniform(0, SIDE_M, (round(per_m2 * SIDE_M**2), 2))


def plant(canvas: Canvas, places_m: npt.NDArray[np.float64], stamps: Iterable[Stamp]) -> None:
    """Put a plant on each place in turn; of two leaves over each other the higher is seen. Wraps round the edges."""
    kinds = list(stamps)
    for number, (row_m, col_m) in enumerate(places_m):
        stamp = kinds[number % len(kinds)]
        height, width = stamp.height_hw.shape
        rows = (np.arange(height) + int(row_m / TEXEL_M) - height // 2) % SIDE_PX
        cols = (np.arange(width) + int(col_m / TEXEL_M) - width // 2) % SIDE_PX
        place = np.ix_(rows, cols)
        under = canvas.height_hw[place]
        higher = stamp.height_hw > under
        canvas.height_hw[place] = np.where(higher, stamp.height_hw, under)
        canvas.colour_hwb[place] = np.where(higher[..., None], stamp.colour_hwb, canvas.colour_hwb[place])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rosette:
    """A plant of ``leaves`` leaves around a stem; sizes in metres, ``slender`` is a leaf's width over its length.

    ``droop`` in [0, 1] is how much lower the tip of a leaf is than the stem; ``ragged`` in [0, 1] how irregular it is.
    """

    radius_m: float
    leaves: int
    slender: float
    inner: Rgb
    outer: Rgb
    droop: float = 0.7
    ragged: float = 0.3

    def stamps(self, rng: np.random.Generator, count: int = 24) -> list[Stamp]:
        """Some plants of this kind, no two alike."""
        return [self._grown(rng) for _ in range(count)]

    def _grown(self, rng: np.random.Generator) -> Stamp:
        """One plant."""
        size = self.radius_m * rng.uniform(1 - self.ragged, 1 + 0.4 * self.ragged)
        reach = int(np.ceil(size * 1.15 / TEXEL_M)) + 1
        down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1] * TEXEL_M
        height = np.zeros(down.shape)
        shade = np.zeros(down.shape)
        turn = rng.uniform(0, 2 * np.pi)
        for leaf in range(self.leaves):
            angle = turn + (leaf + self.ragged * rng.normal(0, 0.6)) * 2 * np.pi / self.leaves
            length = size * rng.uniform(1 - 0.6 * self.ragged, 1.1)
            along = (across * np.cos(angle) + down * np.sin(angle)) / length
            beside = (down * np.cos(angle) - across * np.sin(angle)) / (length * self.slender)
            inside = np.clip(1 - ((along - 0.5) / 0.5) ** 2, 0, None) - beside**2
            blade = np.where(inside > 0, (1 - self.droop * np.clip(along, 0, 1)) * np.minimum(1, 0.55 + inside), 0)
            shade = np.where(blade > height, rng.uniform(-0.12, 0.12), shade)
            height = np.maximum(height, blade)
        height = ndimage.uniform_filter(height, 2) * rng.uniform(0.72, 1)
        centre = np.clip(np.hypot(down, across) / size, 0, 1).astype(np.float32)
        colour = tinted(centre, self.inner, self.outer) * (1 + shade + rng.normal(0, 0.06))[..., None]
        return Stamp(colour_hwb=colour.astype(np.float32), height_hw=height.astype(np.float32))


def dot(radius_m: float, rgb: Rgb, *, height: float = 1.0, fringe: Rgb | None = None) -> Stamp:
    """A round flower or fruit seen from above, ``fringe`` the colour of its rim."""
    reach = int(np.ceil(radius_m / TEXEL_M)) + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1] * TEXEL_M
    away = np.hypot(down, across) / radius_m
    colour = tinted(np.clip(away, 0, 1).astype(np.float32), rgb, fringe or rgb)
    return Stamp(colour_hwb=colour, height_hw=np.where(away <= 1, height, 0).astype(np.float32))
