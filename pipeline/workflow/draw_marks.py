"""Draw marks: flags from afar and visits, counted by place, kind and day, so that a map can add up any window of days.

A tile has 256 marks of a kind at most, however many flags lie in it. Who may see its flags may see its counts: they are
of the same candidates.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import DistrictId
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import places_in
from pipeline.store.database import Database, Transaction
from pipeline.store.ground_map import marked_flags
from pipeline.store.visit_map import visit_stages
from pipeline.workflow.draw_coverage import GROUPS, OUTLINED_FROM, days

MEDIA_TYPE: Final = "application/json"
MOST_ZOOM: Final = 16
MOST_KEPT: Final = 4
"""Of so many choices of districts, and states of them, marks are kept."""
PLACES: Final = 16
"""Places along the side of a tile: marks of 32 px beside each other fill a tile of 512."""
DIGITS: Final = 6
"""Of a degree: a tenth of a metre."""
KINDS: Final = (*dict.fromkeys(GROUPS.values()), *(status.value for status in FlagStatus))
"""Groups of flags, and what a visit is or found."""


Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Things to count, one in each row: its kind (a number in ``KINDS``), its days, and where it lies in degrees.

    A window that has its ``days`` and ends before its ``untils`` (0: for ever) shows it.
    """

    kinds: Numbers
    days: Numbers
    untils: Numbers
    longitudes: npt.NDArray[np.float64]
    latitudes: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All that can be marked of some districts: hundreds of thousands are some megabytes, and some seconds to read."""

    flags: Counted
    visits: Counted


class KeptMarks:
    """Marks that were read last, for all tiles of a map; read once, however many ask for them at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Marks] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, read: Callable[[], Marks]) -> Marks:
        """Those of ``key``, which is another one whenever they would be others."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = read()
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]


def read_marks(database: Database, districts: Iterable[DistrictId], zone: tzinfo) -> Marks:
    """Candidates and visits of some districts; ``zone`` is that of days."""
    theirs = frozenset(districts)
    with database.snapshot() as connection:
        return Marks(flags=_flags(connection, theirs), visits=_visits(connection, theirs, zone))


def marks_tile(marks: Marks, address: TileAddress) -> bytes:
    """Those of flags, where these have no outlines, and of visits; b"" for nothing."""
    drawn = (marks.visits, marks.flags) if address.zoom < OUTLINED_FROM else (marks.visits,)
    found = [mark for counted in drawn for mark in _gathered(counted, address)]
    return json.dumps({"marks": found}, separators=(",", ":")).encode() if found else b""


def _flags(connection: Transaction, districts: frozenset[DistrictId]) -> Counted:
    flags = marked_flags(connection, districts)
    kinds = {status.value: KINDS.index(group) for status, group in GROUPS.items()}
    numbers = {day: days(day) for day in set(flags.days)}
    return Counted(
        kinds=np.array([kinds[status] for status in flags.statuses], np.int64),
        days=np.array([numbers[day] for day in flags.days], np.int64),
        untils=np.zeros(len(flags.days), np.int64),
        longitudes=np.array(flags.longitudes, np.float64),
        latitudes=np.array(flags.latitudes, np.float64),
    )


def _visits(connection: Transaction, districts: frozenset[DistrictId], zone: tzinfo) -> Counted:
    stages = tuple(visit_stages(connection, districts, zone))
    return Counted(
        kinds=np.array([KINDS.index(stage.what.value) for stage in stages], np.int64),
        days=np.array([days(stage.day) for stage in stages], np.int64),
        untils=np.array([days(stage.until) if stage.until else 0 for stage in stages], np.int64),
        longitudes=np.array([stage.place[0] for stage in stages], np.float64),
        latitudes=np.array([stage.place[1] for stage in stages], np.float64),
    )


def _gathered(counted: Counted, address: TileAddress) -> Iterator[list[object]]:
    """A mark for each kind and place of the tile; what lies in the next tile is counted there.

    Longitude and latitude of the middle of all that it counts, kind, and day, until and number, one after the other.
    """
    x, y = (np.floor(PLACES * along) for along in places_in(address, counted.longitudes, counted.latitudes))
    inside = (x >= 0) & (x < PLACES) & (y >= 0) & (y < PLACES)
    spots = (counted.kinds * PLACES**2 + y.astype(np.int64) * PLACES + x.astype(np.int64))[inside]
    east, north = counted.longitudes[inside], counted.latitudes[inside]
    rows, numbers = np.unique(
        np.column_stack([spots, counted.days[inside], counted.untils[inside]]), axis=0, return_counts=True
    )
    for spot in np.unique(spots):
        here = spots == spot
        first, last = np.searchsorted(rows[:, 0], [spot, spot + 1])
        told = np.column_stack([rows[first:last, 1:], numbers[first:last]])
        place = [round(float(along[here].mean()), DIGITS) for along in (east, north)]
        yield [*place, KINDS[spot // PLACES**2], told.ravel().tolist()]
