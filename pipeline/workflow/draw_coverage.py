"""Draw coverage: the tiles of the managers' map.

A tile has all days; the map shows those of its window by itself, so that moving the window asks for nothing.
``areas`` and ``flags`` are vector tiles: layers ``areas``, ``growers``, ``zones`` (no-fly) and, from near, ``flags``
with their outlines, ``group``, ``status``, ``flight`` and ``day`` in days since 1970. ``ground`` is cells
(``imagery.ground_grid``).
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import numpy as np
import shapely

from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import LookKind
from pipeline.domain.people import DistrictId
from pipeline.domain.sight import told
from pipeline.imagery.ground_grid import Level, Look, ground_grid
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import Feature, extent_of, in_mercator, vector_tile
from pipeline.store.database import Database
from pipeline.store.ground_map import DrawnFlag, drawn_areas, drawn_flags, drawn_growers, drawn_looks, drawn_zones

EPOCH: Final = date(1970, 1, 1)
MOST_ZOOM: Final = 15
"""Beyond it the map enlarges vector tiles of this zoom, in which a unit is 0.3 m at the equator."""
MOST_GROUND_ZOOM: Final = 16
"""Beyond it the map enlarges cells, of 2.4 m at the equator."""
OUTLINED_FROM: Final = 15
"""From this zoom on flags have outlines, below it marks that count them."""
GROUPS: Final = {
    FlagStatus.UNREVIEWED: "open",
    FlagStatus.IN_REVIEW: "open",
    FlagStatus.DISPUTED: "open",
    FlagStatus.CONFIRMED: "confirmed",
    FlagStatus.VISIT_PLANNED: "confirmed",
    FlagStatus.NO_ACCESS: "confirmed",
    FlagStatus.VERIFIED: "found",
    FlagStatus.ALREADY_REMOVED: "found",
    FlagStatus.REJECTED: "nothing",
    FlagStatus.ABSENT: "nothing",
    FlagStatus.LOOK_ALIKE: "nothing",
}
"""How a map tells flags apart: what waits for readers, for a visit, what was found, and what was nothing."""
LEVELS: Final = {LookKind.SEEN: Level.SEEN, LookKind.IMAGED: Level.BLIND, LookKind.SKIPPED: Level.SKIPPED}
"""What the drawn outline of each kind of look says; of imagery that is the part nobody could assess."""


def areas_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress) -> bytes:
    """Survey areas; b"" for nothing."""
    with database.snapshot() as connection:
        areas = drawn_areas(connection, districts, extent_of(address))
    drawn = [Feature(outlines=[shapely.from_wkb(outline)], said={"id": area}) for area, outline in areas]
    return vector_tile(address, {"areas": drawn})


def ground_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress) -> bytes:
    """The states of ground in any window of days, gzipped; b"" for nothing."""
    within, theirs = extent_of(address), frozenset(districts)
    with database.snapshot() as connection:
        looks = drawn_looks(connection, theirs, within)
        areas = drawn_areas(connection, theirs, within)
    outlines = shapely.from_wkb(np.array([look.outline for look in looks], object))
    drawn = [
        Look(level=LEVELS[look.kind], day=max(days(look.day), 0), outline=outline)
        for look, outline in zip(looks, outlines, strict=True)
    ]
    return ground_grid(address, [shapely.from_wkb(outline) for _, outline in areas], drawn)


def flags_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress, today: date) -> bytes:
    """Licensed growers, no-fly zones that are not over, and from near the outlines of flags; b"" for nothing."""
    within, theirs = extent_of(address), frozenset(districts)
    with database.snapshot() as connection:
        flags = list(drawn_flags(connection, theirs, within)) if address.zoom >= OUTLINED_FROM else []
        growers = drawn_growers(connection, theirs, within)
        zones = drawn_zones(connection, theirs, within, today)
    licensed = [
        Feature(outlines=in_mercator([shapely.from_wkb(outline)]), said={"kind": kind}) for kind, outline in growers
    ]
    barred = [Feature(outlines=in_mercator([shapely.from_wkb(outline)]), said={}) for outline in zones]
    outlined = [_outlined(flag) for flag in flags]
    return vector_tile(address, {"growers": licensed, "zones": barred, "flags": outlined})


def days(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def _outlined(flag: DrawnFlag) -> Feature:
    status = told(flag.status)
    said = {"group": GROUPS[flag.status], "status": status.value, "day": days(flag.day), "flight": flag.flight}
    return Feature(outlines=in_mercator([shapely.from_wkb(flag.outline)]), said=said)
