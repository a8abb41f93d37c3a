"""The folder of bytes: originals for good, and no name from outside that leads elsewhere."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.flight import FlightId
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.files import Files, plain_name

SHA256 = "a" * 64


def arrived(files: Files, content: bytes = b"pixels") -> Path:
    path = files.arriving / "upload"
    path.write_bytes(content)
    return path


def test_an_original_is_kept_under_its_hash_and_can_no_longer_be_written(tmp_path: Path) -> None:
    files = Files(tmp_path / "data")
    kept = files.keep_original(arrived(files), sha256=SHA256, name="东坡.tif")
    assert files.original(SHA256) == kept
    assert (kept.name, kept.read_bytes(), kept.stat().st_mode & 0o222) == ("东坡.tif", b"pixels", 0)


def test_the_same_bytes_once_more_are_kept_once(tmp_path: Path) -> None:
    files = Files(tmp_path / "data")
    first = files.keep_original(arrived(files), sha256=SHA256, name="a.tif")
    assert files.keep_original(arrived(files), sha256=SHA256, name="b.tif") == first
    assert list(files.arriving.iterdir()) == []


def test_what_is_not_there_is_not_found_and_what_is_no_hash_is_refused(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(NotFoundError):
        files.original(SHA256)
    for wrong in ("../../etc", "A" * 64, ""):
        with pytest.raises(InvalidInputError):
            files.original(wrong)


def test_a_flight_has_its_folders_and_an_id_that_leads_elsewhere_has_none(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert files.working(FlightId("f1")) == tmp_path / "working" / "f1"
    assert files.results(FlightId("f1")).is_dir()
    for wrong in ("..", "a/b", "", "a" * 81):
        with pytest.raises(NotFoundError):
            files.working(FlightId(wrong))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.tif", "a.tif"),
        ("../../etc/passwd", "passwd"),
        ("C:\\flights\\东坡.tif", "东坡.tif"),
        ("a\0b.tif", "a_b.tif"),
        ("..", "original"),
        ("", "original"),
        (".tif", "tif"),
    ],
)
def test_a_name_from_outside_becomes_one_plain_name(name: str, kept: str) -> None:
    assert plain_name(name) == kept


@given(st.text(max_size=400))
def test_whatever_the_name_it_stays_in_its_folder_and_fits_the_disk(name: str) -> None:
    kept = plain_name(name)
    assert kept not in {"", ".", ".."}
    assert "/" not in kept
    assert "\0" not in kept
    assert len(kept.encode(errors="ignore")) <= 255
