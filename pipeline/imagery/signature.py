"""What a file is, from its first bytes: settled in plain Python before any image library sees it."""

from pathlib import Path
from typing import Final

from pipeline.errors import InvalidInputError

TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SMALLEST_TIFF_BYTES: Final = 64
"""A directory with the fewest tags a picture needs has more."""
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
        InvalidInputError: It is empty, cut off, or something else.
    """
    with path.open("rb") as file:
        start = file.read(SMALLEST_TIFF_BYTES)
    if not start:
        raise InvalidInputError(f"{name} is empty; copy or upload it again")
    if start.startswith(TIFF_STARTS) and len(start) == SMALLEST_TIFF_BYTES:
        return
    if any(beginning.startswith(start[:4]) for beginning in TIFF_STARTS):
        raise InvalidInputError(f"{name} is cut off after {len(start)} bytes; copy or upload it again")
    raise InvalidInputError(f"{name} is {_kind(start)}, not a GeoTIFF; export the orthomosaic as GeoTIFF")


def _kind(start: bytes) -> str:
    """What a file that starts like this probably is, in words."""
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, words in OTHER_STARTS:
        if start.startswith(beginning) or plain.startswith(beginning.lower()):
            return words
    return "some other kind of file"
