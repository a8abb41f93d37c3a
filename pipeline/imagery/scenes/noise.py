"""Noise that depends on nothing but place and salt, so that a tile looks the same however a scene is cut.

Axes: h = row, w = column.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.float64]

LATTICE_PX: Final = 16
"""Smooth fields are computed this many pixels apart and interpolated between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A piece of a scene: its upper left pixel, which may be negative, its size, and the size of a pixel."""

    col: int
    row: int
    width: int
    height: int
    gsd_m: float

    def grown(self, *, left: int, top: int, right: int, bottom: int) -> "Tile":
        """The tile with this many pixels more on each side."""
        return Tile(
            col=self.col - left,
            row=self.row - top,
            width=self.width + left + right,
            height=self.height + top + bottom,
            gsd_m=self.gsd_m,
        )

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in metres from the scene's upper left corner."""
        return (
            self.col * self.gsd_m,
            self.row * self.gsd_m,
            (self.col + self.width) * self.gsd_m,
            (self.row + self.height) * self.gsd_m,
        )


def hashed(cols: npt.NDArray[np.integer], rows: npt.NDArray[np.integer], salt: int) -> npt.NDArray[np.uint32]:
    """Well mixed 32 bits for each pair of whole numbers; the arguments are broadcast against each other."""
    mixed = cols.astype(np.uint32) * np.uint32(0x9E3779B1) ^ rows.astype(np.uint32) * np.uint32(0x85EBCA77)
    mixed += np.uint32(salt * 0xC2B2AE3D & 0xFFFFFFFF)
    # the finaliser "lowbias32" (Wellons, 2018)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def value_at(x_m: Places, y_m: Places, *, cell_m: float, salt: int) -> Places:
    """Value noise in [-1, 1] at places in metres, smooth between random values ``cell_m`` apart."""
    across, down = x_m / cell_m, y_m / cell_m
    col, row = np.floor(across).astype(np.int64), np.floor(down).astype(np.int64)
    right, below = _ease(across - col), _ease(down - row)
    upper = _lattice(col, row, salt) * (1 - right) + _lattice(col + 1, row, salt) * right
    lower = _lattice(col, row + 1, salt) * (1 - right) + _lattice(col + 1, row + 1, salt) * right
    noise: Places = upper * (1 - below) + lower * below
    return noise


def fractal_at(x_m: Places, y_m: Places, *, cells_m: tuple[float, ...], salt: int) -> Places:
    """Value noise of several scales, each cell size half as strong as the one before, in [-1, 1]."""
    strengths = [0.6**order for order in range(len(cells_m))]
    layers = (
        strength * value_at(x_m, y_m, cell_m=cell, salt=salt + order)
        for order, (cell, strength) in enumerate(zip(cells_m, strengths, strict=True))
    )
    total: Places = sum(layers, start=np.zeros(())) / sum(strengths)
    return total


def field(tile: Tile, *, cells_m: tuple[float, ...], salt: int) -> Floats:
    """A smooth field over a tile, float32 [h, w] in [-1, 1]."""
    first_col, first_row = tile.col // LATTICE_PX, tile.row // LATTICE_PX
    cols = np.arange(first_col, (tile.col + tile.width) // LATTICE_PX + 2)
    rows = np.arange(first_row, (tile.row + tile.height) // LATTICE_PX + 2)
    step_m = LATTICE_PX * tile.gsd_m
    x_m, y_m = cols.astype(np.float64) * step_m, rows.astype(np.float64) * step_m
    coarse = fractal_at(x_m[None, :], y_m[:, None], cells_m=cells_m, salt=salt)
    across = _between(np.arange(tile.col, tile.col + tile.width), first_col)
    down = _between(np.arange(tile.row, tile.row + tile.height), first_row)
    return _interpolated(_interpolated(coarse.astype(np.float32), across).T, down).T


def grain(tile: Tile, salt: int) -> npt.NDArray[np.uint8]:
    """Four independent uniform bytes for each pixel, uint8 [h, w, 4]."""
    cols = np.arange(tile.col, tile.col + tile.width)[None, :]
    rows = np.arange(tile.row, tile.row + tile.height)[:, None]
    return hashed(cols, rows, salt).view(np.uint8).reshape(tile.height, tile.width, 4)


def _between(pixels: npt.NDArray[np.integer], first: int) -> tuple[npt.NDArray[np.integer], Floats]:
    """For each pixel the lattice point before it, counted from ``first``, and how far past it the pixel is."""
    before = pixels // LATTICE_PX
    return before - first, ((pixels - before * LATTICE_PX) / LATTICE_PX).astype(np.float32)


def _interpolated(values_hw: Floats, between: tuple[npt.NDArray[np.integer], Floats]) -> Floats:
    """Columns between the columns of ``values_hw``."""
    before, past = between
    start = values_hw[:, before]
    out: Floats = values_hw[:, before + 1]
    out -= start
    out *= past
    out += start
    return out


def _lattice(cols: npt.NDArray[np.integer], rows: npt.NDArray[np.integer], salt: int) -> Places:
    """The random value of a lattice point, in [-1, 1]."""
    return hashed(cols, rows, salt).astype(np.float64) * (2 / 0xFFFFFFFF) - 1


def _ease(fraction: Places) -> Places:
    """Smoothstep: 0 to 1 with level ends."""
    eased: Places = fraction * fraction * (3 - 2 * fraction)
    return eased
