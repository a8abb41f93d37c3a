"""From a zip comes the one orthomosaic, or a refusal."""

import stat
import struct
import warnings
import zipfile
from pathlib import Path

import hostile
import pytest

from pipeline.errors import InvalidInputError
from pipeline.imagery.archives import extract_orthomosaic

ODM = "project/odm_orthophoto/odm_orthophoto.tif"


def pack(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicate names, which is what some tests want
        with zipfile.ZipFile(path, "w", how) as archive:
            for name, data in members:
                archive.writestr(name, data)
    return path


def taken(archive: Path) -> bytes:
    target = archive.parent / "out.tif"
    extract_orthomosaic(archive, target, name=archive.name)
    return target.read_bytes()


def refused(archive: Path) -> str:
    with pytest.raises(InvalidInputError) as caught:
        extract_orthomosaic(archive, archive.parent / "out.tif", name=archive.name)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("name", [ODM, "odm_orthophoto/odm_orthophoto.tif", "map.tif", "a/b/map.TIFF"])
def test_the_orthomosaic_is_taken_out(tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / "a.zip", ("readme.txt", b"hello"), (name, b"II*\0 picture"))
    assert taken(archive) == b"II*\0 picture"


def test_an_odm_project_may_hold_other_rasters(tmp_path: Path) -> None:
    assert taken(pack(tmp_path / "a.zip", ("p/odm_dem/dsm.tif", b"dem"), (ODM, b"picture"))) == b"picture"


@pytest.mark.parametrize("name", ["../map.tif", "a/../../map.tif", "/etc/map.tif", "..\\map.tif", "C:\\map.tif"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    assert "leads outside" in refused(pack(tmp_path / "a.zip", (name, b"x"), (ODM, b"x")))


def test_a_name_with_nul_is_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", ("mapXtif.tif", b"x"))
    archive.write_bytes(archive.read_bytes().replace(b"mapXtif", b"map\0tif"))
    assert "leads outside" in refused(archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("odm_orthophoto/odm_orthophoto.tif")
    member.create_system, member.external_attr = 3, (kind | 0o644) << 16
    assert "link or device" in refused(pack(tmp_path / "a.zip", (member, b"/etc/passwd")))


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "same name" in refused(pack(tmp_path / "a.zip", ("map.tif", b"x"), ("map.tif", b"y")))
    assert "same name" in refused(pack(tmp_path / "b.zip", ("map.tif", b"x"), ("MAP.tif", b"y")))


def test_several_none_and_nested_are_refused(tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner.zip", (ODM, b"x")).read_bytes()
    assert "2 orthomosaics" in refused(pack(tmp_path / "a.zip", ("a.tif", b"x"), ("b.tif", b"y")))
    assert "no GeoTIFF" in refused(pack(tmp_path / "b.zip", ("a.txt", b"x")))
    assert "no GeoTIFF" in refused(pack(tmp_path / "c.zip", ("inner.zip", inner)))
    assert "no GeoTIFF" in refused(pack(tmp_path / "d.zip"))


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    assert "implausibly" in refused(pack(tmp_path / "a.zip", ("map.tif", bytes(80 * 1024**2))))


def test_more_bytes_than_declared_are_never_written(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", ("map.tif", bytes(1_000_000)), how=zipfile.ZIP_DEFLATED)
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 1_000)))
    refused(archive)
    assert not (tmp_path / "out.tif").exists() or (tmp_path / "out.tif").stat().st_size <= 1_000


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", ("map.tif", b"x"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(bytes(data))
    assert "encrypted" in refused(archive)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.zip", ("map.tif", hostile.ground().tobytes())).read_bytes()
    for cut in (whole[:40], whole[: len(whole) // 2], whole[:200] + b"\xff" * 40 + whole[240:]):
        (tmp_path / "b.zip").write_bytes(cut)
        assert "damaged" in refused(tmp_path / "b.zip")
        (tmp_path / "out.tif").unlink(missing_ok=True)
