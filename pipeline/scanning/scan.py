"""The dense scan: read ahead, score, write, resume. Every cell with imagery is scored once, whatever the windows.

Axes: h = row, w = column of model pixels; r, c = row, column of cells; b = band.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.model import Manifest
from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.domain.progress import Progress, Report
from pipeline.domain.window import CellGrid, Strip, Window, WindowPlan
from pipeline.imagery.layers import bounded_cache
from pipeline.imagery.neighbours import halo_px, pooled_distance, whole_cells
from pipeline.imagery.pixels import Ground, Patch, scale_for
from pipeline.imagery.quality import judge, measure_quality
from pipeline.scanning.engine import Answer, Engine, probabilities
from pipeline.scanning.ledger import Ledger, StripDone
from pipeline.scanning.scores import NOT_ASSESSED, quantise, reasons_of
from pipeline.settings import ScanSettings

Pixels: TypeAlias = npt.NDArray[np.uint8]
Number = TypeVar("Number", np.float32, np.float64, np.uint8)
Item = TypeVar("Item")
Result = TypeVar("Result")
STAGE: Final = "scanning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one mosaic is read for one model: its cells, its windows, and the pixels each window takes."""

    grid: CellGrid
    plan: WindowPlan
    halo_px: int

    @property
    def height_px(self) -> int:
        """Model pixels from top to bottom of what the engine is given for each window."""
        return self.plan.window_rows * self.grid.stride_px + 2 * self.halo_px

    @property
    def width_px(self) -> int:
        """Model pixels from left to right of what the engine is given for each window."""
        return self.plan.window_columns * self.grid.stride_px + 2 * self.halo_px

    def pixels(self, ground: Ground, window: Window) -> Pixels:
        """The window with its halo, uint8 [h, w, 3], always of one size; what is not there has the fill colour."""
        return self.patch(ground, window).pixels_hwb

    def patch(self, ground: Ground, window: Window) -> Patch:
        """The window with its halo as ``pixels`` gives it, and where it is imagery."""
        stride = self.grid.stride_px
        return ground.read(
            column_px=window.column * stride - self.halo_px,
            row_px=window.row * stride - self.halo_px,
            width_px=self.width_px,
            height_px=self.height_px,
        )

    def cells(self, values_rc: npt.NDArray[Number], window: Window) -> npt.NDArray[Number]:
        """The window's own cells out of the values of all it was given."""
        margin = self.halo_px // self.grid.stride_px
        return values_rc[margin : margin + window.rows, margin : margin + window.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A window that was read: uint8 [h, w, 3]; which cells are wholly imagery, and the ``Reason`` of poor ones."""

    pixels_hwb: Pixels
    whole_rc: npt.NDArray[np.bool_]
    poor_rc: npt.NDArray[np.uint8]


def plan_reading(grid: CellGrid, model: Manifest, settings: ScanSettings) -> Reading:
    """How ``grid`` is read for ``model``."""
    plan = WindowPlan(
        columns=grid.columns,
        rows=grid.rows,
        most_cells=max(1, settings.window_px // grid.stride_px),
        shift_cells=settings.shift_cells,
    )
    around_px = 0 if model.quality is None and model.familiarity is None else halo_px(grid.stride_px)
    return Reading(grid=grid, plan=plan, halo_px=max(model.halo_px, around_px))


def grid_for(mosaic: Orthomosaic, model: Manifest, settings: ScanSettings) -> CellGrid:
    """The cells of ``mosaic`` for ``model``."""
    scale = scale_for(mosaic.georeference.gsd_m, model_gsd_m=model.gsd_m, resample_beyond=settings.resample_beyond)
    return CellGrid(mosaic=mosaic.size, stride_px=model.stride_px, model_px_per_px=scale)


def look(reading: Reading, model: Manifest, ground: Ground, window: Window) -> Looked:
    """Read a window and judge its imagery."""
    patch, stride = reading.patch(ground, window), reading.grid.stride_px
    whole_rc = whole_cells(patch.valid_hw, stride)
    poor_rc = np.full(whole_rc.shape, Reason.NONE, np.uint8)
    if model.quality is not None:
        poor_rc = judge(measure_quality(patch.pixels_hwb, patch.valid_hw, cell_px=stride), model.quality)
    return Looked(pixels_hwb=patch.pixels_hwb, whole_rc=whole_rc, poor_rc=poor_rc)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseScan:
    """One scan: what is read, by which engine, for which model."""

    working: Path
    reading: Reading
    model: Manifest
    engine: Engine
    read_ahead: int
    flown_rc: npt.NDArray[np.int32]

    def run(self, ledger: Ledger, report: Report) -> None:
        """Score every strip that ``ledger`` lacks. An error in any window ends the scan; a later run resumes it."""
        strips = [strip for strip in self.reading.plan.strips() if strip.index not in ledger.done]
        total = len(strips) + len(ledger.done)
        report(Progress(stage=STAGE, done=len(ledger.done), total=total, unit="strips"))
        started = time.monotonic()
        with closing(self._scored(window for strip in strips for window in self._flown(strip))) as scored:
            for strip in strips:
                flown = self._flown(strip)
                for window, looked, answer in islice(scored, len(flown)):
                    self._keep(ledger, window, looked, answer)
                seconds, started = time.monotonic() - started, time.monotonic()
                skipped = len(strip.windows) - len(flown)
                ledger.finish(StripDone(strip=strip.index, scored=len(flown), skipped=skipped, seconds=seconds))
                report(Progress(stage=STAGE, done=len(ledger.done), total=total, unit="strips"))

    def _flown(self, strip: Strip) -> list[Window]:
        """The windows of a strip with imagery in their own cells; the others are never read."""
        return [window for window in strip.windows if self.flown_rc[_place(window)].any()]

    def _keep(self, ledger: Ledger, window: Window, looked: Looked, answer: Answer) -> None:
        """Write a window's scores and reasons; cells with a reason, or without imagery, stay not assessed."""
        place = _place(window)
        scores_rc = quantise(probabilities(self.reading.cells(answer.logits_rc, window), self.model.calibration))
        reasons_rc = reasons_of(scores_rc, self.reading.cells(looked.poor_rc, window))
        if self.model.familiarity is not None and answer.distance_rc is not None:
            pooled_rc = pooled_distance(answer.distance_rc, looked.whole_rc, self.reading.grid.stride_px)
            far_rc = ~(self.reading.cells(pooled_rc, window) <= self.model.familiarity.limit)
            reasons_rc[far_rc & (reasons_rc == Reason.NONE)] = Reason.UNFAMILIAR
        flown_rc = self.flown_rc[place] > 0
        ledger.scores_rc[place] = np.where(flown_rc & (reasons_rc == Reason.NONE), scores_rc, NOT_ASSESSED)
        ledger.reasons_rc[place] = np.where(flown_rc, reasons_rc, Reason.NONE)

    def _scored(self, windows: Iterator[Window]) -> Generator[tuple[Window, Looked, Answer]]:
        """The answer for each window, in order; while some are scored the next are read and judged."""
        scale, fill = self.reading.grid.model_px_per_px, self.model.fill_rgb
        with (
            bounded_cache(),
            Ground(self.working, scale=scale, fill_rgb=fill) as ground,
            ThreadPoolExecutor(1, "read") as readers,
            ThreadPoolExecutor(self.engine.lanes, "score") as scorers,
        ):
            read = _ahead(
                readers, lambda window: look(self.reading, self.model, ground, window), windows, self.read_ahead
            )
            pairs = _ahead(scorers, lambda pair: self.engine.answer(pair[1].pixels_hwb), read, self.engine.lanes)
            for (window, looked), answer in pairs:
                yield window, looked, answer


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterator[Item], depth: int
) -> Iterator[tuple[Item, Result]]:
    """Each item with what ``work`` makes of it, in order, with at most ``depth`` under way beyond the one awaited."""
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > depth:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _place(window: Window) -> tuple[slice, slice]:
    """Where a window's cells lie in an array of all cells."""
    return np.s_[window.row : window.row + window.rows, window.column : window.column + window.columns]
