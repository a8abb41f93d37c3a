"""Light on the ground and what the camera makes of it: shadows, seams between photographs, exposure, blur, noise.

Axes: h = row, w = column, b = band (red, green, blue).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.imagery.scenes.atlas import ONE, Words
from pipeline.imagery.scenes.noise import Floats, Tile, field, hashed
from pipeline.imagery.scenes.spec import Conditions

DOUBLINGS: Final = 7
REACH_PX: Final = 2**DOUBLINGS + 4
"""Shadows of what stands in ``heights`` are followed this far."""

PHOTO_M: Final = (21.0, 15.0)
"""How much ground of each photograph goes into the mosaic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photographs:
    """What differs from photograph to photograph, for each pixel [h, w].

    ``gain_hw`` multiplies brightness, ``blur_hw`` in [0, 1] softens, and ``shift_hw`` is by how much the ground appears
    moved, in fixed-point texels.
    """

    gain_hw: Floats
    blur_hw: Floats
    shift_hw: Words


def photographs(tile: Tile, day: Conditions, seed: int) -> Photographs:
    """The mosaic's seams: photographs in a lattice along the flight, cut along wavering lines."""
    cosine, sine = np.cos(day.flight_angle), np.sin(day.flight_angle)
    x = (tile.col + np.arange(tile.width) + 0.5) * tile.gsd_m
    y = (tile.row + np.arange(tile.height) + 0.5) * tile.gsd_m
    waver = field(tile, cells_m=(7.0, 2.2, 0.7), salt=seed * 31 + 41)
    cols = _cells(x * cosine, y * sine, waver * 2.6, PHOTO_M[0])
    rows = _cells(-x * sine, y * cosine, waver * -3.1, PHOTO_M[1])
    first_col, first_row = int(cols.min()), int(rows.min())
    columns = int(cols.max()) - first_col + 1
    rows -= first_row
    rows *= columns
    rows += cols
    rows -= first_col
    lines = int(rows.max()) // columns + 1
    kinds = hashed(
        np.arange(columns)[None, :] + first_col, np.arange(lines)[:, None] + first_row, seed * 31 + 42
    ).reshape(-1)
    dice = kinds.view(np.uint8).reshape(-1, 4) / np.float32(255)
    gain = 0.965 + 0.07 * dice[:, 0]
    blur = np.clip(day.softness + 0.5 * (dice[:, 1] ** 2 - 0.3), 0, 1)
    shift = ((dice[:, 2] - 0.5) * 5 * ONE).astype(np.int64) & 0xFFFFFFFF
    return Photographs(
        gain_hw=gain.astype(np.float32)[rows],
        blur_hw=blur.astype(np.float32)[rows],
        shift_hw=shift.astype(np.uint32)[rows],
    )


def _cells(
    across: Floats, down: Floats, waver: Floats, side_m: float
) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """The number of the cell of a lattice that each pixel is in."""
    place = waver + across[None, :].astype(np.float32)
    place += down[:, None].astype(np.float32)
    place *= np.float32(1 / side_m)
    return np.floor(place, out=place).astype(np.int32)


def lit(heights_m_hw: Floats, day: Conditions, gsd_m: float) -> Floats:
    """How much sunlight and skylight falls on ground of these heights: about 1 on level ground, ``shade`` in shadow.

    A band of ``REACH_PX`` at the sunward edges, and of 3 px at the others, is not to be used.
    """
    sun_x, sun_y = day.sun_xy
    light = heights_m_hw - _towards(heights_m_hw, round(sun_x * 1.6), round(sun_y * 1.6))
    light *= np.float32(1.1)
    np.clip(light, -0.22, 0.2, out=light)
    light += 1
    highest = heights_m_hw.copy()
    for doubling in range(DOUBLINGS):
        step = 2**doubling
        fall = np.float32(np.hypot(round(sun_x * step), round(sun_y * step)) * gsd_m * day.sun_slope)
        _raise(highest, round(sun_x * step), round(sun_y * step), fall)
    highest -= heights_m_hw
    highest *= np.float32((1 - day.shade) / 0.05)
    np.clip(highest, 0, 1 - day.shade, out=highest)
    light *= 1 - highest
    return light


def _raise(highest_hw: Floats, right: int, down: int, fall: np.float32) -> None:
    """Raise each pixel to what is this many pixels away, lowered by ``fall``; what is outside raises nothing."""
    height, width = highest_hw.shape
    here = highest_hw[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    there = highest_hw[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)]
    np.maximum(here, there - fall, out=here)


def _towards(values_hw: Floats, right: int, down: int) -> Floats:
    """The values this many pixels away; wraps at the edges, which are not to be used."""
    return np.roll(values_hw, (-down, -right), axis=(0, 1))


def softened(values_hw: Floats) -> Floats:
    """Blurred by the binomial 1 2 1 along both axes; the outermost pixels are not to be used."""
    across = values_hw[:, :-2] + values_hw[:, 2:]
    across *= np.float32(0.25)
    across += values_hw[:, 1:-1] * np.float32(0.5)
    out = np.empty_like(values_hw)
    inner = out[1:-1, 1:-1]
    np.add(across[:-2], across[2:], out=inner)
    inner *= np.float32(0.25)
    inner += across[1:-1] * np.float32(0.5)
    out[0], out[-1], out[:, 0], out[:, -1] = 0, 0, 0, 0
    return out
