"""Reads tiles of ground as the map does: what each cell shows of a window of days."""

import gzip
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.imagery.ground_grid import CELLS, INSIDE, NEVER, Level


@dataclass(frozen=True)
class Read:
    """A tile; ``steps`` are rows of parent, level, day, since when."""

    steps: npt.NDArray[np.int32]
    cells_rc: npt.NDArray[np.int32]

    def newest(self, last: int) -> npt.NDArray[np.int32]:
        """Since when each level was reached by the end of the day ``last``, [level, r, c]."""
        found = np.full((len(self.steps), len(Level)), NEVER, np.int32)
        for number, (parent, level, day, since) in enumerate(self.steps):
            if parent != number:
                found[number] = found[parent]
                if day <= last:
                    found[number, level] = since
        return np.moveaxis(found[self.cells_rc], 2, 0)

    def state(self, first: int, last: int) -> npt.NDArray[np.str_]:
        """What each cell shows, [r, c]."""
        seen, blind, skipped = (days >= max(first, 0) for days in self.newest(last))
        inside = self.roots()[self.cells_rc] == INSIDE
        choices = ["seen", "not_assessable", "could_not_be_flown", "not_flown"]
        return np.select([seen, blind, skipped, inside], choices, "nothing")

    def roots(self) -> npt.NDArray[np.int32]:
        roots = np.arange(len(self.steps), dtype=np.int32)
        for number, (parent, *_) in enumerate(self.steps):
            roots[number] = roots[parent]
        return roots


def read_ground(tile: bytes, *, packed: bool = True) -> Read:
    raw = gzip.decompress(tile) if packed else tile
    (count,) = struct.unpack("<i", raw[:4])
    numbers = np.frombuffer(raw, "<i4", offset=4)
    return Read(steps=numbers[: 4 * count].reshape(4, count).T, cells_rc=numbers[4 * count :].reshape(CELLS, CELLS))
