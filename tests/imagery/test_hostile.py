"""Nothing that is uploaded reads, writes or connects; every refusal is one sentence and leaves nothing behind."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import hostile
import numpy as np
import pytest
import rasterio

from pipeline.errors import InvalidInputError
from pipeline.imagery.intake import take_in
from pipeline.settings import IntakeLimits

JARGON = ("Traceback", "rasterio", "GDAL", "CPLE", "TIFFRead", "fault")


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refusal(upload: Path, limits: IntakeLimits | None = None) -> str:
    """The sentence of the refusal, once it is certain that it is clear and nothing was left, changed or written."""
    before = everything_in(upload.parent)
    out = upload.parent / "out"
    with pytest.raises(InvalidInputError) as caught:
        take_in(upload, out, limits or IntakeLimits())
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400
    assert not any(word in message for word in JARGON), message
    assert not out.exists()
    assert everything_in(upload.parent) == before
    return message


def accepted_pixels(upload: Path) -> np.ndarray:
    """The pixels of the working copy, and of each of its overviews the mean is what the upload has."""
    take_in(upload, upload.parent / "out", IntakeLimits())
    with rasterio.open(upload.parent / "out" / "orthomosaic.tif") as raster:
        return raster.read()


@pytest.mark.parametrize("write", [hostile.vrt, hostile.mrf], ids=["vrt", "mrf"])
def test_a_recipe_for_reading_other_files_is_no_geotiff(tmp_path: Path, write: Callable[[Path, Path], Path]) -> None:
    upload = write(tmp_path / "x.tif", hostile.secret(tmp_path / "secret.bin"))
    assert "not a GeoTIFF" in refusal(upload)


@pytest.mark.parametrize("kind", ["vrt", "mrf", "pam"])
def test_side_cars_are_never_looked_at(tmp_path: Path, kind: str) -> None:
    pixels = hostile.ground()
    upload = hostile.write(tmp_path / "x.tif", pixels)
    target = hostile.secret(tmp_path / "secret.bin")
    if kind == "vrt":
        hostile.vrt(tmp_path / "x.tif.ovr", target)
    elif kind == "mrf":
        target = tmp_path / "written"
        hostile.mrf(tmp_path / "x.tif.ovr", target)
    else:
        recipe = hostile.vrt(tmp_path / "recipe.vrt", target)
        (tmp_path / "x.tif.aux.xml").write_text(
            f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{recipe}</MDI></Metadata></PAMDataset>'
        )
    names = {path.name for path in tmp_path.iterdir()}
    found = accepted_pixels(upload)
    assert np.abs(found.astype(int) - pixels).mean() < 12
    assert {path.name for path in tmp_path.iterdir()} == names | {"out"}


def test_a_mask_beside_the_file_is_never_looked_at(tmp_path: Path) -> None:
    upload = hostile.write(tmp_path / "x.tif", hostile.ground())
    hostile.vrt(tmp_path / "x.tif.msk", hostile.secret(tmp_path / "secret.bin"))
    assert accepted_pixels(upload).min() > 0


def test_a_geotiff_that_names_another_file_as_its_overviews_is_refused(tmp_path: Path) -> None:
    recipe = hostile.vrt(tmp_path / "recipe.vrt", hostile.secret(tmp_path / "secret.bin"))
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(), overviews_tags={"OVERVIEW_FILE": str(recipe)})
    assert "points to another file" in refusal(upload)


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and every request that it gets."""
    hits: list[str] = []

    class Count(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Count)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", hits
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("form", ["/vsicurl/{}/x.tif", "/vsicurl?url={}/x.tif", "{}/x.tif", "WMS:{}/"])
def test_no_upload_opens_a_connection(tmp_path: Path, web: tuple[str, list[str]], form: str) -> None:
    address, hits = web
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(), overviews_tags={"OVERVIEW_FILE": form.format(address)})
    refusal(upload)
    assert hits == []


@pytest.mark.parametrize("wrong", hostile.BROKEN)
def test_a_broken_structure_is_refused(tmp_path: Path, wrong: str) -> None:
    words, write = hostile.BROKEN[wrong]
    assert words in refusal(write(tmp_path / "x.tif"))


def test_a_sparse_giant_is_refused_by_what_it_would_cost(tmp_path: Path) -> None:
    assert "too large" in refusal(hostile.sparse(tmp_path / "x.tif", 400_001))
    assert "too few to be a photograph" in refusal(hostile.sparse(tmp_path / "x.tif", 100_000))


@pytest.mark.parametrize("compress", ["none", "deflate", "jpeg", "lzw"])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, compress: str) -> None:
    whole = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=256), compress=compress).read_bytes()
    for length in (len(whole) // 2, len(whole) - 1):
        (tmp_path / "x.tif").write_bytes(whole[:length])
        assert "damaged or cut off" in refusal(tmp_path / "x.tif")


@pytest.mark.parametrize("compress", ["none", "deflate", "jpeg"])
def test_a_tile_that_is_not_all_there_is_refused_however_it_is_read(tmp_path: Path, compress: str) -> None:
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": compress}
    whole = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=1024), **tiles).read_bytes()
    (tmp_path / "x.tif").write_bytes(whole[:-1])
    assert "damaged or cut off" in refusal(tmp_path / "x.tif")


@pytest.mark.parametrize("length", [0, 1, 4, 8, 63])
def test_a_file_of_a_few_bytes_is_refused_before_it_is_opened(tmp_path: Path, length: int) -> None:
    whole = hostile.write(tmp_path / "whole.tif", hostile.ground()).read_bytes()
    (tmp_path / "x.tif").write_bytes(whole[:length])
    assert ("empty" if length == 0 else "cut off") in refusal(tmp_path / "x.tif")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\xff\xd8\xff\xe0 jfif", "JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "PNG picture"),
        (b"%PDF-1.7", "PDF document"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\x7fELF\x02", "program"),
        (b"\0" * 80, "some other kind"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, start: bytes, words: str) -> None:
    (tmp_path / "x.tif").write_bytes(start.ljust(200, b" "))
    assert words in refusal(tmp_path / "x.tif")


def test_a_name_of_control_characters_is_shown_as_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb\x1b[31m.tif").write_bytes(b"hello")
    assert "\x1b" not in refusal(tmp_path / "a\nb\x1b[31m.tif")


def test_a_process_that_cannot_even_start_is_one_sentence_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    upload = hostile.write(tmp_path / "x.tif", hostile.ground())
    with pytest.raises(InvalidInputError, match=r"break off.*\(fault [0-9a-f]{12}\)$"):
        take_in(upload, tmp_path / "out", IntakeLimits(memory_bytes=64 * 1024**2))
    assert "ImportError" in caplog.text or "MemoryError" in caplog.text or "without a word" in caplog.text
    assert not (tmp_path / "out").exists()
