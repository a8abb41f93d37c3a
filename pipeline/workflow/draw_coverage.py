"""Draw coverage: the vector tiles of the managers' map.

A tile has all days; the map shows those of its window by itself, so that moving the window asks for nothing.
Layers of ``ground``: ``areas``, and with ``day`` in days since 1970 ``seen``, ``imaged`` (what of it could not be
assessed) and ``skipped``. Layers of ``flags``: ``flags`` with ``group``, ``day`` and, where they are outlined,
``status`` and ``flight``; ``growers``.
"""

import math
from collections.abc import Iterable
from datetime import date
from typing import Final

import shapely

from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import LookKind
from pipeline.domain.people import DistrictId
from pipeline.domain.sight import told
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import Feature, extent_of, in_mercator, vector_tile
from pipeline.store.database import Database
from pipeline.store.ground_map import DrawnFlag, drawn_areas, drawn_flags, drawn_growers, drawn_looks

EPOCH: Final = date(1970, 1, 1)
MOST_ZOOM: Final = 14
"""Beyond it the map enlarges tiles of this zoom, in which a unit is 0.6 m at the equator."""
OUTLINED_FROM: Final = 13
"""From this zoom on flags have outlines; below it one point stands for all in a 24th of a tile."""
PLACES: Final = 24
"""Marks of 21 px beside each other fill a tile of 512: more would hide the land."""
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


def ground_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress) -> bytes:
    """Survey areas and looks at them; b"" for nothing."""
    within, theirs = extent_of(address), frozenset(districts)
    with database.snapshot() as connection:
        looks = drawn_looks(connection, theirs, within)
        areas = drawn_areas(connection, theirs, within)
    layers: dict[str, list[Feature]] = {
        "areas": [Feature(outlines=[shapely.from_wkb(outline)], said={"id": area}) for area, outline in areas]
    }
    for kind in LookKind:
        by_day: dict[date, list[bytes]] = {}
        for look in looks:
            if look.kind is kind:
                by_day.setdefault(look.day, []).append(look.outline)
        layers[kind.value] = [
            Feature(outlines=shapely.from_wkb(outlines), said={"day": days(day)}) for day, outlines in by_day.items()
        ]
    return vector_tile(address, layers)


def flags_tile(database: Database, districts: Iterable[DistrictId], address: TileAddress) -> bytes:
    """Flags by status, and licensed growers; b"" for nothing."""
    within, theirs, outlined = extent_of(address), frozenset(districts), address.zoom >= OUTLINED_FROM
    with database.snapshot() as connection:
        flags = list(drawn_flags(connection, theirs, within, outlined=outlined))
        growers = drawn_growers(connection, theirs, within)
    layers = {
        "growers": [
            Feature(outlines=in_mercator([shapely.from_wkb(outline)]), said={"kind": kind}) for kind, outline in growers
        ],
        "flags": [_outlined(flag) for flag in flags] if outlined else _points(flags, address),
    }
    return vector_tile(address, layers)


def days(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def _outlined(flag: DrawnFlag) -> Feature:
    status = told(flag.status)
    said = {"group": GROUPS[flag.status], "status": status.value, "day": days(flag.day), "flight": flag.flight}
    return Feature(outlines=in_mercator([shapely.from_wkb(flag.outline)]), said=said)


def _points(flags: Iterable[DrawnFlag], address: TileAddress) -> list[Feature]:
    """One point for each group, day and place that has any flag: where one of the flags of that place lies."""
    places = PLACES * 2**address.zoom / 360
    spots: dict[tuple[int, int], tuple[float, float]] = {}
    found: dict[tuple[str, date], set[tuple[float, float]]] = {}
    for flag in flags:
        x, y = flag.place
        spot = spots.setdefault((math.floor(x * places), math.floor(y * places)), flag.place)
        found.setdefault((GROUPS[flag.status], flag.day), set()).add(spot)
    return [
        Feature(
            outlines=in_mercator(shapely.points(sorted(points))),
            said={"group": group, "day": days(day)},
        )
        for (group, day), points in found.items()
    ]
