"""Score: the score of every cell of an orthomosaic, strip by strip. Killed, it resumes at the strip where it stopped.

Axes: r, c = row, column of cells.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.progress import Progress, Report
from pipeline.imagery.whole import whole_file
from pipeline.scanning.bundle import Bundle
from pipeline.scanning.candidates import CellScores
from pipeline.scanning.engine import Engine, OpenVinoEngine
from pipeline.scanning.ledger import FLOWN, Ledger, StripDone
from pipeline.scanning.scan import DenseScan, Reading, plan_reading
from pipeline.scanning.scores import NOT_ASSESSED, count_flown
from pipeline.workflow.task import Task

EngineMaker = Callable[[Bundle, int, int, str], Engine]
"""Makes the engine of a bundle for windows of a height and width in pixels, at a precision."""


def with_openvino(bundle: Bundle, height_px: int, width_px: int, precision: str) -> Engine:
    """The engine that a scan uses."""
    return OpenVinoEngine(bundle, height_px=height_px, width_px=width_px, precision=precision)


def score(task: Task, report: Report, *, make_engine: EngineMaker = with_openvino) -> tuple[CellScores, StripDone]:
    """The score of every cell, and what it took; no cell is scored on ground the model does not know.

    Strips that are in the ledger already are not scored again: once all are, no engine is made.
    """
    flown_rc = flown_pixels(task, report)
    if task.not_assessable_because:
        scores_rc, effort = np.full(flown_rc.shape, NOT_ASSESSED, np.uint8), StripDone.nothing()
        reasons_rc = np.where(flown_rc > 0, np.uint8(Reason.COARSE), np.uint8(Reason.NONE))
    else:
        scores_rc, reasons_rc, effort = _dense(task, flown_rc, make_engine, report)
    place = task.mosaic.georeference
    cells = CellScores(scores_rc=scores_rc, reasons_rc=reasons_rc, flown_rc=flown_rc, grid=task.grid, place=place)
    return cells, effort


def flown_pixels(task: Task, report: Report) -> npt.NDArray[np.int32]:
    """How many pixels of each cell are imagery, int32 [r, c]; counted once and kept beside the ledger.

    Counting reads the whole mask, at some 400 MPix/s.
    """
    grid, path = task.grid, task.working.parent / f"{FLOWN}-{task.identity[:16]}.i32"
    if path.is_file() and path.stat().st_size == grid.rows * grid.columns * np.dtype(np.int32).itemsize:
        return np.fromfile(path, np.int32).reshape(grid.rows, grid.columns)
    report(Progress(stage="finding the flown ground", done=0, total=1))
    flown_rc = count_flown(task.working, grid)
    with whole_file(path) as partial:
        flown_rc.tofile(partial)
    return flown_rc


def _dense(
    task: Task, flown_rc: npt.NDArray[np.int32], make_engine: EngineMaker, report: Report
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], StripDone]:
    """Scores and reasons of all cells, uint8 [r, c] each, from the ledger; missing strips are scored first."""
    grid = task.grid
    reading = plan_reading(grid, task.bundle.manifest, task.settings.scan)
    with Ledger(task.working.parent, identity=task.identity, rows=grid.rows, columns=grid.columns) as ledger:
        if any(strip.index not in ledger.done for strip in reading.plan.strips()):
            _dense_scan(task, reading, flown_rc, make_engine).run(ledger, report)
        return np.array(ledger.scores_rc), np.array(ledger.reasons_rc), ledger.total()


def _dense_scan(task: Task, reading: Reading, flown_rc: npt.NDArray[np.int32], make_engine: EngineMaker) -> DenseScan:
    return DenseScan(
        working=task.working,
        reading=reading,
        model=task.bundle.manifest,
        engine=make_engine(task.bundle, reading.height_px, reading.width_px, task.precision),
        read_ahead=task.settings.scan.read_ahead,
        flown_rc=flown_rc,
    )
