"""An order: what is to be scanned with what, and where the results go."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import InvalidInputError, UnavailableError

WORKING: Final = "working"
"""Folder inside the results for the working orthomosaic and, while a scan runs, its ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be scanned with what, and where the results go; ``working`` where the working copy goes elsewhere."""

    source: Path
    model: Path
    out: Path
    working: Path | None = None

    @property
    def workplace(self) -> Path:
        """The folder of the working orthomosaic and, while a scan runs, of its ledger."""
        return self.working or self.out / WORKING


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold ``out``, made where it is missing, against other scans; an empty folder made here is removed on an error.

    Raises:
        InvalidInputError: ``out`` is not, and cannot become, a folder that can be written to.
        UnavailableError: Another scan holds it.
    """
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InvalidInputError(f"results cannot be written to {out}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(f"another scan is writing to {out}: wait for it, or choose another --out") from error
        yield
    finally:
        os.close(handle)
        if made and not any(out.iterdir()):
            out.rmdir()
