"""Targets cut out of one place and set into another, so that a rare target is seen on more kinds of ground.

After Dwibedi et al. (2017), "Cut, Paste and Learn". A cut-out is turned, scaled and matched in brightness to where it
goes, and its edge is softened, so that the seam teaches nothing.

Axes: h = row, w = column, b = band.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from pipeline.learning.chips import Chip, Terrain

MOST_SHARE_OF_CHIP: Final = 0.4
"""A target wider than this share of a chip stays where it is."""
MOST_CUTTINGS: Final = 2000
AROUND_PX: Final = 3
SOFT_PX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """A target with a little ground around it: uint8 [h, w, 3], and how much of each pixel is taken, [0, 1] [h, w]."""

    pixels_hwb: npt.NDArray[np.uint8]
    target_hw: npt.NDArray[np.bool_]
    surround_level: float


def cuttings_of(terrains: Sequence[Terrain], *, chip_px: int) -> tuple[Cutting, ...]:
    """A cutting of each target that is small enough; every n-th where there are very many."""
    most_px = MOST_SHARE_OF_CHIP * chip_px
    small = [
        (terrain, outline)
        for terrain in terrains
        for outline in terrain.ground.targets
        if max(_sides(outline)) <= most_px and outline.area > 0
    ]
    every = -(-len(small) // MOST_CUTTINGS) if small else 1
    cut = (_cutting(terrain, outline) for terrain, outline in small[::every])
    return tuple(cutting for cutting in cut if cutting is not None)


def _sides(outline: shapely.Geometry) -> tuple[float, float]:
    """Width and height of an outline's bounds."""
    left, top, right, bottom = outline.bounds
    return right - left, bottom - top


def _cutting(terrain: Terrain, outline: shapely.Geometry) -> Cutting | None:
    """One target cut out; None where it reaches past the imagery."""
    left, top, _, _ = outline.bounds
    width, height = _sides(outline)
    margin = AROUND_PX + SOFT_PX
    chip = terrain.cut(
        column_px=int(left) - margin,
        row_px=int(top) - margin,
        width_px=int(width) + 2 * margin + 2,
        height_px=int(height) + 2 * margin + 2,
    )
    if not chip.valid_hw.all() or not chip.target_hw.any():
        return None
    around = chip.pixels_hwb[~chip.target_hw]
    level = float(around.mean()) if len(around) else float(chip.pixels_hwb.mean())
    return Cutting(pixels_hwb=chip.pixels_hwb, target_hw=chip.target_hw, surround_level=level)


def paste(chip: Chip, cuttings: Sequence[Cutting], rng: np.random.Generator) -> Chip:
    """``chip`` with one to three cuttings set where nothing is labelled; as it was where none fits."""
    pixels_hwb, target_hw = chip.pixels_hwb.copy(), chip.target_hw.copy()
    for _ in range(rng.integers(1, 4)):
        cutting = _turned(cuttings[int(rng.integers(len(cuttings)))], rng)
        height, width = cutting.target_hw.shape
        free_rows, free_columns = target_hw.shape[0] - height, target_hw.shape[1] - width
        if free_rows <= 0 or free_columns <= 0:
            continue
        row, column = rng.integers(free_rows), rng.integers(free_columns)
        place = np.s_[row : row + height, column : column + width]
        if chip.counted_hw[place].all() and not (target_hw[place] | chip.other_hw[place]).any():
            pixels_hwb[place] = _blended(pixels_hwb[place], cutting)
            target_hw[place] |= cutting.target_hw
    return replace(chip, pixels_hwb=pixels_hwb, target_hw=target_hw)


def _turned(cutting: Cutting, rng: np.random.Generator) -> Cutting:
    """A cutting laid another way and a little larger or smaller."""
    turns, mirrored, scale = int(rng.integers(4)), rng.random() < 0.5, rng.uniform(0.8, 1.25)  # noqa: PLR2004 - a coin
    pixels_hwb, target_hw = np.rot90(cutting.pixels_hwb, turns), np.rot90(cutting.target_hw, turns)
    if mirrored:
        pixels_hwb, target_hw = pixels_hwb[:, ::-1], target_hw[:, ::-1]
    size = (max(4, round(target_hw.shape[1] * scale)), max(4, round(target_hw.shape[0] * scale)))
    return replace(
        cutting,
        pixels_hwb=np.asarray(
            cv2.resize(np.ascontiguousarray(pixels_hwb), size, interpolation=cv2.INTER_LINEAR), np.uint8
        ),
        target_hw=cv2.resize(target_hw.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0,
    )


def _blended(ground_hwb: npt.NDArray[np.uint8], cutting: Cutting) -> npt.NDArray[np.uint8]:
    """The ground with the cutting on it: as bright as the ground asks, with a soft edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND_PX + 1, 2 * AROUND_PX + 1))
    wide_hw = cv2.dilate(cutting.target_hw.astype(np.uint8), kernel).astype(np.float32)
    taken_hw1 = cv2.GaussianBlur(wide_hw, (SOFT_PX, SOFT_PX), 0)[..., None]
    gain = np.clip(ground_hwb.mean() / max(cutting.surround_level, 1.0), 0.6, 1.6)
    lit_hwb = np.clip(cutting.pixels_hwb.astype(np.float32) * gain, 0, 255)
    return np.asarray((ground_hwb * (1 - taken_hw1) + lit_hwb * taken_hw1).round(), np.uint8)
