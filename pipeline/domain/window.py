"""Cells and windows: how a mosaic is cut for the model so that every pixel is looked at once.

Three grids share the mosaic's upper left corner: *mosaic pixels* as flown, *model pixels* at the model's ground
sampling distance, and *cells* of ``stride_px`` model pixels, for each of which the model gives one score.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CellGrid:
    """The cells over a mosaic.

    ``model_px_per_px`` is how many model pixels lie along one mosaic pixel (mosaic GSD / model GSD; 1 when the mosaic
    is read as it is). The last column and row may reach past the mosaic.
    """

    mosaic: Size
    stride_px: int
    model_px_per_px: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a grid without extent.

        Raises:
            InvalidInputError: The stride or the scale is not positive.
        """
        if self.stride_px < 1 or not self.model_px_per_px > 0:
            raise InvalidInputError(f"cells of {self.stride_px} px at scale {self.model_px_per_px} have no extent")

    @property
    def cell_px(self) -> float:
        """The side of a cell in mosaic pixels."""
        return self.stride_px / self.model_px_per_px

    @property
    def columns(self) -> int:
        """How many cells lie side by side; the last mosaic pixel's centre is inside."""
        return self.cell_of(self.mosaic.width_px - 1) + 1

    @property
    def rows(self) -> int:
        """How many cells lie one below the other; the last mosaic pixel's centre is inside."""
        return self.cell_of(self.mosaic.height_px - 1) + 1

    def cell_of(self, pixel: int) -> int:
        """The cell column (or row) that holds the centre of mosaic pixel column (or row) ``pixel``."""
        return math.floor((pixel + 0.5) * self.model_px_per_px / self.stride_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle of cells: the first column and row, and how many of each."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Windows of one height side by side: the unit a killed scan resumes at."""

    index: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """Cuts a grid of ``columns`` x ``rows`` cells into windows that cover each cell exactly once.

    Windows have one size, at most ``most_cells`` a side, chosen so that the last of a row is not a sliver; the grid of
    windows may start ``shift_cells`` early, which changes the cut and must never change a score. A strip is at most
    ``strip_windows`` wide, and strips run downwards, so that what neighbours share is still at hand when needed again.
    """

    columns: int
    rows: int
    most_cells: int
    strip_windows: int = 4
    shift_cells: int = 0

    def __post_init__(self) -> None:
        """Refuse a plan that could not cover the grid.

        Raises:
            InvalidInputError: A size is not positive, or the shift is not inside one window.
        """
        if min(self.columns, self.rows, self.most_cells, self.strip_windows) < 1:
            raise InvalidInputError(
                f"windows of {self.most_cells} cells over {self.columns} x {self.rows} cells cover nothing"
            )
        if not 0 <= self.shift_cells < self.most_cells:
            raise InvalidInputError(f"shift {self.shift_cells} cells must be in [0, {self.most_cells})")

    @property
    def window_columns(self) -> int:
        """How many cells wide a whole window is."""
        return _even_share(self.columns, self.most_cells)

    @property
    def window_rows(self) -> int:
        """How many cells high a whole window is."""
        return _even_share(self.rows, self.most_cells)

    def strips(self) -> Iterator[Strip]:
        """Every strip, band of columns by band of columns, each from top to bottom."""
        across = self._spans(self.columns, self.window_columns)
        down = self._spans(self.rows, self.window_rows)
        index = 0
        for first in range(0, len(across), self.strip_windows):
            band = across[first : first + self.strip_windows]
            for row, rows in down:
                windows = tuple(Window(column=column, row=row, columns=columns, rows=rows) for column, columns in band)
                yield Strip(index=index, windows=windows)
                index += 1

    def _spans(self, length: int, step: int) -> tuple[tuple[int, int], ...]:
        """Start and length of each span of at most ``step`` cells along one axis."""
        starts = range(-(self.shift_cells % step), length, step)
        return tuple((max(start, 0), min(start + step, length) - max(start, 0)) for start in starts)


def _even_share(length: int, most: int) -> int:
    """The longest of the shortest equal spans, none above ``most``, that cover ``length``."""
    return math.ceil(length / math.ceil(length / most))
