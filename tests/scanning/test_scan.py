"""The dense scan: the same scores whatever the windows, nothing skipped, nothing invented."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from bundles import MANIFEST, wide_graph, write_bundle, write_knowing_bundle
from rasters import green_ground, mosaic, paint_red, write_working
from scipy import ndimage

from pipeline.domain.assessability import Reason
from pipeline.domain.model import Manifest
from pipeline.domain.progress import Progress, say_nothing
from pipeline.imagery.pixels import Ground
from pipeline.imagery.quality import why_not_assessable
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.engine import Answer, Engine, OpenVinoEngine, choose_precision, probabilities
from pipeline.scanning.ledger import Ledger
from pipeline.scanning.scan import DenseScan, Reading, grid_for, plan_reading
from pipeline.scanning.scores import NOT_ASSESSED, count_flown
from pipeline.settings import ScanSettings


@dataclass
class MeanRed:
    """Logit of a cell: how much redder than green it is; remembers how often it was asked."""

    lanes: int = 1
    asked: list[tuple[int, ...]] = field(default_factory=list)
    fail_at: int = -1

    def answer(self, pixels_hwb: npt.NDArray[np.uint8]) -> Answer:
        if len(self.asked) == self.fail_at:
            raise OSError("a disk that fails")
        self.asked.append(pixels_hwb.shape)
        height, width, _ = pixels_hwb.shape
        cells = pixels_hwb.reshape(height // 32, 32, width // 32, 32, 3).mean((1, 3))
        return Answer(logits_rc=(cells[..., 0] - cells[..., 1]).astype(np.float32) / 10)


def dense(working: Path, pixels_hwb: npt.NDArray[np.uint8], engine: Engine | None, **changes: object) -> DenseScan:
    settings = ScanSettings(**{"window_px": 128, **changes})
    made = mosaic(pixels_hwb)
    grid = grid_for(made, MANIFEST, settings)
    reading = plan_reading(grid, MANIFEST, settings)
    return DenseScan(
        working=working,
        reading=reading,
        model=MANIFEST,
        engine=engine or MeanRed(),
        read_ahead=2,
        flown_rc=count_flown(working, grid),
    )


def run(scan: DenseScan, folder: Path, identity: str = "a") -> npt.NDArray[np.uint8]:
    folder.mkdir(exist_ok=True)
    grid = scan.reading.grid
    with Ledger(folder, identity=identity, rows=grid.rows, columns=grid.columns) as ledger:
        scan.run(ledger, say_nothing)
        return np.array(ledger.scores_rc)


def test_every_flown_cell_is_scored_once_and_no_other(tmp_path: Path) -> None:
    pixels_hwb = green_ground(450, 610)
    paint_red(pixels_hwb, row=128, column=320)
    flown_hw = np.ones((450, 610), bool)
    flown_hw[:, :200] = False
    engine = MeanRed()
    scan = dense(write_working(tmp_path / "w.tif", pixels_hwb, flown_hw), pixels_hwb, engine)
    scores_rc = run(scan, tmp_path / "ledger")
    assert ((scores_rc == NOT_ASSESSED) == (scan.flown_rc == 0)).all()
    assert (scores_rc[4:6, 10:12] > 250).all()
    assert len(engine.asked) == 16  # 20 windows of which the 4 on the left have no imagery


@pytest.mark.parametrize("shift", [1, 2, 3])
@pytest.mark.parametrize("window_px", [96, 160, 4096])
def test_the_cut_into_windows_changes_no_score(tmp_path: Path, shift: int, window_px: int) -> None:
    pixels_hwb = np.random.default_rng(3).integers(0, 256, (330, 410, 3)).astype(np.uint8)
    working = write_working(tmp_path / "w.tif", pixels_hwb)
    bundle = open_bundle(write_bundle(tmp_path / "wide", graph=wide_graph(), halo_px=64))

    def score(**settings: int) -> npt.NDArray[np.float32]:
        grid = grid_for(mosaic(pixels_hwb), bundle.manifest, ScanSettings(**settings))
        reading = plan_reading(grid, bundle.manifest, ScanSettings(**settings))
        return score_unquantised(working, reading, bundle)

    expected = score(window_px=224)
    assert expected.std() > 0.05  # the network does look at the pixels
    np.testing.assert_allclose(score(window_px=window_px, shift_cells=shift % 3), expected, atol=1e-3)


def score_unquantised(working: Path, reading: Reading, bundle: Bundle) -> npt.NDArray[np.float32]:
    """Probabilities of every cell, float32, through the windows of ``reading``."""
    engine = OpenVinoEngine(bundle, height_px=reading.height_px, width_px=reading.width_px, precision="fp32")
    scores_rc = np.full((reading.grid.rows, reading.grid.columns), np.nan, np.float32)
    with Ground(working, fill_rgb=bundle.manifest.fill_rgb) as ground:
        for strip in reading.plan.strips():
            for w in strip.windows:
                logits_rc = reading.cells(engine.logits(reading.pixels(ground, w)), w)
                scores_rc[w.row : w.row + w.rows, w.column : w.column + w.columns] = probabilities(
                    logits_rc, bundle.manifest.calibration
                )
    return scores_rc


def test_a_failed_window_is_an_error_of_the_scan_and_the_rest_is_resumed(tmp_path: Path) -> None:
    pixels_hwb = green_ground(400, 1400)
    working = write_working(tmp_path / "w.tif", pixels_hwb)
    whole = run(dense(working, pixels_hwb, None), tmp_path / "alone")
    with pytest.raises(OSError, match="a disk that fails"):
        run(dense(working, pixels_hwb, MeanRed(fail_at=20)), tmp_path / "killed")
    again = MeanRed()
    assert (run(dense(working, pixels_hwb, again), tmp_path / "killed") == whole).all()
    assert 0 < len(again.asked) < 44


def test_what_is_not_a_number_is_not_assessed(tmp_path: Path) -> None:
    class Nothing(MeanRed):
        def answer(self, pixels_hwb: npt.NDArray[np.uint8]) -> Answer:
            return Answer(logits_rc=super().answer(pixels_hwb).logits_rc * np.float32("nan"))

    pixels_hwb = green_ground(64, 64)
    scan = dense(write_working(tmp_path / "w.tif", pixels_hwb), pixels_hwb, Nothing())
    assert (run(scan, tmp_path / "ledger") == NOT_ASSESSED).all()


def test_ground_that_may_not_be_judged_is_not_assessed_whatever_the_windows(tmp_path: Path) -> None:
    pixels_hwb = green_ground(500, 700)
    pixels_hwb[200:300, 300:420] = (60, 60, 250)
    pixels_hwb[250:500, 450:640] = ndimage.gaussian_filter(pixels_hwb[250:500, 450:640], (2, 2, 0))
    pixels_hwb[32:160, 32:160] //= 16
    flown_hw = np.ones((500, 700), bool)
    flown_hw[:, 640:] = False
    working = write_working(tmp_path / "w.tif", pixels_hwb, flown_hw)
    bundle = open_bundle(write_knowing_bundle(tmp_path / "knowing"))
    seen = [_reasons(working, pixels_hwb, bundle, tmp_path / str(shift), shift_cells=shift) for shift in (0, 1, 3)]
    for scores_rc, reasons_rc in seen:
        assert (scores_rc == seen[0][0]).all()
        assert (reasons_rc == seen[0][1]).all()
        assert ((scores_rc == NOT_ASSESSED)[:, :20] == (reasons_rc != Reason.NONE)[:, :20]).all()
    reasons_rc = seen[0][1]
    assert set(np.unique(reasons_rc)) == {Reason.NONE, Reason.BLUR, Reason.EXPOSURE, Reason.SHADOW, Reason.UNFAMILIAR}
    assert reasons_rc[7, 11] == Reason.UNFAMILIAR
    assert reasons_rc[11, 17] == Reason.BLUR
    assert (reasons_rc[:, 21:] == Reason.NONE).all()


def _reasons(
    working: Path, pixels_hwb: npt.NDArray[np.uint8], bundle: Bundle, folder: Path, *, shift_cells: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Scores and reasons of every cell, scanned through windows of 4 cells."""
    settings = ScanSettings(window_px=128, shift_cells=shift_cells)
    reading = plan_reading(grid_for(mosaic(pixels_hwb), bundle.manifest, settings), bundle.manifest, settings)
    engine = OpenVinoEngine(bundle, height_px=reading.height_px, width_px=reading.width_px, precision="fp32")
    flown_rc = count_flown(working, reading.grid)
    scan = DenseScan(
        working=working, reading=reading, model=bundle.manifest, engine=engine, read_ahead=2, flown_rc=flown_rc
    )
    folder.mkdir()
    with Ledger(folder, identity="a", rows=reading.grid.rows, columns=reading.grid.columns) as ledger:
        scan.run(ledger, say_nothing)
        return np.array(ledger.scores_rc), np.array(ledger.reasons_rc)


def test_progress_counts_every_strip(tmp_path: Path) -> None:
    pixels_hwb = green_ground(400, 600)
    scan = dense(write_working(tmp_path / "w.tif", pixels_hwb), pixels_hwb, None)
    seen: list[Progress] = []
    with Ledger(tmp_path, identity="a", rows=scan.reading.grid.rows, columns=scan.reading.grid.columns) as ledger:
        scan.run(ledger, seen.append)
    assert [step.done for step in seen] == list(range(seen[0].total + 1))


def test_int8_is_chosen_only_where_a_bundle_has_it_and_the_processor_adds_it_safely(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    for flags, chosen in (("avx2", "fp32"), ("avx512_vnni", "int8"), ("avx_vnni", "int8"), ("amx_int8", "int8")):
        cpuinfo.write_text(f"vendor_id : GenuineIntel\nflags : avx2 {flags}\n")
        assert choose_precision("auto", has_int8=True, processor=cpuinfo) == chosen
        assert choose_precision("auto", processor=cpuinfo) == "fp32"


def test_bf16_is_chosen_only_where_the_processor_multiplies_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("vendor_id : AuthenticAMD\nflags : avx2 avx512_bf16\n")
    assert choose_precision("auto", processor=cpuinfo) == "bf16"
    cpuinfo.write_text("vendor_id : AuthenticAMD\nflags : avx2\n")
    assert choose_precision("auto", processor=cpuinfo) == "fp32"
    cpuinfo.write_text("flags : avx2 avx512_bf16\n")
    assert choose_precision("auto", processor=cpuinfo) == "fp32"
    cpuinfo.write_text("flags : avx2 amx_bf16\n")
    assert choose_precision("auto", processor=cpuinfo) == "bf16"
    assert choose_precision("auto", processor=tmp_path / "none") == "fp32"
    assert choose_precision("bf16", processor=cpuinfo) == "bf16"


@pytest.mark.parametrize(("gsd_m", "assessable"), [(0.02, True), (0.03, True), (0.0301, False), (0.35, False)])
def test_ground_too_coarse_for_the_model_is_not_assessable(gsd_m: float, assessable: bool) -> None:
    reason = why_not_assessable(mosaic(green_ground(8, 8), gsd_m=gsd_m).georeference, MANIFEST)
    assert (reason is None) == assessable
    if reason:
        assert f"{gsd_m * 100:.2f} cm" in reason


def test_a_mosaic_near_the_models_gsd_is_read_as_it_is() -> None:
    def scale(gsd_m: float, model: Manifest = MANIFEST) -> float:
        return grid_for(mosaic(green_ground(8, 8), gsd_m=gsd_m), model, ScanSettings()).model_px_per_px

    assert scale(0.024) == 1
    assert scale(0.0105) == 0.5
    assert scale(0.005) == 0.25
    assert scale(0.028) == pytest.approx(1.4)
