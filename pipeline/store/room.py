"""Room: a full disk by its name, wherever bytes are written."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline.errors import NoRoomError

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL: Final = "there is no room for this on the server: what was received is safe, try again when there is"


@contextmanager
def room() -> Iterator[None]:
    """Say in our words that the disk is full.

    Raises:
        NoRoomError: It is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise NoRoomError(FULL) from error
