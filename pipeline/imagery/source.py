"""Find the orthomosaic in what was given: a GeoTIFF, an ODM project folder, or a zip of one."""

import stat
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.archives import ODM_PATH, extract_orthomosaic
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.enclosure import one_line
from pipeline.imagery.signature import demand_tiff


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The file to open, what people call it, and sentences on where it came from."""

    path: Path
    name: str
    notes: tuple[str, ...] = ()


def find_orthomosaic(source: Path, work: Path) -> Found:
    """The orthomosaic in ``source``, taken out into ``work`` if it is packed; it starts like a TIFF.

    Raises:
        NotFoundError: There is nothing at ``source``.
        InvalidInputError: It holds no orthomosaic, or not exactly one.
    """
    name = one_line(source.name) or "the upload"
    found = _found(source, work, name)
    demand_tiff(found.path, name=found.name)
    return found


def _found(source: Path, work: Path, name: str) -> Found:
    try:
        mode = source.stat().st_mode
        if stat.S_ISDIR(mode):
            return _in_project(source, name)
        if not stat.S_ISREG(mode):
            raise InvalidInputError(f"{name} is no file but a pipe or device; give a GeoTIFF, an ODM folder or a zip")
        with source.open("rb") as file:
            packed = file.read(4) in {b"PK\3\4", b"PK\5\6"}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(f"there is no file {one_line(str(source))}") from error
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{name} cannot be read; check its name and permissions") from error
    return _in_archive(source, work, name) if packed else Found(path=source, name=name)


def _in_project(folder: Path, name: str) -> Found:
    """The orthomosaic of an ODM project; links out of the folder are not followed."""
    inside = folder / ODM_PATH
    try:
        real = inside.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InvalidInputError(f"the folder {name} holds no {ODM_PATH}; give an ODM project or a GeoTIFF") from error
    if not real.is_relative_to(folder.resolve()):
        raise InvalidInputError(
            f"{ODM_PATH} in the folder {name} is a link that leads out of it; copy the file itself there"
        )
    if not real.is_file():
        raise InvalidInputError(f"{ODM_PATH} in the folder {name} is no file; give an ODM project or a GeoTIFF")
    return Found(path=real, name=f"{name}/{ODM_PATH}", notes=(f"Taken from the ODM project folder {name}.",))


def _in_archive(archive: Path, work: Path, name: str) -> Found:
    path = work / "unpacked.tif"
    inside = one_line(extract_orthomosaic(archive, path, name=name))
    note = f"Taken from {inside} in the archive {name} (sha256 {sha256_of(archive)})."
    return Found(path=path, name=f"{name}/{inside}", notes=(note,))
