"""Overview: what a manager asks in the morning, counted: what waits and for how long, what was done, what was found."""

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, func, select, type_coerce

from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.flight import RUNNING, FlightId, FlightState
from pipeline.domain.people import DistrictId
from pipeline.store.columns import utc_text
from pipeline.store.figures import AGES, Span
from pipeline.store.flags import is_candidate
from pipeline.store.queue import OPEN
from pipeline.store.tables import decisions, districts, flags, flights, scans, visits

TO_RELEASE: Final = (FlagStatus.CONFIRMED.value, FlagStatus.NO_ACCESS.value)
VISITED: Final = frozenset({FlagStatus.VERIFIED, FlagStatus.ALREADY_REMOVED, FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE})
"""Outcomes of a visit that got there."""
FALSE: Final = frozenset({FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE})
"""Outcomes of a visit that should not have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What waits in a district.

    ``by_age`` are flags that wait for readers, by ``store.figures.AGES``, controls and audited ground among them as
    readers have it; ``oldest`` since when the oldest does. ``to_release`` are confirmed flags without a visit,
    ``to_visit`` visits to which no team has been. ``flights`` are in the hands of the machine, ``stuck`` failed.
    """

    id: DistrictId
    district: str
    by_age: tuple[int, ...]
    oldest: datetime | None
    to_release: int
    to_visit: int
    visit_since: datetime | None
    flights: int
    stuck: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDone:
    """What was done in a week from ``begins`` on: flights scanned, first verdicts given, visits that ended."""

    begins: datetime
    flights: int
    readings: int
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedFlight:
    """A scan with what its record says of colour and score; None where it does not."""

    flight: FlightId
    name: str
    district: str
    day: date
    scanned_at: datetime
    model: str
    model_sha256: str
    mean_rgb: tuple[float, float, float] | None
    mean_score: float | None
    gsd_m: float | None


def waits(connection: Connection, seen: frozenset[DistrictId], *, now: datetime) -> tuple[Waits, ...]:
    """What waits in each of some districts, by name; all of them, for nothing waiting is news too."""
    named = connection.execute(
        select(districts.c.id, districts.c.name).where(districts.c.id.in_(sorted(seen))).order_by(districts.c.name)
    ).all()
    unread, released = _unread(connection, seen, now), _counted(connection, _to_release(seen))
    planned = {row.district_id: row for row in connection.execute(_to_visit(seen))}
    running = _counted(connection, _flights(seen, [state.value for state in RUNNING]))
    stuck = _counted(connection, _flights(seen, [FlightState.FAILED.value]))
    nothing = ((0,) * (len(AGES) + 1), None)
    return tuple(
        Waits(
            id=DistrictId(row.id),
            district=row.name,
            by_age=unread.get(row.id, nothing)[0],
            oldest=unread.get(row.id, nothing)[1],
            to_release=released[row.id],
            to_visit=planned[row.id].number if row.id in planned else 0,
            visit_since=planned[row.id].oldest if row.id in planned else None,
            flights=running[row.id],
            stuck=stuck[row.id],
        )
        for row in named
    )


def weeks_done(connection: Connection, seen: frozenset[DistrictId], span: Span) -> tuple[WeekDone, ...]:
    """What was done in the weeks of a span, oldest first. Known ground does not count as a reading."""
    read = _of_flag(select(_at(decisions.c.decided_at)).join(flags, flags.c.id == decisions.c.flag_id), seen).where(
        decisions.c.supersedes.is_(None), flags.c.origin != FlagOrigin.CONTROL.value
    )
    scanned = select(_at(scans.c.recorded_at)).join(flights).where(flights.c.district_id.in_(sorted(seen)))
    visited = _of_flag(select(_at(visits.c.found_at)).join(flags, flags.c.id == visits.c.flag_id), seen)
    counted = [
        _by_week(connection, chosen, column, span)
        for chosen, column in (
            (scanned, scans.c.recorded_at),
            (read, decisions.c.decided_at),
            (visited, visits.c.found_at),
        )
    ]
    return tuple(
        WeekDone(begins=begins, flights=flown, readings=given, visits=made)
        for begins, flown, given, made in zip(span.weeks, *counted, strict=True)
    )


def outcomes(connection: Connection, seen: frozenset[DistrictId], span: Span) -> dict[str, Counter[FlagStatus]]:
    """How many visits of a span found what, by the name of the district."""
    chosen = (
        select(districts.c.name, visits.c.outcome, func.count().label("number"))
        .select_from(visits.join(flags, flags.c.id == visits.c.flag_id).join(flights).join(districts))
        .where(flights.c.district_id.in_(sorted(seen)), is_candidate())
        .where(visits.c.found_at >= span.since, visits.c.found_at < span.until)
        .group_by(districts.c.name, visits.c.outcome)
        .order_by(districts.c.name)
    )
    found: dict[str, Counter[FlagStatus]] = defaultdict(Counter)
    for name, outcome, number in connection.execute(chosen):
        found[name][FlagStatus(outcome)] += number
    return dict(found)


def scanned_flights(connection: Connection, seen: frozenset[DistrictId], most: int) -> tuple[ScannedFlight, ...]:
    """The last ``most`` scans of some districts, the oldest first."""
    columns = (scans.c.id, scans.c.record, scans.c.recorded_at, scans.c.model, scans.c.model_sha256)
    of_flight = (flights.c.name, flights.c.gsd_m, flights.c.flown_on, flights.c.received_at)
    chosen = (
        select(*columns, *of_flight, scans.c.flight_id, districts.c.name.label("district"))
        .select_from(scans.join(flights).join(districts))
        .where(flights.c.district_id.in_(sorted(seen)))
        .order_by(scans.c.recorded_at.desc(), scans.c.id.desc())
        .limit(most)
    )
    return tuple(_scanned(row) for row in connection.execute(chosen).mappings().all()[::-1])


def _scanned(row: Mapping[Any, Any]) -> ScannedFlight:
    looks = json.loads(row["record"]).get("looks") or {}
    colour = looks.get("mean_rgb")
    return ScannedFlight(
        flight=FlightId(row["flight_id"]),
        name=row["name"],
        district=row["district"],
        day=row["flown_on"] or row["received_at"].date(),
        scanned_at=row["recorded_at"],
        model=row["model"],
        model_sha256=row["model_sha256"],
        mean_rgb=None if colour is None else (colour[0], colour[1], colour[2]),
        mean_score=looks.get("mean_score"),
        gsd_m=row["gsd_m"],
    )


def _unread(
    connection: Connection, seen: Iterable[DistrictId], now: datetime
) -> dict[str, tuple[tuple[int, ...], datetime | None]]:
    """By district: how many flags wait for readers by age, and since when the oldest does."""
    younger = [flags.c.raised_at > now - age for age in AGES]
    bins = [younger[0], *(and_(~before, one) for before, one in pairwise(younger)), ~younger[-1]]
    sums = [func.sum(case((one, 1), else_=0)) for one in bins]
    chosen = (
        select(flights.c.district_id, func.min(flags.c.raised_at), *sums)
        .select_from(flags.join(flights))
        .where(flags.c.status.in_(OPEN), flights.c.district_id.in_(sorted(seen)))
        .group_by(flights.c.district_id)
    )
    return {row[0]: (tuple(int(count) for count in row[2:]), row[1]) for row in connection.execute(chosen)}


def _to_release(seen: Iterable[DistrictId]) -> Select[Any]:
    chosen = select(flights.c.district_id, func.count()).select_from(flags.join(flights))
    wanted = (flags.c.status.in_(TO_RELEASE), flights.c.district_id.in_(sorted(seen)), is_candidate())
    return chosen.where(*wanted).group_by(flights.c.district_id)


def _to_visit(seen: Iterable[DistrictId]) -> Select[Any]:
    chosen = select(
        flights.c.district_id, func.count().label("number"), func.min(visits.c.planned_at).label("oldest")
    ).select_from(visits.join(flags, flags.c.id == visits.c.flag_id).join(flights))
    wanted = (visits.c.outcome.is_(None), flights.c.district_id.in_(sorted(seen)), is_candidate())
    return chosen.where(*wanted).group_by(flights.c.district_id)


def _flights(seen: Iterable[DistrictId], states: Iterable[str]) -> Select[Any]:
    chosen = select(flights.c.district_id, func.count())
    wanted = (flights.c.state.in_(list(states)), flights.c.district_id.in_(sorted(seen)))
    return chosen.where(*wanted).group_by(flights.c.district_id)


def _counted(connection: Connection, chosen: Select[Any]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in connection.execute(chosen)})


def _of_flag(chosen: Select[Any], seen: Iterable[DistrictId]) -> Select[Any]:
    return chosen.join(flights, flights.c.id == flags.c.flight_id).where(flights.c.district_id.in_(sorted(seen)))


def _at(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A time as text, which sorts: reading 200,000 times as such takes seconds."""
    return type_coerce(column, String)


def _by_week(connection: Connection, chosen: Select[Any], at: ColumnElement[Any], span: Span) -> list[int]:
    begins = [utc_text(one) for one in span.weeks]
    counts = [0 for _ in begins]
    for moment in connection.execute(chosen.where(at >= span.since, at < span.until)).scalars():
        counts[max(0, bisect_right(begins, moment) - 1)] += 1
    return counts
