"""Pieces of ground cut on the fly.

Chip ``n`` of step ``s`` is a pure function of the seed, so a resumed training sees what an uninterrupted one would have
seen.

Axes: n = chip, h = row, w = column, b = band (red, green, blue), y = cell row, x = cell column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.domain.model import CellRule
from pipeline.errors import InvalidInputError
from pipeline.imagery.masks import burn
from pipeline.imagery.pixels import Patch
from pipeline.imagery.placing import open_ground
from pipeline.learning.labels import LabelledGround
from pipeline.settings import STRICT

COARSEST_CELL_PX: Final = 32
"""Chips are whole cells of this size, and so of every smaller one."""
IGNORED: Final = -1.0
"""The truth of a cell that teaches and counts nothing."""


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Sampling:
    """Which chips a step sees."""

    chip_px: int = 256
    batch: int = 24
    target_share: float = 0.5
    """Chips around a random target."""
    look_alike_share: float = 0.15
    """Chips around a random other label, where there are any; the rest lie anywhere."""
    hard_share: float = 0.4
    """Of that rest, chips around clear cells that the network took for target when it was last asked."""
    mine_every: int = 300
    """Steps between two searches for such cells over the training ground; 0: never."""
    mine_mpix: float = 60.0
    """Ground searched each time, in millions of model pixels: all of it, or another random part each time."""
    paste_share: float = 0.0
    """Chips without target into which targets from elsewhere are pasted."""
    cache_gb: float = 2.0
    """Ground up to this size in all is held in memory, more is read chip by chip."""

    def __post_init__(self) -> None:
        """Refuse chips that are not whole cells.

        Raises:
            InvalidInputError: A size or share is impossible.
        """
        if self.chip_px < COARSEST_CELL_PX or self.chip_px % COARSEST_CELL_PX or self.batch < 1:
            raise InvalidInputError(
                f"chip_px {self.chip_px} must be a multiple of {COARSEST_CELL_PX} and batch {self.batch} at least 1"
            )
        if not (
            self.target_share >= 0 and self.look_alike_share >= 0 and self.target_share + self.look_alike_share <= 1
        ):
            raise InvalidInputError("target_share and look_alike_share must be shares of one whole")
        if not (0 <= self.hard_share <= 1 and 0 <= self.paste_share <= 1):
            raise InvalidInputError("hard_share and paste_share must be in [0, 1]")
        if self.mine_every < 0 or self.mine_mpix <= 0:
            raise InvalidInputError("mine_every must not be negative, mine_mpix must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Pixels and truth: uint8 [h, w, 3], and bool [h, w] where there is target, look-alike and imagery.

    ``known_hw`` is where anything is known of the ground; None where that is everywhere. What is unknown is seen, but
    teaches and counts nothing.
    """

    pixels_hwb: npt.NDArray[np.uint8]
    target_hw: npt.NDArray[np.bool_]
    other_hw: npt.NDArray[np.bool_]
    valid_hw: npt.NDArray[np.bool_]
    known_hw: npt.NDArray[np.bool_] | None = None

    @property
    def counted_hw(self) -> npt.NDArray[np.bool_]:
        """Imagery of ground of which something is known; bool [h, w]."""
        return self.valid_hw if self.known_hw is None else self.valid_hw & self.known_hw


class Terrain:
    """A labelled ground open for cutting: pixels from memory or file, targets burnt as they are asked for."""

    def __init__(self, ground: LabelledGround, *, fill_rgb: tuple[int, int, int], cached: bool) -> None:
        self.ground = ground
        self.fill_rgb = fill_rgb
        self._raster = open_ground(ground.path, scale=ground.scale, fill_rgb=fill_rgb)
        self._targets = shapely.STRtree(np.array(ground.targets, dtype=object))
        self._others = shapely.STRtree(np.array(ground.look_alikes, dtype=object))
        self._unknowns = shapely.STRtree(np.array(ground.unknowns, dtype=object))
        self._cache: Patch | None = None
        if cached:
            self._cache = self._read(0, 0, *self._extent)
            self.close()

    def close(self) -> None:
        """Close the file; what is in memory stays."""
        self._raster.__exit__(None, None, None)

    def cut(self, *, column_px: int, row_px: int, width_px: int, height_px: int) -> Chip:
        """The window with that corner; outside the ground it holds the fill colour and is not valid."""
        pixels_hwb = np.empty((height_px, width_px, 3), np.uint8)
        pixels_hwb[:] = self.fill_rgb
        valid_hw = np.zeros((height_px, width_px), bool)
        left, top = max(column_px, 0), max(row_px, 0)
        width = min(column_px + width_px, self._extent[0]) - left
        height = min(row_px + height_px, self._extent[1]) - top
        if width > 0 and height > 0:
            inside = np.s_[top - row_px : top - row_px + height, left - column_px : left - column_px + width]
            patch = self._read(left, top, width, height)
            pixels_hwb[inside], valid_hw[inside] = patch.pixels_hwb, patch.valid_hw
        frame = (column_px, row_px, column_px + width_px, row_px + height_px)
        target_hw, other_hw = (_burn(outlines, frame) & valid_hw for outlines in (self._targets, self._others))
        known_hw = ~_burn(self._unknowns, frame) if len(self._unknowns) else None
        return Chip(pixels_hwb=pixels_hwb, target_hw=target_hw, other_hw=other_hw, valid_hw=valid_hw, known_hw=known_hw)

    @property
    def known_px(self) -> float:
        """The ground of which something is known, in model pixels; at least one."""
        return max(1.0, self.ground.size.pixels - float(shapely.area(self._unknowns.geometries).sum()))

    @property
    def _extent(self) -> tuple[int, int]:
        """Width and height in model pixels."""
        return self.ground.size.width_px, self.ground.size.height_px

    def _read(self, column: int, row: int, width: int, height: int) -> Patch:
        """A window inside the ground, from memory if it is there."""
        cache = self._cache
        if cache is None:
            left, top = column + self.ground.left_px, row + self.ground.top_px
            return self._raster.read(column_px=left, row_px=top, width_px=width, height_px=height)
        part = np.s_[row : row + height, column : column + width]
        return Patch(pixels_hwb=cache.pixels_hwb[part], valid_hw=cache.valid_hw[part])


def _burn(outlines: shapely.STRtree, frame: tuple[int, int, int, int]) -> npt.NDArray[np.bool_]:
    """The outlines that touch a frame (left, top, right, bottom in model pixels), as pixels of it; bool [h, w]."""
    left, top, right, bottom = frame
    touching = outlines.query(shapely.box(*frame))
    moved = shapely.transform(outlines.geometries[np.sort(touching)], lambda points: points - (left, top))
    return burn(list(moved), width_px=right - left, height_px=bottom - top)


def open_terrains(
    grounds: Sequence[LabelledGround], *, fill_rgb: tuple[int, int, int], cache_gb: float
) -> tuple[Terrain, ...]:
    """Each ground open for cutting, in memory if all of them fit into ``cache_gb``."""
    cached = sum(ground.size.pixels for ground in grounds) * 4 <= cache_gb * 1e9
    return tuple(Terrain(ground, fill_rgb=fill_rgb, cached=cached) for ground in grounds)


class ChipSampler:
    """Draws the windows of a step."""

    def __init__(self, terrains: Sequence[Terrain], sampling: Sampling, *, seed: int) -> None:
        self._terrains = terrains
        self._sampling = sampling
        self._seed = seed
        areas = np.array([terrain.known_px for terrain in terrains], float)
        self._area_share = areas / areas.sum()
        self._targets = _centres(terrains, of_targets=True)
        self._look_alikes = _centres(terrains, of_targets=False)
        self.hard: npt.NDArray[np.float64] = np.zeros((0, 3))
        """Terrain number, x and y of cells that fooled the network."""

    def batch(self, step: int, *, margin: float) -> list[Chip]:
        """The chips of one step, each ``margin`` times as wide as ``chip_px`` so that it can be turned and scaled."""
        rng = np.random.default_rng([self._seed, step])
        side = 2 * round(self._sampling.chip_px * margin / 2)
        return [self._draw(rng, side) for _ in range(self._sampling.batch)]

    def _draw(self, rng: np.random.Generator, side: int) -> Chip:
        """One chip around a target, a look-alike or a hard cell, or anywhere."""
        centres = self._lot(rng.random())
        if len(centres):
            which, x, y = centres[rng.integers(len(centres))]
            x, y = (x, y) + rng.uniform(-0.5, 0.5, 2) * self._sampling.chip_px * 0.9
        else:
            which = rng.choice(len(self._terrains), p=self._area_share)
            size = self._terrains[which].ground.size
            x, y = rng.uniform((0, 0), (size.width_px, size.height_px))
        corner = {"column_px": int(x - side / 2), "row_px": int(y - side / 2)}
        return self._terrains[int(which)].cut(**corner, width_px=side, height_px=side)

    def _lot(self, lot: float) -> npt.NDArray[np.float64]:
        """The places that a lot in [0, 1) falls to; none of them where the chip may lie anywhere."""
        told = self._sampling
        hard_upto = 1 - (1 - told.target_share - told.look_alike_share) * (1 - told.hard_share)
        if lot < told.target_share and len(self._targets):
            return self._targets
        if lot < told.target_share + told.look_alike_share and len(self._look_alikes):
            return self._look_alikes
        return self.hard if lot < hard_upto else self.hard[:0]


def _centres(terrains: Sequence[Terrain], *, of_targets: bool) -> npt.NDArray[np.float64]:
    """Terrain number, x and y of a point inside each label; float [labels, 3]."""
    found = [
        (number, point.x, point.y)
        for number, terrain in enumerate(terrains)
        for outline in (terrain.ground.targets if of_targets else terrain.ground.look_alikes)
        for point in [outline.representative_point()]
    ]
    return np.array(found, float).reshape(-1, 3)


def truth_of(chip: Chip, rule: CellRule, *, cell_px: int) -> npt.NDArray[np.float32]:
    """The truth of each cell: 1 target, 0 clear, ``IGNORED`` neither; float32 [y, x].

    The share of target is taken over the pixels of the cell that are imagery and known.
    """
    valid_yx = count_cells(chip.counted_hw, cell_px)
    share_yx = count_cells(chip.target_hw & chip.counted_hw, cell_px) / np.maximum(valid_yx, 1)
    truth_yx = np.where(share_yx >= rule.target_from, 1.0, np.where(share_yx < rule.clear_below, 0.0, IGNORED))
    truth_yx[valid_yx < rule.least_valid_share * cell_px**2] = IGNORED
    return truth_yx.astype(np.float32)


def count_cells(mask_hw: npt.NDArray[np.bool_], cell_px: int) -> npt.NDArray[np.int64]:
    """How many pixels of each cell are true; [y, x]."""
    rows, columns = mask_hw.shape[0] // cell_px, mask_hw.shape[1] // cell_px
    return np.asarray(mask_hw.reshape(rows, cell_px, columns, cell_px).sum(axis=(1, 3)), np.int64)
