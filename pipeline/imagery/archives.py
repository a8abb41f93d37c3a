"""Take the one orthomosaic out of a zip archive that may have been made to do harm."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from pipeline.errors import InvalidInputError

ODM_PATH: Final = "odm_orthophoto/odm_orthophoto.tif"
MOST_MEMBERS: Final = 100_000
MOST_DIRECTORY_BYTES: Final = 64 * 1024**2
MOST_RATIO: Final = 200
"""Bytes out of one byte in; a deflated orthomosaic has under 5."""
FREE_BYTES: Final = 64 * 1024**2
"""Below this size the ratio does not matter."""
MOST_BYTES: Final = 2 * 1024**4
COPY_BYTES: Final = 1024**2
ENCRYPTED: Final = 0x1


def extract_orthomosaic(archive: Path, target: Path, *, name: str) -> str:
    """Write the archive's orthomosaic to ``target`` (new) and return its name inside; ``name`` is the archive's own.

    Raises:
        InvalidInputError: It is damaged, made to do harm, or does not hold exactly one orthomosaic.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            member = _chosen(_checked(opened, name), name)
            _extract(opened, member, target, name)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        RuntimeError,
        ValueError,
        zlib.error,
    ) as error:
        raise InvalidInputError(
            f"the archive {name} is damaged or of an unknown kind; pack it again as a plain zip"
        ) from error
    return member.filename


def _checked(opened: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """All members, if none of them is made to do harm."""
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        raise InvalidInputError(f"the archive {name} has {len(members)} entries, too many; pack only the orthomosaic")
    seen: set[str] = set()
    for member in members:
        _check_name(member, name)
        folded = member.filename.casefold()
        if folded in seen:
            raise InvalidInputError(f"the archive {name} holds two entries of the same name; pack it again")
        seen.add(folded)
    return members


def _check_name(member: zipfile.ZipInfo, name: str) -> None:
    """Refuse names that lead out of the archive, and entries that are no files."""
    original = member.orig_filename
    parts = PurePosixPath(original.replace("\\", "/")).parts
    outside = original.startswith(("/", "\\")) or ".." in parts or ":" in original.split("/")[0]
    if outside or "\0" in original or not original:
        raise InvalidInputError(f"the archive {name} holds an entry whose name leads outside of it; pack it again")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise InvalidInputError(f"the archive {name} holds a link or device; pack it again with plain files")


def _chosen(members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    """The orthomosaic among the members."""
    files = [member for member in members if not member.is_dir()]
    found = [member for member in files if f"/{member.filename}".endswith(f"/{ODM_PATH}")]
    rasters = [member for member in files if member.filename.lower().endswith((".tif", ".tiff"))]
    candidates = found or rasters
    if len(candidates) != 1:
        held = f"{len(candidates)} orthomosaics" if candidates else "no GeoTIFF"
        raise InvalidInputError(f"the archive {name} holds {held}; pack exactly one, or an ODM project with {ODM_PATH}")
    if candidates[0].flag_bits & ENCRYPTED:
        raise InvalidInputError(f"the archive {name} is encrypted; pack it without a password")
    return candidates[0]


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, name: str) -> None:
    """Copy one member, never more than its fair size."""
    most = min(max(member.compress_size * MOST_RATIO, FREE_BYTES), MOST_BYTES, member.file_size)
    if member.file_size > most:
        raise InvalidInputError(f"the archive {name} unpacks to implausibly many bytes; give the GeoTIFF itself")
    left = most
    with opened.open(member) as source, target.open("xb") as copy:
        while chunk := source.read(COPY_BYTES):
            left -= len(chunk)
            if left < 0:
                raise InvalidInputError(f"the archive {name} unpacks to more bytes than it declares; pack it again")
            copy.write(chunk)
