"""See coverage: what the managers' page shows of a window of days: areas, ages of seen ground, flags, visits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId
from pipeline.store.database import Database
from pipeline.store.ground import RegionId, days_known, last_seen
from pipeline.store.ground_map import flags_by_status
from pipeline.store.visit_map import visits_in
from pipeline.workflow.draw_coverage import GROUPS
from pipeline.workflow.tell_coverage import Told, tell

AGES: Final = (31, 91, 181)
"""Ages in days, up to the end of the window, at which seen ground is drawn in another way."""
ROUND_M2: Final = 100
"""A hundredth of a hectare, the last digit that the page shows of areas."""
EXACT_M2: Final = 1000
"""Smaller areas are shown in square metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table: areas in m2 as they are shown; what was seen is rounded down, what was not up."""

    told: Told
    seen: float
    not_assessable: float
    could_not_be_flown: float
    not_flown: float
    seen_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A window of days over some districts; ``ages`` has seen ground in m2 by age, the freshest first."""

    window: Window
    known: Window
    told: tuple[Told, ...]
    lines: tuple[Line, ...]
    ages: tuple[float, ...]
    flags: dict[str, int]
    visits: Counter[FlagStatus]
    bounds: tuple[float, float, float, float] | None
    ever_flown: bool


def see(database: Database, districts: Iterable[DistrictId], window: Window, *, today: date, zone: tzinfo) -> Sight:
    """What there is to see of some districts; ``zone`` is that of ``today``."""
    theirs = frozenset(districts)
    told = tell(database, theirs, window)
    ages = [0.0] * (len(AGES) + 1)
    counted = dict.fromkeys(dict.fromkeys(GROUPS.values()), 0)
    with database.snapshot() as connection:
        known = days_known(connection, theirs)
        for whole in (one for one in told if one.area is None):
            for day, area_m2 in last_seen(connection, RegionId(whole.id), window):
                ages[sum((window.last - day).days >= age for age in AGES)] += area_m2
        for status, count in flags_by_status(connection, theirs, window).items():
            counted[GROUPS[status]] += count
        visits = visits_in(connection, theirs, zone, window)
    return Sight(
        window=window,
        known=Window(first=min(known.first, today), last=max(known.last, today))
        if known
        else Window(first=today, last=today),
        told=told,
        lines=tuple(_line(one) for one in told),
        ages=tuple(down(area_m2) for area_m2 in ages),
        flags=counted,
        visits=visits,
        bounds=_bounds(told),
        ever_flown=known is not None,
    )


def down(area_m2: float) -> float:
    """An area as it is shown, rounded down."""
    return area_m2 // _step(area_m2) * _step(area_m2)


def up(area_m2: float) -> float:
    """An area as it is shown, rounded up."""
    return -(-area_m2 // _step(area_m2)) * _step(area_m2)


def _step(area_m2: float) -> int:
    return ROUND_M2 if area_m2 >= EXACT_M2 else 1


def _line(told: Told) -> Line:
    ground = told.ground
    return Line(
        told=told,
        seen=down(ground.area_m2("seen")),
        not_assessable=up(ground.area_m2("not_assessable")),
        could_not_be_flown=up(ground.area_m2("could_not_be_flown")),
        not_flown=up(ground.area_m2("not_flown")),
        seen_percent=ground.seen * 1000 // ground.total / 10 if ground.total else 0.0,
    )


def _bounds(told: Iterable[Told]) -> tuple[float, float, float, float] | None:
    boxes = [one.extent for one in told]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)
