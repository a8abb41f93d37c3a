"""What a scan has done so far: a killed scan resumes at the strip where it stopped.

``ledger.jsonl`` begins with the scan's identity; each further line is one strip whose scores are safely in
``scores.u8``, and in ``reasons.u8`` why cells have none. A ledger of another identity, or one that cannot be read, is
started anew: it cannot be trusted.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from pipeline.imagery.whole import write_text
from pipeline.scanning.scores import NOT_ASSESSED

LEDGER: Final = "ledger.jsonl"
SCORES: Final = "scores.u8"
REASONS: Final = "reasons.u8"
FLOWN: Final = "flown"
"""Begins the name of the file in which the flown pixels of each cell are kept while the scan runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDone:
    """A finished strip: windows scored and skipped, and the seconds it took."""

    strip: int
    scored: int
    skipped: int
    seconds: float

    @classmethod
    def nothing(cls) -> "StripDone":
        """No strip at all."""
        return cls(strip=0, scored=0, skipped=0, seconds=0.0)


class Ledger:
    """The scores of a running scan and the ``Reason`` of cells without one, uint8 [rows, columns] on disk each.

    Use it in a ``with``: leaving it closes the files and leaves them for a later resume.
    """

    def __init__(self, folder: Path, *, identity: str, rows: int, columns: int) -> None:
        """Resume what is in ``folder`` if it is of the same identity and size, else start anew."""
        self._path = folder / LEDGER
        self._cells_paths = (folder / SCORES, folder / REASONS)
        resumed = self._resume(identity, rows * columns)
        self.done: dict[int, StripDone] = resumed or {}
        if resumed is None:
            self._path.unlink(missing_ok=True)  # or a kill right here would leave old strips over emptied scores
            _take_room(self._cells_paths, rows * columns)
        self.scores_rc, self.reasons_rc = (
            np.memmap(path, np.uint8, "r+", shape=(rows, columns)) for path in self._cells_paths
        )
        if resumed is None:
            self.scores_rc[:], self.reasons_rc[:] = NOT_ASSESSED, 0
            self._begin(identity)
        self._file = self._path.open("a", encoding="utf-8")
        self._file.write("\n")  # a line that a kill cut off must not swallow the next one

    def __enter__(self) -> Self:
        """Return itself, open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._file.close()

    def finish(self, strip: StripDone) -> None:
        """Record a strip, once its scores are on the disk."""
        self.scores_rc.flush()
        self.reasons_rc.flush()
        self._file.write(json.dumps(asdict(strip)) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done[strip.strip] = strip

    def total(self) -> StripDone:
        """All finished strips added up; ``strip`` is how many there are."""
        done = self.done.values()
        return StripDone(
            strip=len(done),
            scored=sum(strip.scored for strip in done),
            skipped=sum(strip.skipped for strip in done),
            seconds=sum(strip.seconds for strip in done),
        )

    def _begin(self, identity: str) -> None:
        write_text(self._path, json.dumps({"version": 1, "identity": identity}) + "\n")

    def _resume(self, identity: str, cells: int) -> dict[int, StripDone] | None:
        """The finished strips of an interrupted scan of the same identity; None where there is none."""
        if not self._path.is_file():
            return None
        if any(not path.is_file() or path.stat().st_size != cells for path in self._cells_paths):
            return None
        lines = self._path.read_text(encoding="utf-8").splitlines()
        if not lines or _read(lines[0]) != {"version": 1, "identity": identity}:
            return None
        strips = (StripDone(**entry) for entry in map(_read, lines[1:]) if entry is not None)
        return {strip.strip: strip for strip in strips}


def _take_room(paths: tuple[Path, ...], size_bytes: int) -> None:
    """Make the files with all their bytes: on a full disk that is an error; a later write would kill the process."""
    for path in paths:
        with path.open("r+b" if path.exists() else "w+b") as file:
            os.posix_fallocate(file.fileno(), 0, size_bytes)
            file.truncate(size_bytes)


def _read(line: str) -> dict[str, Any] | None:
    """A line of the ledger; None for one that was cut off by a kill."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def clear_ledger(folder: Path) -> None:
    """Remove the ledger and its scores, once the results stand."""
    (folder / LEDGER).unlink(missing_ok=True)
    (folder / SCORES).unlink(missing_ok=True)
    (folder / REASONS).unlink(missing_ok=True)
    for counted in folder.glob(f"{FLOWN}-*.i32"):
        counted.unlink()
