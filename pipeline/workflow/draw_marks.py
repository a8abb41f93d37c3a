"""Draw marks: flags from afar and visits, counted by place, kind and day, so that a map can add up any window of days.

A tile has a few hundred marks at most, however many flags lie in it. Who may see its flags may see its counts: they are
of the same candidates.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Final

from pipeline.domain.people import DistrictId
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import extent_of, place_in
from pipeline.store.database import Database, Transaction
from pipeline.store.ground_map import marked_flags
from pipeline.store.visit_map import visit_stages
from pipeline.workflow.draw_coverage import GROUPS, OUTLINED_FROM, days

MEDIA_TYPE: Final = "application/json"
MOST_ZOOM: Final = 16
PLACES: Final = 16
"""Places along the side of a tile: marks of 32 px beside each other fill a tile of 512."""
DIGITS: Final = 6
"""Of a degree: a tenth of a metre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One thing to count: shown by a window that has its ``day`` and ends before ``until``."""

    kind: str
    day: date
    until: date | None
    place: tuple[float, float]


@dataclass(slots=True)
class Mark:
    """All of one kind at a place: the middle of where they lie, and how many by their days."""

    east: float = 0.0
    north: float = 0.0
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add(self, one: Counted) -> None:
        """Count one more."""
        self.east += one.place[0]
        self.north += one.place[1]
        self.counts[days(one.day), days(one.until) if one.until else 0] += 1

    def written(self, kind: str) -> list[object]:
        """Longitude, latitude, kind, and day, until (0 for ever) and number, one after the other."""
        of = self.counts.total()
        numbers = [number for (day, until), count in sorted(self.counts.items()) for number in (day, until, count)]
        return [round(self.east / of, DIGITS), round(self.north / of, DIGITS), kind, numbers]


def marks_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress, zone: tzinfo) -> bytes:
    """Marks of flags, where these have no outlines, and of visits; b"" for nothing. ``zone`` is that of days."""
    with database.snapshot() as connection:
        marks = _gathered(_counted(connection, frozenset(districts), address, zone), address)
    return json.dumps({"marks": marks}, separators=(",", ":")).encode() if marks else b""


def _counted(
    connection: Transaction, districts: frozenset[DistrictId], address: TileAddress, zone: tzinfo
) -> Iterator[Counted]:
    within = extent_of(address, edge_units=0)
    if address.zoom < OUTLINED_FROM:
        for flag in marked_flags(connection, districts, within):
            yield Counted(kind=GROUPS[flag.status], day=flag.day, until=None, place=flag.place)
    for stage in visit_stages(connection, districts, zone, within):
        yield Counted(kind=stage.what.value, day=stage.day, until=stage.until, place=stage.place)


def _gathered(counted: Iterable[Counted], address: TileAddress) -> list[list[object]]:
    """One mark for each kind and place of the tile; what lies in the next tile is counted there."""
    marks: dict[tuple[int, int, str], Mark] = {}
    for one in counted:
        x, y = (math.floor(PLACES * along) for along in place_in(address, *one.place))
        if 0 <= x < PLACES and 0 <= y < PLACES:
            marks.setdefault((x, y, one.kind), Mark()).add(one)
    return [mark.written(kind) for (_, _, kind), mark in marks.items()]
