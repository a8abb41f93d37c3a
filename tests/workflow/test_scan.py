"""From an orthomosaic to candidate plots, as a survey team does it."""

import dataclasses
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from bundles import FAMILIARITY, MANIFEST, write_bundle, write_knowing_bundle
from pyogrio.raw import read
from rasters import GSD_M, LEFT, TOP
from rio_cogeo import cog_validate
from shapely import box, from_wkb
from uploads import RED, write_upload

from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.scanning import results
from pipeline.settings import PlotSettings, ScanSettings, Settings
from pipeline.workflow.scan import Order, scan

SMALL = Settings(scan=ScanSettings(window_px=128))


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        source=write_upload(tmp_path / "flight.tif"), model=write_bundle(tmp_path / "red"), out=tmp_path / "out"
    )


def test_every_file_of_the_contract_is_there_and_nothing_else(order: Order) -> None:
    scan(order, SMALL)
    assert sorted(path.name for path in order.out.iterdir()) == sorted([*results.FILES, "working"])
    assert sorted(path.name for path in (order.out / "working").iterdir()) == ["intake.json", "orthomosaic.tif"]


def test_both_red_squares_are_flagged_where_they_lie(order: Order) -> None:
    record = scan(order, SMALL)
    assert record.flags == 2
    _, _, geometry, fields = read(order.out / "flags.gpkg")
    flags = dict(zip(fields[0], from_wkb(geometry), strict=True))
    for (row, column), name in zip(RED, ("F00001", "F00002"), strict=True):
        left, top = LEFT + column * GSD_M, TOP - row * GSD_M
        square = box(left, top - 64 * GSD_M, left + 64 * GSD_M, top)
        assert flags[name].symmetric_difference(square).area < 0.01
    assert set(fields[results.FIELDS.index("status")]) == {"unreviewed"}


def test_the_four_areas_sum_to_the_mosaic_and_the_raster_says_the_same(order: Order) -> None:
    record = scan(order, SMALL)
    assert sum(record.area_m2.values()) == pytest.approx(record.area_total_m2, abs=GSD_M**2)
    assert record.area_m2["not_flown"] == pytest.approx(90 * 600 * GSD_M**2, abs=GSD_M**2)
    assert record.area_m2["flagged"] == pytest.approx(2 * 64**2 * GSD_M**2)
    with rasterio.open(order.out / "states.tif") as raster:
        states_hw = raster.read(1)
    assert list(np.bincount(states_hw.ravel(), minlength=4)) == [
        record.pixels_by_state[name] for name in ("not_flown", "clear", "flagged", "not_assessable")
    ]


def test_the_rasters_are_cloud_optimised_and_the_record_names_what_it_was_made_of(order: Order) -> None:
    record = scan(order, SMALL)
    for name in ("scores.tif", "states.tif", "working/orthomosaic.tif"):
        valid, errors, _ = cog_validate(str(order.out / name), strict=True)
        assert valid, (name, errors)
    said = json.loads((order.out / "scan.json").read_text())
    assert said == json.loads(json.dumps(dataclasses.asdict(record)))
    assert said["orthomosaic"]["sha256"] == _sha256(order.source)
    assert said["model"]["sha256"] == _sha256(order.model / "bundle.json")
    assert said["pixels"] == 700 * 600


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_shifted_window_grid_gives_the_same_flags(order: Order, tmp_path: Path) -> None:
    scan(order, SMALL)
    moved = dataclasses.replace(order, out=tmp_path / "moved")
    scan(moved, Settings(scan=ScanSettings(window_px=160, shift_cells=3)))
    for name in ("flags.gpkg", "flags.geojson", "scores.tif", "states.tif"):
        assert (order.out / name).read_bytes() == (moved.out / name).read_bytes()


def test_candidates_below_the_least_area_are_dropped_and_counted(order: Order) -> None:
    record = scan(order, dataclasses.replace(SMALL, plots=PlotSettings(least_area_m2=50.0)))
    assert (record.flags, record.dropped_too_small) == (0, 2)
    assert record.area_m2["flagged"] == 0


def test_ground_too_coarse_is_neither_scanned_nor_called_clear(order: Order, tmp_path: Path) -> None:
    coarse = dataclasses.replace(order, source=write_upload(tmp_path / "coarse.tif", gsd_m=0.35))
    record = scan(coarse, SMALL)
    assert record.not_assessable_because
    assert "35.00 cm" in record.not_assessable_because
    assert record.area_m2["clear"] == record.area_m2["flagged"] == 0
    assert record.area_m2["not_assessable"] > 0
    assert record.effort.windows_read == 0
    assert sorted(path.name for path in order.out.iterdir()) == sorted([*results.FILES, "working"])


def test_ground_the_model_does_not_know_counts_as_uncovered_and_is_never_flagged(order: Order, tmp_path: Path) -> None:
    knowing = dataclasses.replace(order, model=write_knowing_bundle(tmp_path / "knowing"))
    record = scan(knowing, SMALL)
    assert record.flags == 2
    strict = dataclasses.replace(FAMILIARITY, limit=0.01)
    unknown = dataclasses.replace(order, model=write_knowing_bundle(tmp_path / "strict", familiarity=strict))
    record = scan(unknown, SMALL)
    assert record.flags == 0
    assert record.area_m2["clear"] == record.area_m2["flagged"] == 0
    assert record.not_assessable_m2["unfamiliar"] > 0.5 * record.area_m2["not_assessable"]
    assert sum(record.not_assessable_m2.values()) == pytest.approx(record.area_m2["not_assessable"])
    assert "ground like nothing the model was trained on" in record.claim.sentence


def test_a_second_scan_into_the_same_folder_gives_the_same_again(order: Order) -> None:
    scan(order, SMALL)
    before = {name: (order.out / name).read_bytes() for name in results.FILES if name.startswith(("flags", "s"))}
    scan(order, SMALL)
    for name in ("flags.gpkg", "flags.geojson", "scores.tif", "states.tif"):
        assert (order.out / name).read_bytes() == before[name]


def test_two_scans_never_write_to_one_folder(order: Order) -> None:
    order.out.mkdir()
    handle = os.open(order.out, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(ConflictError, match="another scan is writing"):
            scan(order, SMALL)
    finally:
        os.close(handle)


def test_what_cannot_be_used_leaves_nothing_behind(order: Order, tmp_path: Path) -> None:
    (tmp_path / "not.tif").write_bytes(b"%PDF-1.7 not a picture")
    with pytest.raises(InvalidInputError):
        scan(dataclasses.replace(order, source=tmp_path / "not.tif"), SMALL)
    with pytest.raises(NotFoundError):
        scan(dataclasses.replace(order, source=tmp_path / "none.tif"), SMALL)
    with pytest.raises(NotFoundError):
        scan(dataclasses.replace(order, model=tmp_path / "none"), SMALL)
    assert not order.out.exists()


def test_results_that_cannot_be_written_are_an_error_in_one_sentence(order: Order, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidInputError, match="results cannot be written"):
        scan(dataclasses.replace(order, out=tmp_path / "file" / "out"), SMALL)


def test_a_scan_killed_in_the_middle_gives_the_same_files_as_one_left_alone(tmp_path: Path) -> None:
    source = write_upload(tmp_path / "flight.tif", width=3000, height=1200)
    model = write_knowing_bundle(tmp_path / "red")
    (tmp_path / "small.toml").write_text("[scan]\nwindow_px = 64\n")

    def start(out: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pipeline.cli", "scan", source, "--model", model, "--out", out]
        return subprocess.Popen([*map(str, command), "--config", str(tmp_path / "small.toml")])

    assert start(tmp_path / "alone").wait() == 0
    killed = start(tmp_path / "killed")
    ledger = tmp_path / "killed" / "working" / "ledger.jsonl"
    while killed.poll() is None and not (ledger.exists() and ledger.read_text().count("scored") > 20):
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "scan.json").exists()
    done = ledger.read_text().count("scored")
    assert start(tmp_path / "killed").wait() == 0
    assert done > 20
    for name in ("flags.gpkg", "flags.geojson", "scores.tif", "states.tif"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    alone, again = (json.loads((tmp_path / run / "scan.json").read_text()) for run in ("alone", "killed"))
    for record in (alone, again):
        del record["scanned_at"], record["effort"]["seconds"], record["effort"]["mpix_per_s"]
        del record["effort"]["peak_rss_mb"]
    assert alone == again


def test_the_record_says_what_may_be_claimed_of_this_flight(order: Order) -> None:
    assert scan(order, SMALL).claim.sentence.startswith("no claim: 10 held-out plots cannot prove 95 %")
    proven = dataclasses.replace(MANIFEST.thresholds, n_plots=60, n_found=60)
    write_bundle(order.model, thresholds=proven)
    assert scan(dataclasses.replace(order, out=order.out / "proven"), SMALL).claim.holds
    write_bundle(order.model, thresholds=dataclasses.replace(proven, gsd_range_m=(0.03, 0.04)))
    said = scan(dataclasses.replace(order, out=order.out / "unlike"), SMALL).claim
    assert (said.holds, said.differences[0].here) == (False, "2 cm")
