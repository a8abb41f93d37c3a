"""Worker name: what a worker is called, the same when it starts again, and by nobody else meanwhile."""

import fcntl
import os
import socket
from pathlib import Path
from typing import Final, Self

from pipeline.errors import ConflictError

MOST_NAMES: Final = 64
"""Workers of one machine on one data folder."""


class WorkerName:
    """A name that no other living worker of this data folder has, and the same when it starts again.

    The lowest number whose file nobody holds; the system lets go of the file however the worker ends.
    """

    def __init__(self, data_dir: Path, *, wanted: str | None = None) -> None:
        """``wanted``, or this machine's name with a number."""
        machine = "".join(letter if letter.isalnum() else "-" for letter in socket.gethostname())[:60] or "machine"
        self._names = [wanted] if wanted else [f"{machine}-{number}" for number in range(1, MOST_NAMES + 1)]
        self._folder = data_dir / "workers"
        self._handle = -1
        self.text = ""

    def __enter__(self) -> Self:
        """Hold the name.

        Raises:
            ConflictError: Every name is held.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in self._names:
            handle = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            self._handle, self.text = handle, name
            return self
        raise ConflictError(f"a worker named {self._names[-1]} works already; give this one another --name")

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        os.close(self._handle)
