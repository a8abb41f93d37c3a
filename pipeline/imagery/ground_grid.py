"""Ground of a map tile as cells: what each one shows in any window of days, and never more as seen than was seen.

A cell is *seen* where looks of the window cover all of it together, and as old as the oldest of those it needs. One
that is not is *not assessable* where any look of the window found so in any of it, then *could not be flown* likewise.
What was not seen in only part of a cell is therefore shown, over the whole cell.

A cell's story is a chain of steps. A step says: from its ``day`` on, a level was reached since ``since``. Cells with
the same story share their steps, so that a window is worked out once for each step and not for each cell.

Axes: r = row, c = column.
"""

import gzip
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.imagery.cells import Patch, patches_of
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import bounds_m

CELLS: Final = 512
"""Cells along the side of a tile: pixels of it where it is shown at its own zoom."""
PARTS: Final = 2
"""Parts along the side of a cell: neighbours seen on different days cover it together if they overlap by a part."""
NEVER: Final = -1
OUTSIDE: Final = 0
"""The step at which cells begin that no survey area touches."""
INSIDE: Final = 1
MEDIA_TYPE: Final = "application/octet-stream"
MARGIN: Final = 4
"""Parts by which outlines go on beyond the tile, so that they are not cut where it counts."""


class Level(IntEnum):
    """What a step says of a cell."""

    SEEN = 0
    BLIND = 1
    """Imagery that could not be assessed."""
    SKIPPED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Ground that was looked at on a day (days since 1970), in metres of EPSG:3857."""

    level: Level
    day: int
    outline: BaseGeometry


@dataclass(slots=True)
class Steps:
    """The steps of all stories of a tile; a parent comes before its children."""

    parents: list[npt.NDArray[np.int64]] = field(default_factory=lambda: [np.array([OUTSIDE, INSIDE])])
    levels: list[npt.NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(2, np.int64)])
    days: list[npt.NDArray[np.int64]] = field(default_factory=lambda: [np.full(2, NEVER)])
    since: list[npt.NDArray[np.int64]] = field(default_factory=lambda: [np.full(2, NEVER)])
    count: int = 2

    def grow(
        self, before: npt.NDArray[np.int64], level: Level, day: int, since: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The steps that follow the steps ``before``, one for each pair of a step and a day since when."""
        all_pairs = before * 2**20 + since
        pairs = np.unique(all_pairs)
        self.parents.append(pairs >> 20)
        self.levels.append(np.full(len(pairs), int(level)))
        self.days.append(np.full(len(pairs), day))
        self.since.append(pairs & (2**20 - 1))
        self.count += len(pairs)
        return np.asarray(self.count - len(pairs) + np.searchsorted(pairs, all_pairs), np.int64)


def ground_grid(address: TileAddress, areas: Sequence[BaseGeometry], looks: Iterable[Look]) -> bytes:
    """The cells of a tile as the map reads them, gzipped; b"" where there is nothing.

    Little-endian: number of steps, then of each step its parent, its level, its day and since when (days since 1970,
    -1 for never), then of each cell its last step, row by row from the north-west.
    """
    known = sorted(looks, key=lambda look: look.day)
    if not known and not areas:
        return b""
    steps = Steps()
    last_rc = np.zeros((CELLS, CELLS), np.int64)
    for patch in _laid(address, areas):
        if patch is not None:
            last_rc[_cells(patch)] |= _any(patch.touched_rc)
    _tell(known, _laid(address, [look.outline for look in known]), steps, last_rc)
    if steps.count == INSIDE + 1 and not last_rc.any():
        return b""
    return _written(steps, last_rc)


def _tell(known: Sequence[Look], patches: Iterable[Patch | None], steps: Steps, last_rc: npt.NDArray[np.int64]) -> None:
    """Add all looks to the stories of cells, one day after the other."""
    newest_rc = np.full((CELLS * PARTS, CELLS * PARTS), NEVER, np.int32)
    since_rc = np.full((CELLS, CELLS), NEVER, np.int64)
    for day, pairs in groupby(zip(known, patches, strict=True), key=lambda pair: pair[0].day):
        laid = [(look.level, patch) for look, patch in pairs if patch is not None]
        seen = [patch for level, patch in laid if level is Level.SEEN]
        for patch in seen:
            height, width = patch.whole_rc.shape
            newest_rc[patch.row : patch.row + height, patch.column : patch.column + width][patch.whole_rc] = day
        for patch in seen:
            _see(patch, day, steps, newest_rc, since_rc, last_rc)
        for level, patch in laid:
            if level is not Level.SEEN:
                here = last_rc[_cells(patch)]
                touched = _any(patch.touched_rc)
                here[touched] = steps.grow(here[touched], level, day, np.full(int(touched.sum()), day))


def _see(
    patch: Patch,
    day: int,
    steps: Steps,
    newest_rc: npt.NDArray[np.int32],
    since_rc: npt.NDArray[np.int64],
    last_rc: npt.NDArray[np.int64],
) -> None:
    height, width = patch.whole_rc.shape
    parts_rc = newest_rc[patch.row : patch.row + height, patch.column : patch.column + width]
    oldest_rc = np.minimum.reduce([parts_rc[r::PARTS, c::PARTS] for r in range(PARTS) for c in range(PARTS)])
    since, last = since_rc[_cells(patch)], last_rc[_cells(patch)]
    newer = oldest_rc > since
    since[newer] = oldest_rc[newer]
    last[newer] = steps.grow(last[newer], Level.SEEN, day, since[newer])


def _laid(address: TileAddress, outlines: Sequence[BaseGeometry]) -> Iterable[Patch | None]:
    """Outlines as parts of cells of the tile."""
    left, bottom, right, top = bounds_m(address)
    part_m = (right - left) / (CELLS * PARTS)
    edge = MARGIN * part_m
    clipped = shapely.clip_by_rect(np.array(outlines, object), left - edge, bottom - edge, right + edge, top + edge)
    in_parts = shapely.transform(clipped, lambda points: (points - (left, top)) / (part_m, -part_m))
    return patches_of(list(in_parts), CELLS * PARTS, aligned=PARTS)


def _cells(patch: Patch) -> tuple[slice, slice]:
    height, width = patch.whole_rc.shape
    row, column = patch.row // PARTS, patch.column // PARTS
    return slice(row, row + height // PARTS), slice(column, column + width // PARTS)


def _any(parts_rc: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cells of which any part is."""
    parts = [parts_rc[r::PARTS, c::PARTS] for r in range(PARTS) for c in range(PARTS)]
    return np.asarray(np.logical_or.reduce(parts), bool)


def _written(steps: Steps, last_rc: npt.NDArray[np.int64]) -> bytes:
    columns = [
        np.concatenate(column).astype("<i4") for column in (steps.parents, steps.levels, steps.days, steps.since)
    ]
    body = b"".join(column.tobytes() for column in (*columns, last_rc.astype("<i4")))
    return gzip.compress(struct.pack("<i", steps.count) + body, compresslevel=4, mtime=0)
