"""The folder of bytes beside the database.

    originals/<sha256>/<name>   as it arrived; never altered, read-only, shared by flights that have the same bytes
    working/<flight>/           what is made on the way: the picture that readers and maps see, and a scan under way
    results/<flight>/           what a scan leaves
    models/<model>/             its bundle, and the report of its comparison with the champion
    keys/                       the key that signs the ledger
    pictures/<sha256>.jpg       of the interpretation key, and photographs of visits; never altered
    statements/<sha256>.json    that were issued; never altered, read-only

Ids and names come from outside in part: each is checked to be one plain component before it becomes a path.
"""

import fcntl
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.domain.flight import FlightId
from pipeline.errors import InvalidInputError, NotFoundError

IDENTITY: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
BUNDLE: Final = "bundle"
"""Inside the folder of a model: its bundle."""
COMPARISON: Final = "comparison.json"
"""Inside the folder of a model: the report of its comparison with the champion (workflow.compare_models)."""
OUTLINES: Final = frozenset({".json", ".geojson", ".gpkg"})
"""Files that say something of land and show none of it; nor do the two rasters of a scan."""
STATES_AND_SCORES: Final = frozenset({"states.tif", "scores.tif"})
LONGEST_NAME: Final = 200
"""In bytes of UTF-8; file systems end at 255."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where bytes are. ``root`` is made as needed; nothing is opened here."""

    root: Path

    def original(self, sha256: str) -> Path:
        """The original of these bytes.

        Raises:
            NotFoundError: There is none.
        """
        folder = self._originals(sha256)
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        if not found:
            raise NotFoundError("there is no original of these bytes")
        return found[0]

    def keep_original(self, arrived: Path, *, sha256: str, name: str) -> Path:
        """Move a file that has arrived whole to its place for good; the same bytes once more are dropped.

        ``arrived`` must lie on the same file system. What is kept can no longer be written to.
        """
        folder = self._originals(sha256)
        folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(folder.iterdir())
        if kept:
            arrived.unlink()
            return kept[0]
        arrived.chmod(0o440)
        path = folder / plain_name(name)
        arrived.replace(path)
        _sync(folder)
        return path

    @contextmanager
    def holding(self, sha256: str) -> Iterator[None]:
        """Hold an original against whoever else would keep or remove it; they wait."""
        folder = self._originals(sha256)
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def has_original(self, sha256: str) -> bool:
        """Whether the original of these bytes is there."""
        folder = self._originals(sha256)
        return folder.is_dir() and any(folder.iterdir())

    def remove_original(self, sha256: str) -> int:
        """Remove the original of these bytes, where there is one; how many bytes that were."""
        folder = self._originals(sha256)
        return sum(map(_remove, sorted(folder.iterdir()))) if folder.is_dir() else 0

    def pictures(self, flight: FlightId) -> tuple[Path, ...]:
        """All files of a flight that may show land, beside its original; what was found there is none of them."""
        folders = (self.root / kind / _checked_flight(flight) for kind in ("working", "results"))
        files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
        return tuple(path for path in files if path.suffix not in OUTLINES and path.name not in STATES_AND_SCORES)

    def remove_pictures(self, flight: FlightId) -> int:
        """Remove what may show the land of a flight, beside its original; how many bytes that were."""
        return sum(map(_remove, self.pictures(flight)))

    def working(self, flight: FlightId) -> Path:
        """The folder for what is made on the way; made where it is missing."""
        return self._folder("working", flight)

    def results(self, flight: FlightId) -> Path:
        """The folder for what a scan leaves; made where it is missing."""
        return self._folder("results", flight)

    def model(self, model: str) -> Path:
        """The folder of a model's bundle and of its report; made where it is missing."""
        return self._folder("models", FlightId(model))

    @property
    def arriving(self) -> Path:
        """The folder of uploads on their way in, on the file system of the originals; made where it is missing."""
        folder = self.root / "arriving"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def key(self) -> Path:
        """The file of the key that signs the ledger."""
        return self.root / "keys" / "ledger.pem"

    def picture(self, sha256: str) -> Path:
        """The place of a picture of the interpretation key.

        Raises:
            InvalidInputError: It is no sha256.
        """
        return self.root / "pictures" / f"{_checked(sha256)}.jpg"

    def keep_picture(self, jpeg: bytes, *, sha256: str) -> Path:
        """Write a picture to its place for good, whole or not at all."""
        return _keep(self.picture(sha256), jpeg)

    def statement(self, sha256: str) -> Path:
        """The place of a statement that was issued.

        Raises:
            InvalidInputError: It is no sha256.
        """
        return self.root / "statements" / f"{_checked(sha256)}.json"

    def keep_statement(self, content: bytes, *, sha256: str) -> Path:
        """Write a statement to its place for good, whole or not at all; it can no longer be written to."""
        path = _keep(self.statement(sha256), content)
        path.chmod(0o440)
        return path

    def _originals(self, sha256: str) -> Path:
        return self.root / "originals" / _checked(sha256)

    def _folder(self, kind: str, flight: FlightId) -> Path:
        folder = self.root / kind / _checked_flight(flight)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def plain_name(name: str) -> str:
    """The last component of a name from outside, without what a file system or a terminal would act on."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in last).strip(". ")
    stem, dot, suffix = kept.rpartition(".")
    if not dot:
        stem, suffix = kept, ""
    room = LONGEST_NAME - len((dot + suffix).encode())
    stem = stem.encode()[: max(room, 1)].decode(errors="ignore")
    return f"{stem}{dot}{suffix}" if stem and room > 0 else "original"


def _checked_flight(flight: FlightId) -> str:
    if not IDENTITY.fullmatch(flight):
        raise NotFoundError("there is no such flight")
    return flight


def _remove(path: Path) -> int:
    """Remove a file; its length in bytes."""
    length = path.stat().st_size
    path.unlink()
    return length


def _checked(sha256: str) -> str:
    if not SHA256.fullmatch(sha256):
        raise InvalidInputError("a sha256 has 64 characters, 0 to 9 and a to f")
    return sha256


def _keep(path: Path, content: bytes) -> Path:
    """Write a file that is named by its content, unless it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        partial = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.partial")
        partial.write_bytes(content)
        partial.replace(path)
        _sync(path.parent)
    return path


def _sync(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
