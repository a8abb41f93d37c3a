"""Scan: from an orthomosaic to candidate plots. Read this first.

take in -> where is imagery -> score every cell -> cells to plots -> plots to flags -> results -> report
"""

import fcntl
import hashlib
import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.domain.assessability import Reason, how_flight_differs
from pipeline.domain.claim import Claim, claim_for, differences_of_scale
from pipeline.domain.coverage import StateAreas
from pipeline.domain.flag import Flag, raise_flags
from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.domain.window import CellGrid
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.imagery.intake import take_in
from pipeline.imagery.layers import bounded_cache
from pipeline.imagery.quality import why_not_assessable
from pipeline.scanning import results
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.candidates import Candidates, CellScores, find_plots
from pipeline.scanning.engine import Engine, OpenVinoEngine, choose_precision
from pipeline.scanning.ledger import Ledger, StripDone, clear_ledger
from pipeline.scanning.scan import DenseScan, grid_for, plan_reading
from pipeline.scanning.scores import (
    NOT_ASSESSED,
    cell_states,
    count_flown,
    pixels_by_reason,
    state_areas,
    write_scores,
    write_states,
)
from pipeline.settings import Settings
from pipeline.workflow.report import Scanned, write_report

WORKING: Final = "working"
"""Folder inside the results for the working orthomosaic and, while a scan runs, its ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be scanned with what, and where the results go."""

    source: Path
    model: Path
    out: Path


EngineMaker = Callable[[Bundle, int, int, str], Engine]
"""Makes the engine of a bundle for windows of a height and width in pixels, at a precision."""


def _openvino(bundle: Bundle, height_px: int, width_px: int, precision: str) -> Engine:
    return OpenVinoEngine(bundle, height_px=height_px, width_px=width_px, precision=precision)


def scan(
    order: Order, settings: Settings, report: Report = say_nothing, *, make_engine: EngineMaker = _openvino
) -> results.ScanRecord:
    """Scan an orthomosaic and leave the *Scan result* (scanning.results) in ``order.out``.

    A scan that was killed resumes where it stopped and leaves the same files as one left alone.

    Raises:
        NotFoundError: There is no such orthomosaic or model.
        InvalidInputError: One of them cannot be used; nothing is left behind.
        ConflictError: Another scan is writing to the same folder.
    """
    bundle = open_bundle(order.model)
    precision = choose_precision(settings.scan.precision, has_int8=bundle.int8_graph is not None)
    with _alone_in(order.out), bounded_cache():
        working = order.out / WORKING
        mosaic = take_in(order.source, working, settings.intake, report)
        job = _Job(order=order, settings=settings, bundle=bundle, mosaic=mosaic, precision=precision)
        cells, effort = job.score(make_engine, report)
        record = job.write(cells, effort, report)
        clear_ledger(working)
    return record


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Hold ``out``, made where it is missing, against other scans; an empty folder made here is removed on an error.

    Raises:
        InvalidInputError: ``out`` is not, and cannot become, a folder that can be written to.
        ConflictError: Another scan holds it.
    """
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InvalidInputError(f"results cannot be written to {out}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(f"another scan is writing to {out}: wait for it, or choose another --out") from error
        yield
    finally:
        os.close(handle)
        if made and not any(out.iterdir()):
            out.rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One scan under way: what was ordered, and what was found out before scoring."""

    order: Order
    settings: Settings
    bundle: Bundle
    mosaic: Orthomosaic
    precision: str

    @property
    def working(self) -> Path:
        return self.order.out / WORKING / "orthomosaic.tif"

    @property
    def not_assessable_because(self) -> str | None:
        return why_not_assessable(self.mosaic.georeference, self.bundle.manifest)

    def score(self, make_engine: EngineMaker, report: Report) -> tuple[CellScores, StripDone]:
        """The score of every cell, and what it took; no cell is scored on ground the model does not know."""
        grid = grid_for(self.mosaic, self.bundle.manifest, self.settings.scan)
        report(Progress(stage="finding the flown ground", done=0, total=1))
        flown_rc = count_flown(self.working, grid)
        if self.not_assessable_because:
            scores_rc, effort = np.full(flown_rc.shape, NOT_ASSESSED, np.uint8), StripDone.nothing()
            reasons_rc = np.where(flown_rc > 0, np.uint8(Reason.COARSE), np.uint8(Reason.NONE))
        else:
            scores_rc, reasons_rc, effort = self._dense(grid, flown_rc, make_engine, report)
        place = self.mosaic.georeference
        cells = CellScores(scores_rc=scores_rc, reasons_rc=reasons_rc, flown_rc=flown_rc, grid=grid, place=place)
        return cells, effort

    def _dense(
        self, grid: CellGrid, flown_rc: "np.ndarray[Any, np.dtype[np.int32]]", make_engine: EngineMaker, report: Report
    ) -> tuple["np.ndarray[Any, np.dtype[np.uint8]]", "np.ndarray[Any, np.dtype[np.uint8]]", StripDone]:
        reading = plan_reading(grid, self.bundle.manifest, self.settings.scan)
        dense = DenseScan(
            working=self.working,
            reading=reading,
            model=self.bundle.manifest,
            engine=make_engine(self.bundle, reading.height_px, reading.width_px, self.precision),
            read_ahead=self.settings.scan.read_ahead,
            flown_rc=flown_rc,
        )
        folder = self.working.parent
        with Ledger(folder, identity=self._identity(), rows=grid.rows, columns=grid.columns) as ledger:
            dense.run(ledger, report)
            return np.array(ledger.scores_rc), np.array(ledger.reasons_rc), ledger.total()

    def _identity(self) -> str:
        """Scores of one identity may be mixed; anything that could change a score changes it."""
        what = {
            "orthomosaic": self.mosaic.original_sha256,
            "intake": asdict(self.settings.intake),
            "model": self.bundle.sha256,
            "scan": asdict(self.settings.scan),
            "precision": self.precision,
            "software": version("plotwatch"),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def write(self, cells: CellScores, effort: StripDone, report: Report) -> results.ScanRecord:
        """Plots, flags and every file of the scan result; ``scan.json`` last."""
        report(Progress(stage="writing the results", done=0, total=4))
        out, place, grid, model = self.order.out, self.mosaic.georeference, cells.grid, self.bundle.manifest
        (out / "scan.json").unlink(missing_ok=True)
        found = find_plots(cells, model.thresholds, self.settings.plots, class_name=model.classes[0])
        flags = raise_flags(found.plots, model=model.name, threshold=model.thresholds.high)
        least_px = self.settings.scan.least_valid_share * grid.cell_px**2
        states_rc = cell_states(cells.scores_rc, cells.flown_rc, found.flagged_rc, least_flown_px=least_px)
        areas = state_areas(states_rc, cells.flown_rc, grid, pixel_area_m2=place.pixel_area_m2)
        write_scores(out / "scores.tif", cells.scores_rc, grid, place)
        report(Progress(stage="writing the results", done=1, total=4))
        write_states(out / "states.tif", states_rc, self.working, place, grid)
        report(Progress(stage="writing the results", done=2, total=4))
        results.write_flags(out, flags, place)
        by_reason = pixels_by_reason(states_rc, cells.reasons_rc, cells.flown_rc)
        record = self._record(areas, by_reason, found, effort)
        report(Progress(stage="writing the results", done=3, total=4))
        self._write_report(record, flags)
        results.write_record(out, record)
        report(Progress(stage="writing the results", done=4, total=4))
        return record

    def _write_report(self, record: results.ScanRecord, flags: tuple[Flag, ...]) -> None:
        scanned = Scanned(
            record=record,
            flags=flags,
            place=self.mosaic.georeference,
            working=self.working,
            model=self.bundle.manifest,
        )
        write_report(self.order.out / "report.html", scanned)

    def _record(
        self, areas: StateAreas, by_reason: dict[Reason, int], found: Candidates, effort: StripDone
    ) -> results.ScanRecord:
        pixels_by_state, area_m2 = results.by_state(areas)
        flown_px = self.mosaic.size.pixels - pixels_by_state["not_flown"]
        return results.ScanRecord(
            version=results.VERSION,
            software=f"plotwatch {version('plotwatch')}",
            scanned_at=datetime.now(UTC).isoformat(timespec="seconds"),
            orthomosaic=self._orthophoto(),
            model=self._model_used(),
            settings=json.loads(json.dumps(asdict(self.settings), default=str)),
            pixels=self.mosaic.size.pixels,
            effort=results.Effort(
                windows_read=effort.scored,
                windows_skipped=effort.skipped,
                seconds=round(effort.seconds, 3),
                mpix_per_s=round(flown_px / 1e6 / effort.seconds, 2) if effort.seconds else 0.0,
                peak_rss_mb=_peak_rss_mb(),
            ),
            pixels_by_state=pixels_by_state,
            area_m2=area_m2,
            area_total_m2=self.mosaic.area_m2,
            flags=len(found.plots),
            dropped_too_small=found.dropped,
            not_assessable_because=self.not_assessable_because,
            claim=results.claimed(self._claim(by_reason, flown_px)),
            not_assessable_m2={reason.name.lower(): px * areas.pixel_area_m2 for reason, px in by_reason.items()},
        )

    def _claim(self, by_reason: dict[Reason, int], flown_px: int) -> Claim:
        """What may be claimed of this flight; each way in which it is unlike the model's ground voids it."""
        model, shares = self.bundle.manifest, {reason: px / flown_px for reason, px in by_reason.items()}
        scale = differences_of_scale(self.mosaic.georeference.gsd_m, model)
        return claim_for(model.thresholds, differences=(*scale, *how_flight_differs(shares, model)))

    def _orthophoto(self) -> results.Orthophoto:
        mosaic = self.mosaic
        return results.Orthophoto(
            name=mosaic.name,
            sha256=mosaic.original_sha256,
            bytes=mosaic.original_bytes,
            width_px=mosaic.size.width_px,
            height_px=mosaic.size.height_px,
            gsd_m=mosaic.georeference.gsd_m,
            crs=mosaic.georeference.crs,
            mask_origin=mosaic.mask_origin.value,
            notes=mosaic.notes,
        )

    def _model_used(self) -> results.ModelUsed:
        model = self.bundle.manifest
        return results.ModelUsed(
            name=model.name,
            sha256=self.bundle.sha256,
            classes=model.classes,
            gsd_m=model.gsd_m,
            threshold_high=model.thresholds.high,
            threshold_low=model.thresholds.low,
            precision=self.precision,
        )


def _peak_rss_mb() -> int:
    """The most memory this process, or the one that opened the upload, has held at any time, in MB."""
    own, children = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(who).ru_maxrss for who in (own, children)) // 1024
