"""What a process takes away from itself before it opens an upload: memory, time, files, the network, outliving us.

The standard library alone, because all of it must be done before any other thread or library is there.
"""

import ctypes
import os
import resource
import signal
from typing import Final

PR_SET_PDEATHSIG: Final = 1
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
MOST_OPEN_FILES: Final = 128
FIRST_FILE_BYTES: Final = 64 * 1024**2
"""What may be written before the upload's size is known."""


def confine(*, parent: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Limit this process for good; it dies with the process ``parent``."""
    die_with(parent)
    leave_the_network(ctypes.CDLL(None, use_errno=True))
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NOFILE, MOST_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    limit_files(FIRST_FILE_BYTES)


def die_with(parent: int) -> None:
    """End this process, as kill -9 does, when the thread of the process ``parent`` that started it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def limit_files(most_bytes: int) -> None:
    """No file may grow beyond this; may be raised later."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    allowed = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, hard))


def leave_the_network(libc: ctypes.CDLL) -> None:
    """Move into an empty network where the system permits it.

    An unprivileged process needs a user namespace for that; root must not enter one, or it loses the right to read
    other people's files.
    """
    if libc.unshare(CLONE_NEWNET) != 0 and os.geteuid() != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
