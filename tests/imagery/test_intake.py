"""Intake is complete or leaves nothing: a record, a working copy, the original untouched."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import hostile
import psutil
import pytest

from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.domain.progress import Progress  # noqa: TC001 - as in every other test
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery import intake
from pipeline.imagery.archives import ODM_PATH
from pipeline.imagery.intake import read_intake, take_in
from pipeline.settings import IntakeLimits

LIMITS = IntakeLimits()


def sound(path: Path, **changes: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return hostile.write(path, hostile.ground(), **changes)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_geotiff_of_any_name_is_taken_in_and_recorded(tmp_path: Path) -> None:
    upload = sound(tmp_path / "flight 7 上海")
    before = upload.read_bytes()
    told: list[Progress] = []
    mosaic = take_in(upload, tmp_path / "out", LIMITS, told.append)
    assert upload.read_bytes() == before
    assert mosaic.original_sha256 == hashlib.sha256(before).hexdigest()
    assert mosaic.original_bytes == len(before)
    assert mosaic.name == "flight 7 上海"
    assert mosaic.mask_origin is MaskOrigin.NONE
    assert told[-1].done == told[-1].total
    assert names(tmp_path / "out") == {"orthomosaic.tif", "intake.json"}
    assert read_intake(tmp_path / "out") == mosaic
    record = json.loads((tmp_path / "out" / "intake.json").read_bytes())
    working = (tmp_path / "out" / "orthomosaic.tif").read_bytes()
    assert record["working"]["sha256"] == hashlib.sha256(working).hexdigest()
    assert record["limits"]["jpeg_quality"] == LIMITS.jpeg_quality


def test_what_is_complete_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = sound(tmp_path / "x.tif")
    first = take_in(upload, tmp_path / "out", LIMITS)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "make_enclosed", lambda *_: pytest.fail("opened again"))
        assert take_in(upload, tmp_path / "out", LIMITS) == first
    take_in(upload, tmp_path / "out", replace(LIMITS, jpeg_quality=50))
    (tmp_path / "out" / "orthomosaic.tif").write_bytes(b"cut")
    take_in(upload, tmp_path / "out", replace(LIMITS, jpeg_quality=50))
    assert (tmp_path / "out" / "orthomosaic.tif").stat().st_size > 1000


def test_a_refusal_leaves_an_earlier_intake_whole(tmp_path: Path) -> None:
    first = take_in(sound(tmp_path / "x.tif"), tmp_path / "out", LIMITS)
    with pytest.raises(InvalidInputError):
        take_in(sound(tmp_path / "y.tif", crs=None), tmp_path / "out", LIMITS)
    assert read_intake(tmp_path / "out") == first
    assert names(tmp_path / "out") == {"orthomosaic.tif", "intake.json"}


def test_an_odm_project_folder_is_taken_in(tmp_path: Path) -> None:
    sound(tmp_path / "project" / ODM_PATH)
    mosaic = take_in(tmp_path / "project", tmp_path / "out", LIMITS)
    assert mosaic.name == f"project/{ODM_PATH}"


def test_a_zip_is_taken_in_under_the_identity_of_its_picture(tmp_path: Path) -> None:
    upload = sound(tmp_path / "x.tif")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(upload, f"project/{ODM_PATH}")
    mosaic = take_in(tmp_path / "a.zip", tmp_path / "out", LIMITS)
    assert mosaic.original_sha256 == hashlib.sha256(upload.read_bytes()).hexdigest()
    assert hashlib.sha256((tmp_path / "a.zip").read_bytes()).hexdigest() in mosaic.notes[0]
    assert names(tmp_path / "out") == {"orthomosaic.tif", "intake.json"}


def test_a_link_given_by_the_user_is_followed_but_none_that_leads_out_of_a_project(tmp_path: Path) -> None:
    upload = sound(tmp_path / "x.tif")
    (tmp_path / "link.tif").symlink_to(upload)
    take_in(tmp_path / "link.tif", tmp_path / "out", LIMITS)
    inside = tmp_path / "project" / ODM_PATH
    inside.parent.mkdir(parents=True)
    inside.symlink_to(upload)
    with pytest.raises(InvalidInputError, match="leads out of it"):
        take_in(tmp_path / "project", tmp_path / "other", LIMITS)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for source, words in (("pipe", "pipe or device"), ("empty", "holds no odm_orthophoto")):
        with pytest.raises(InvalidInputError, match=words):
            take_in(tmp_path / source, tmp_path / "out", LIMITS)
    for missing in ("nothing.tif", "empty/nothing.tif", "pipe/nothing.tif"):
        with pytest.raises(NotFoundError, match="there is no file"):
            take_in(tmp_path / missing, tmp_path / "out", LIMITS)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake, "_publish", full)
    with pytest.raises(InvalidInputError, match="no room left"):
        take_in(sound(tmp_path / "x.tif"), tmp_path / "out", LIMITS)
    assert not (tmp_path / "out").exists()


def test_without_a_complete_record_there_is_no_intake(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_intake(tmp_path)
    for text, words in ((b"{", "damaged"), (b"[]", "damaged"), (b'{"version": 99}', "version 1")):
        (tmp_path / "intake.json").write_bytes(text)
        with pytest.raises(InvalidInputError, match=words):
            read_intake(tmp_path)


def test_killed_in_the_middle_it_leaves_no_process_and_can_be_done_again(tmp_path: Path) -> None:
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=8192), tiled=True, compress="deflate")
    program = (
        "import sys; from pathlib import Path; from pipeline.imagery.intake import take_in; "
        "from pipeline.settings import IntakeLimits; print('go', flush=True); "
        "take_in(Path(sys.argv[1]), Path(sys.argv[2]), IntakeLimits(), lambda step: print(step.stage, flush=True))"
    )
    root = Path(intake.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, upload, tmp_path / "out"], stdout=subprocess.PIPE, cwd=root
    ) as process:
        assert process.stdout.readline() == b"go\n"
        assert process.stdout.readline() == b"checked\n"
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
    assert len(children) == 1
    deadline = time.monotonic() + 10
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(NotFoundError):
        read_intake(tmp_path / "out")
    small = sound(tmp_path / "y.tif")
    take_in(small, tmp_path / "out", LIMITS)
    assert names(tmp_path / "out") == {"orthomosaic.tif", "intake.json"}
