"""What a file is, from its first bytes and its chain of directories, in plain Python before any image library sees it.

After the TIFF 6.0 specification (Adobe, 1992) and the BigTIFF design (AWare Systems, 2007).
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.errors import InvalidInputError

TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SMALLEST_TIFF_BYTES: Final = 64
"""A directory with the fewest tags a picture needs has more."""
MOST_DIRECTORIES: Final = 256
"""A mosaic of 400,000 px with all overviews and masks has under 40."""
MOST_TAGS: Final = 4_096
EXPORT_ANEW: Final = "export it anew as one GeoTIFF picture"
OTHER_STARTS: Final = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PK", "a zip archive"),
    (b"GIF8", "a GIF picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x0aHP", "an ERDAS picture"),
    (b"SQLite format 3", "a database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<", "a text file"),
    (b"{", "a text file"),
)


def demand_tiff(path: Path, *, name: str) -> None:
    """Return if ``path`` starts like a TIFF or BigTIFF; ``name`` is what the user calls it.

    Raises:
        InvalidInputError: It is empty, cut off, or something else, or its directories are no plausible chain.
    """
    with path.open("rb") as file:
        start = file.read(SMALLEST_TIFF_BYTES)
        if start.startswith(TIFF_STARTS) and len(start) == SMALLEST_TIFF_BYTES:
            _demand_chain(file, name=name)
            return
    if not start:
        raise InvalidInputError(f"{name} is empty; copy or upload it again")
    if any(beginning.startswith(start[:4]) for beginning in TIFF_STARTS):
        raise InvalidInputError(f"{name} is cut off after {len(start)} bytes; copy or upload it again")
    raise InvalidInputError(f"{name} is {_kind(start)}, not a GeoTIFF; export the orthomosaic as GeoTIFF")


def _demand_chain(file: BinaryIO, *, name: str) -> None:
    """Refuse directories that lie outside the file, come back to an earlier one, or are too many."""
    try:
        seen: set[int] = set()
        for at in _directories(file):
            if at in seen:
                raise InvalidInputError(f"the directories of {name} go in a circle; {EXPORT_ANEW}")
            if len(seen) == MOST_DIRECTORIES:
                raise InvalidInputError(f"the directories of {name} are more than {MOST_DIRECTORIES}; {EXPORT_ANEW}")
            seen.add(at)
    except (struct.error, ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(f"{name} is damaged or cut off; copy or upload it again, or export it anew") from error


def _directories(file: BinaryIO) -> Iterator[int]:
    """Where each directory of a TIFF or BigTIFF stands, in their order; 0 ends it."""
    file.seek(0)
    start = file.read(16)
    order = "<" if start.startswith(b"II") else ">"
    large = start[2:4] in {b"+\0", b"\0+"}
    offset, count, entry_bytes = (order + "Q", order + "Q", 20) if large else (order + "I", order + "H", 12)
    (at,) = struct.unpack_from(offset, start, 8 if large else 4)
    while True:
        yield at
        file.seek(at)
        (tags,) = struct.unpack(count, file.read(struct.calcsize(count)))
        if not 1 <= tags <= MOST_TAGS:
            raise ValueError(f"{tags} tags")
        file.seek(tags * entry_bytes, 1)
        (at,) = struct.unpack(offset, file.read(struct.calcsize(offset)))
        if at == 0:
            return


def _kind(start: bytes) -> str:
    """What a file that starts like this probably is, in words."""
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, words in OTHER_STARTS:
        if start.startswith(beginning) or plain.startswith(beginning.lower()):
            return words
    return "some other kind of file"
