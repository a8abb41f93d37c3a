"""Intake: a hostile upload in, our own working copy and a full record of it out. The original is never altered.

``folder`` after intake::

    orthomosaic.tif   the working copy (see imagery.working)
    intake.json       the record below, version 1; written last, so it marks the intake as complete

The upload is settled as a TIFF by its first bytes, then opened only in an enclosed process (see imagery.enclosure).
"""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.domain.progress import Report, say_nothing
from pipeline.errors import InvalidInputError, NoRoomError, NotFoundError
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.enclosure import make_enclosed
from pipeline.imagery.source import Found, find_orthomosaic
from pipeline.imagery.working import WORKING_NAME, Working
from pipeline.settings import IntakeLimits, parse

RECORD_VERSION: Final = 1
RECORD_NAME: Final = "intake.json"
QUALITY_NAME: Final = "quality.json"
"""What a look before a scan (``workflow.check``) leaves beside the working copy."""
WORK_PREFIX: Final = ".intake-"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRecord:
    """Everything ``intake.json`` says. ``software`` is the version that made it, ``working`` what it decided."""

    version: int
    software: str
    limits: dict[str, Any]
    orthomosaic: Orthomosaic
    working: Working


def take_in(source: Path, folder: Path, limits: IntakeLimits, report: Report = say_nothing) -> Orthomosaic:
    """Make the working copy of ``source`` in ``folder``, or find it there complete from an earlier time.

    Args:
        source: A GeoTIFF, an ODM project folder, or a zip of one.
        folder: Where the result goes; made if it is not there.
        limits: What the upload may cost.
        report: Told how far it is.

    Raises:
        NotFoundError: There is nothing at ``source``.
        InvalidInputError: The upload is refused; nothing of it is left in ``folder``.
    """
    with _workplace(folder) as work:
        found = find_orthomosaic(source, work)
        sha256 = sha256_of(found.path)
        done = _finished(folder, sha256, limits)
        if done is not None:
            return done
        try:
            working = make_enclosed(found.path, work, limits, report)
        except InvalidInputError as error:
            raise type(error)(f"{found.name}: {error}") from error
        record = _record(found, sha256, limits, working)
        _publish(work, folder, record)
        return record.orthomosaic


def read_intake(folder: Path) -> Orthomosaic:
    """The orthomosaic that was taken into ``folder``.

    Raises:
        NotFoundError: No intake was completed there.
        InvalidInputError: Its record is damaged or of another version.
    """
    return read_intake_record(folder).orthomosaic


def read_intake_record(folder: Path) -> IntakeRecord:
    """All that ``intake.json`` in ``folder`` says.

    Raises:
        NotFoundError: No intake was completed there.
        InvalidInputError: Its record is damaged or of another version.
    """
    path = folder / RECORD_NAME
    try:
        content = TypeAdapter(dict[str, Any]).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(f"no intake was completed in {folder}") from error
    except ValueError as error:
        raise InvalidInputError(f"{path} is damaged; take the orthomosaic in again") from error
    if content.get("version") != RECORD_VERSION:
        raise InvalidInputError(f"{path} is not of version {RECORD_VERSION}; take the orthomosaic in again")
    return parse(IntakeRecord, content, where=RECORD_NAME)


def _finished(folder: Path, sha256: str, limits: IntakeLimits) -> Orthomosaic | None:
    """What a complete earlier intake of the same bytes under the same limits made, if it is still whole."""
    try:
        record = read_intake_record(folder)
        size = (folder / WORKING_NAME).stat().st_size
    except (NotFoundError, InvalidInputError, FileNotFoundError):
        return None
    same = record.orthomosaic.original_sha256 == sha256 and record.limits == asdict(limits)
    return record.orthomosaic if same and record.working.bytes == size else None


@contextlib.contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A new folder inside ``folder`` that is always removed; so is ``folder`` if it was made and stays empty."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(stale, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=folder))
    except OSError as error:
        raise InvalidInputError(f"nothing can be written to {folder}; choose another folder") from error
    try:
        yield work
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise NoRoomError(f"there is no room left in {folder}; free some and try again") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _record(found: Found, sha256: str, limits: IntakeLimits, working: Working) -> IntakeRecord:
    orthomosaic = Orthomosaic(
        name=found.name,
        original_sha256=sha256,
        original_bytes=found.path.stat().st_size,
        size=working.size,
        georeference=working.georeference,
        mask_origin=working.mask_origin,
        notes=(*found.notes, *working.notes),
    )
    return IntakeRecord(
        version=RECORD_VERSION,
        software=_software(),
        limits=asdict(limits),
        orthomosaic=orthomosaic,
        working=working,
    )


def _software() -> str:
    try:
        return version("plotwatch")
    except PackageNotFoundError:
        return "unknown"


def _publish(work: Path, folder: Path, record: IntakeRecord) -> None:
    """Put both files in place, each at once, the record last."""
    draft = work / RECORD_NAME
    draft.write_bytes(TypeAdapter(IntakeRecord).dump_json(record, indent=2))
    (folder / RECORD_NAME).unlink(missing_ok=True)
    os.replace(work / WORKING_NAME, folder / WORKING_NAME)  # noqa: PTH105
    os.replace(draft, folder / RECORD_NAME)  # noqa: PTH105
