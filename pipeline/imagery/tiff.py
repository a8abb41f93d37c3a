"""The structure of the TIFF files we write ourselves: a little-endian BigTIFF whose directories come before its data.

Only our own files are written and read here. After the TIFF 6.0 specification (Adobe, 1992), the BigTIFF design
(AWare Systems, 2007) and the GeoTIFF standard (OGC 19-008r4).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HEADER_BYTES: Final = 16
GEO_TAGS: Final = frozenset({33550, 33922, 34264, 34735, 34736, 34737})
"""Pixel scale, tie point, transformation, and the three tags that hold the GeoTIFF keys."""

SHORT: Final = 3
LONG: Final = 4
RATIONAL: Final = 5
UNDEFINED: Final = 7
LONG8: Final = 16
TYPE_BYTES: Final = {1: 1, 2: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1, 12: 8, LONG8: 8}
"""Bytes of one value of each TIFF type that is met here; 12 is a double."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One entry of a directory; ``data`` holds ``count`` little-endian values of ``kind``."""

    number: int
    kind: int
    count: int
    data: bytes


def shorts(number: int, *values: int) -> Tag:
    """A tag of 16-bit numbers."""
    return Tag(number=number, kind=SHORT, count=len(values), data=struct.pack(f"<{len(values)}H", *values))


def longs(number: int, *values: int) -> Tag:
    """A tag of 32-bit numbers."""
    return Tag(number=number, kind=LONG, count=len(values), data=struct.pack(f"<{len(values)}I", *values))


def long8s(number: int, values: Iterable[int]) -> Tag:
    """A tag of 64-bit numbers."""
    listed = list(values)
    return Tag(number=number, kind=LONG8, count=len(listed), data=struct.pack(f"<{len(listed)}Q", *listed))


def rationals(number: int, *pairs: int) -> Tag:
    """A tag of fractions, given as numerator, denominator, numerator, ..."""
    return Tag(number=number, kind=RATIONAL, count=len(pairs) // 2, data=struct.pack(f"<{len(pairs)}I", *pairs))


def raw(number: int, data: bytes) -> Tag:
    """A tag of bytes without a meaning of their own."""
    return Tag(number=number, kind=UNDEFINED, count=len(data), data=data)


def header() -> bytes:
    """The first 16 bytes: the first directory follows at once."""
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, HEADER_BYTES)


def directory_bytes(tags: Iterable[Tag]) -> int:
    """How many bytes ``directory`` makes of these tags."""
    return 16 + sum(20 + _outside_bytes(tag) for tag in tags)


def directory(tags: Iterable[Tag], *, at: int, last: bool) -> bytes:
    """A directory that stands at byte ``at``, then its long values; the next one follows unless it is the last."""
    ordered = sorted(tags, key=lambda tag: tag.number)
    outside_at = at + 16 + 20 * len(ordered)
    entries, outside = [struct.pack("<Q", len(ordered))], bytearray()
    for tag in ordered:
        value = tag.data.ljust(8, b"\0")
        if _outside_bytes(tag):
            value = struct.pack("<Q", outside_at + len(outside))
            outside += tag.data.ljust(_outside_bytes(tag), b"\0")
        entries.append(struct.pack("<HHQ", tag.number, tag.kind, tag.count) + value)
    following = 0 if last else outside_at + len(outside)
    return b"".join(entries) + struct.pack("<Q", following) + bytes(outside)


def _outside_bytes(tag: Tag) -> int:
    """Bytes the tag needs behind its directory, a multiple of 8; 0 where its value fits into the entry."""
    return 0 if len(tag.data) <= 8 else -(-len(tag.data) // 8) * 8  # noqa: PLR2004 - an entry holds 8 bytes


def geographic_tags(template: bytes) -> tuple[Tag, ...]:
    """The tags that say where a raster lies, from the bytes of a classic little-endian TIFF that GDAL wrote for us."""
    (at,) = struct.unpack_from("<I", template, 4)
    (count,) = struct.unpack_from("<H", template, at)
    entries = (struct.unpack_from("<HHI4s", template, at + 2 + 12 * index) for index in range(count))
    return tuple(_classic_tag(template, *entry) for entry in entries if entry[0] in GEO_TAGS)


def _classic_tag(template: bytes, number: int, kind: int, count: int, value: bytes) -> Tag:
    size = TYPE_BYTES[kind] * count
    start = struct.unpack("<I", value)[0]
    data = value[:size] if size <= 4 else template[start : start + size]  # noqa: PLR2004 - an entry holds 4 bytes
    return Tag(number=number, kind=kind, count=count, data=data)
