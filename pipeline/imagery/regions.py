"""Regions of a raster of cells: what a scan and an evaluation both mean by "one flag".

Axes: r = cell row, c = cell column.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

EIGHT_NEIGHBOURS: Final = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Groups of cells that touch: the number of each cell's group, int32 [r, c], 0 for none; and those that count."""

    numbers_rc: npt.NDArray[np.int32]
    raised: npt.NDArray[np.int32]

    def cells(self) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """The rows and columns of the cells of each raised group, in the order of ``raised``."""
        boxes = ndimage.find_objects(self.numbers_rc)
        found = []
        for number in self.raised:
            box = boxes[number - 1]
            rows, columns = np.nonzero(self.numbers_rc[box] == number)
            found.append((rows + box[0].start, columns + box[1].start))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Cells as runs along their rows, in cells: ``left`` to ``right`` (beyond the last) in ``row``; all intp [runs]."""

    left: npt.NDArray[np.intp]
    right: npt.NDArray[np.intp]
    row: npt.NDArray[np.intp]


def grow(low_rc: npt.NDArray[np.bool_], high_rc: npt.NDArray[np.bool_]) -> Regions:
    """Each 8-connected group of ``low_rc`` that holds a cell of ``high_rc`` (hysteresis; Canny, 1986)."""
    numbers_rc, _ = ndimage.label(low_rc, EIGHT_NEIGHBOURS, output=np.int32)
    return Regions(numbers_rc=numbers_rc, raised=np.unique(numbers_rc[high_rc & low_rc]))


def runs_of(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Runs:
    """Cells in reading order as runs."""
    breaks = np.nonzero((np.diff(rows) != 0) | (np.diff(columns) != 1))[0] + 1
    firsts, lasts = np.r_[0, breaks], np.r_[breaks, len(rows)] - 1
    return Runs(left=columns[firsts], right=columns[lasts] + 1, row=rows[firsts])
