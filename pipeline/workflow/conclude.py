"""Conclude: from scored cells to plots, flags and every file of the *Scan result* (scanning.results)."""

import resource
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from pipeline.domain.assessability import Reason, how_flight_differs
from pipeline.domain.claim import Claim, claim_for, differences_of_scale
from pipeline.domain.coverage import StateAreas
from pipeline.domain.flag import Flag, raise_flags
from pipeline.domain.progress import Progress, Report
from pipeline.imagery.colour import mean_colour
from pipeline.imagery.looked import keep_looked
from pipeline.scanning import results
from pipeline.scanning.candidates import Candidates, CellScores, find_plots
from pipeline.scanning.ledger import StripDone
from pipeline.scanning.scores import (
    NOT_ASSESSED,
    cell_states,
    doubtful,
    mean_score,
    pixels_by_reason,
    state_areas,
    write_scores,
    write_states,
)
from pipeline.settings import Settings
from pipeline.workflow.fly_again import keep_patches
from pipeline.workflow.report import Scanned, write_report
from pipeline.workflow.task import Task


def conclude(task: Task, cells: CellScores, effort: StripDone, report: Report) -> results.ScanRecord:
    """Plots, flags and every file of the scan result; ``scan.json`` last. Done again, it leaves the same files."""
    return _Conclusion(task=task, cells=cells, effort=effort).write(report)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conclusion:
    """A scan of which every cell has its score."""

    task: Task
    cells: CellScores
    effort: StripDone

    def write(self, report: Report) -> results.ScanRecord:
        """Write every file, ``scan.json`` last."""
        report(Progress(stage="writing the results", done=0, total=4))
        task, cells = self.task, self.cells
        out, place, grid, model = task.order.out, task.mosaic.georeference, cells.grid, task.bundle.manifest
        (out / "scan.json").unlink(missing_ok=True)
        found = find_plots(cells, model.thresholds, task.settings.plots, class_name=model.classes[0])
        flags = raise_flags(found.plots, model=model.name, threshold=model.thresholds.high)
        least_px = task.settings.scan.least_valid_share * grid.cell_px**2
        why_rc = doubtful(cells.reasons_rc, cell_px=grid.stride_px)
        sure_rc = np.where(why_rc == Reason.NONE, cells.scores_rc, np.uint8(NOT_ASSESSED))
        states_rc = cell_states(sure_rc, cells.flown_rc, found.flagged_rc, least_flown_px=least_px)
        areas = state_areas(states_rc, cells.flown_rc, grid, pixel_area_m2=place.pixel_area_m2)
        write_scores(out / "scores.tif", cells.scores_rc, grid, place)
        report(Progress(stage="writing the results", done=1, total=4))
        write_states(out / "states.tif", states_rc, task.working, place, grid)
        report(Progress(stage="writing the results", done=2, total=4))
        results.write_flags(out, flags, place)
        keep_patches(out)
        keep_looked(out)
        given_up = pixels_by_reason(states_rc, why_rc, cells.flown_rc)
        poor = pixels_by_reason(states_rc, cells.reasons_rc, cells.flown_rc)
        record = self._record(areas, given_up, poor, found)
        report(Progress(stage="writing the results", done=3, total=4))
        self._write_report(record, flags)
        results.write_record(out, record)
        report(Progress(stage="writing the results", done=4, total=4))
        return record

    def _write_report(self, record: results.ScanRecord, flags: tuple[Flag, ...]) -> None:
        scanned = Scanned(
            record=record,
            flags=flags,
            place=self.task.mosaic.georeference,
            working=self.task.working,
            model=self.task.bundle.manifest,
        )
        write_report(self.task.order.out / "report.html", scanned)

    def _record(
        self, areas: StateAreas, given_up: dict[Reason, int], poor: dict[Reason, int], found: Candidates
    ) -> results.ScanRecord:
        """``given_up`` counts pixels by what they were given up for, ``poor`` only those that were found to be so."""
        task, effort = self.task, self.effort
        pixels_by_state, area_m2 = results.by_state(areas)
        flown_px = task.mosaic.size.pixels - pixels_by_state["not_flown"]
        return results.ScanRecord(
            version=results.VERSION,
            software=f"plotwatch {version('plotwatch')}",
            scanned_at=datetime.now(UTC).isoformat(timespec="seconds"),
            orthomosaic=self._orthophoto(),
            model=self._model_used(),
            settings=_settings_of(task.settings),
            pixels=task.mosaic.size.pixels,
            effort=results.Effort(
                windows_read=effort.scored,
                windows_skipped=effort.skipped,
                seconds=round(effort.seconds, 3),
                mpix_per_s=round(flown_px / 1e6 / effort.seconds, 2) if effort.seconds else 0.0,
                peak_rss_mb=_peak_rss_mb(),
            ),
            pixels_by_state=pixels_by_state,
            area_m2=area_m2,
            area_total_m2=task.mosaic.area_m2,
            flags=len(found.plots),
            dropped_too_small=found.dropped,
            not_assessable_because=task.not_assessable_because,
            claim=results.claimed(self._claim(poor, flown_px)),
            not_assessable_m2={reason.name.lower(): px * areas.pixel_area_m2 for reason, px in given_up.items()},
            looks=results.Looks(mean_rgb=mean_colour(task.working), mean_score=mean_score(self.cells.scores_rc)),
        )

    def _claim(self, poor: dict[Reason, int], flown_px: int) -> Claim:
        """What may be claimed of this flight; each way in which it is unlike the model's ground voids it."""
        model, shares = self.task.bundle.manifest, {reason: px / flown_px for reason, px in poor.items()}
        scale = differences_of_scale(self.task.mosaic.georeference.gsd_m, model)
        return claim_for(model.thresholds, differences=(*scale, *how_flight_differs(shares, model)))

    def _orthophoto(self) -> results.Orthophoto:
        mosaic = self.task.mosaic
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
        model = self.task.bundle.manifest
        return results.ModelUsed(
            name=model.name,
            sha256=self.task.bundle.sha256,
            classes=model.classes,
            gsd_m=model.gsd_m,
            threshold_high=model.thresholds.high,
            threshold_low=model.thresholds.low,
            precision=self.task.precision,
        )


def _settings_of(settings: Settings) -> dict[str, Any]:
    """What of the settings had a say in the result; never where the record is kept, which may hold a password."""
    return {
        "intake": asdict(settings.intake),
        "scan": asdict(settings.scan),
        "plots": asdict(settings.plots),
        "model": str(settings.model),
    }


def _peak_rss_mb() -> int:
    """The most memory this process, or the one that opened the upload, has held at any time, in MB."""
    own, children = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(who).ru_maxrss for who in (own, children)) // 1024
