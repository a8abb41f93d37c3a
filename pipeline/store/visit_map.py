"""Visits as a map of coverage shows them: where, since when, and what was found on which day."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId
from pipeline.store.flags import is_candidate
from pipeline.store.tables import flags, flights, visits

PLANNED: Final = FlagStatus.VISIT_PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A visit while it is planned, or from the day of its finding on: it is that from ``day`` until before ``until``.

    ``place`` is in degrees of longitude and latitude; days are local.
    """

    what: FlagStatus
    day: date
    until: date | None
    place: tuple[float, float]

    def shows_in(self, window: Window) -> bool:
        """Whether that began in the window, and holds at its end."""
        return window.first <= self.day <= window.last and (self.until is None or window.last < self.until)


def visit_stages(connection: Connection, districts: Iterable[DistrictId], zone: tzinfo) -> Iterator[Stage]:
    """The stages of the visits of some districts."""
    chosen = _chosen().where(flights.c.district_id.in_(sorted(districts)), is_candidate())
    for row in connection.execute(chosen):
        place = ((row.west + row.east) / 2, (row.south + row.north) / 2)
        planned = row.planned_at.astimezone(zone).date()
        found = row.found_at.astimezone(zone).date() if row.found_at else None
        if found is None or planned < found:
            yield Stage(what=PLANNED, day=planned, until=found, place=place)
        if found is not None:
            yield Stage(what=FlagStatus(row.outcome), day=found, until=None, place=place)


def visits_in(
    connection: Connection, districts: Iterable[DistrictId], zone: tzinfo, window: Window
) -> Counter[FlagStatus]:
    """How many visits were planned in a window and still are at its end, and how many found what in it."""
    return Counter(stage.what for stage in visit_stages(connection, districts, zone) if stage.shows_in(window))


def _chosen() -> Select[tuple[Any, ...]]:
    sides = (flags.c.west, flags.c.east, flags.c.south, flags.c.north)
    return (
        select(visits.c.planned_at, visits.c.found_at, visits.c.outcome, *sides)
        .join(flags, flags.c.id == visits.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
    )
