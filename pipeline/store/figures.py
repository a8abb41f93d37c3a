"""Figures of reviews: what readers did, how they agree, what waits, what the audit found. None of it is stored."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, and_, case, func, select, type_coerce

from pipeline.domain.agreement import Pair
from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.misses import Audited
from pipeline.domain.people import DistrictId, PersonId
from pipeline.domain.sight import RELEASED, UNDECIDED
from pipeline.store.columns import utc_text
from pipeline.store.queue import OPEN
from pipeline.store.tables import audit_items, decisions, districts, flags, flights

SECOND: Final = 2
WEEK: Final = timedelta(weeks=1)
AGES: Final = tuple(timedelta(days=days) for days in (1, 3, 7, 28))
"""How long something has waited is told in these steps."""
AT: Final = type_coerce(decisions.c.decided_at, String)
"""As text, which sorts: reading 200,000 times as such takes seconds."""
WITH_MODEL: Final = {
    FlagOrigin.SCAN.value: Verdict.CONFIRM.value,
    FlagOrigin.AUDIT.value: Verdict.REJECT.value,
}
SETTLED: Final = sorted(status.value for status in FlagStatus if status not in UNDECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time: from ``since`` until just before ``until``."""

    since: datetime
    until: datetime

    @property
    def weeks(self) -> tuple[datetime, ...]:
        """When the weeks of it begin, oldest first, counted back from its end; the first may be cut short."""
        count = -((self.since - self.until) // WEEK)
        return (self.since, *(self.until - WEEK * back for back in range(count - 1, 0, -1)))


@dataclass(slots=True)
class Tally:
    """First verdicts on what is no control: how many, how many of them with the model, how long each look took.

    With the model is to confirm what it flagged, and to reject what it called clear.
    """

    readings: int = 0
    with_model: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def median_seconds(self) -> float | None:
        """The median look; None of none."""
        return median(self.seconds) if self.seconds else None

    def add(self, seconds: float, *, with_model: bool) -> None:
        """Count one more."""
        self.readings += 1
        self.with_model += with_model
        self.seconds.append(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The readings of a span by person, and by its weeks."""

    of: Mapping[PersonId, Tally]
    weeks: tuple[Tally, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """How often a first and a second reader gave this pair of first verdicts, in a week (that of the second)."""

    pair: Pair
    week: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in a district, and since when the oldest does."""

    district: str
    waiting: int
    disputed: int
    oldest: datetime | None


def readings_of(
    connection: Connection, seen: frozenset[DistrictId], span: Span, person: PersonId | None = None
) -> Readings:
    """First verdicts of a time on flags and audited ground of some districts, of one reader or of all."""
    chosen = (
        select(decisions.c.person_id, decisions.c.verdict, flags.c.origin, decisions.c.seconds_looked, AT)
        .join(flags, flags.c.id == decisions.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(_first(span), flags.c.origin != FlagOrigin.CONTROL.value, _in(seen))
    )
    if person is not None:
        chosen = chosen.where(decisions.c.person_id == person)
    begins, weeks = [utc_text(one) for one in span.weeks], tuple(Tally() for _ in span.weeks)
    of: dict[PersonId, Tally] = defaultdict(Tally)
    for who, verdict, origin, seconds, at in connection.execute(chosen):
        with_model = verdict == WITH_MODEL[origin]
        of[who].add(seconds, with_model=with_model)
        weeks[max(0, bisect_right(begins, at) - 1)].add(seconds, with_model=with_model)
    return Readings(of=dict(of), weeks=weeks)


def pairs_of(
    connection: Connection, seen: frozenset[DistrictId], span: Span, person: PersonId | None = None
) -> tuple[Paired, ...]:
    """First verdicts of the first and the second reader of the same flag; those of ``person``, where one is named."""
    first, second = decisions.alias("first"), decisions.alias("second")
    begun = [(second.c.decided_at >= begin, number) for number, begin in enumerate(span.weeks)]
    week = case(*begun[:0:-1], else_=0).label("week")
    chosen = (
        select(first.c.verdict.label("one"), second.c.verdict.label("other"), week, func.count().label("times"))
        .join(second, second.c.flag_id == first.c.flag_id)
        .join(flags, flags.c.id == first.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(first.c.reader == 1, second.c.reader == SECOND)
        .where(first.c.supersedes.is_(None), second.c.supersedes.is_(None))
        .where(second.c.decided_at >= span.since, second.c.decided_at < span.until)
        .where(flags.c.origin != FlagOrigin.CONTROL.value, _in(seen))
    )
    if person is not None:
        chosen = chosen.where((first.c.person_id == person) | (second.c.person_id == person))
    rows = connection.execute(chosen.group_by(first.c.verdict, second.c.verdict, "week"))
    return tuple(Paired(pair=(Verdict(row.one), Verdict(row.other)), week=row.week, times=row.times) for row in rows)


def backlogs(connection: Connection, seen: frozenset[DistrictId]) -> tuple[Backlog, ...]:
    """What waits for readers, by district, controls and audited ground among it as readers have it."""
    counted = (
        select(
            districts.c.name, flags.c.status, func.count().label("waiting"), func.min(flags.c.raised_at).label("oldest")
        )
        .select_from(districts.join(flights, flights.c.district_id == districts.c.id).join(flags))
        .where(flags.c.status.in_(OPEN), _in(seen))
        .group_by(districts.c.name, flags.c.status)
        .order_by(districts.c.name)
    )
    rows = connection.execute(counted).all()
    names = dict.fromkeys(row.name for row in rows)
    return tuple(_backlog(name, [row for row in rows if row.name == name]) for name in names)


def waiting_by_age(connection: Connection, seen: frozenset[DistrictId], *, now: datetime) -> tuple[int, ...]:
    """How many items wait, by ``AGES``: younger than each of them, and last those that are older than all."""
    bounds = [now - age for age in AGES]
    younger = [flags.c.raised_at > bound for bound in bounds]
    bins = [younger[0], *(and_(~before, one) for before, one in pairwise(younger)), ~younger[-1]]
    counted = (
        select(*(func.coalesce(func.sum(case((one, 1), else_=0)), 0) for one in bins))
        .select_from(flags.join(flights, flights.c.id == flags.c.flight_id))
        .where(flags.c.status.in_(OPEN), _in(seen))
    )
    return tuple(int(count) for count in connection.execute(counted).one())


def audited(connection: Connection, seen: frozenset[DistrictId], since: datetime) -> tuple[tuple[Audited, ...], int]:
    """Places of clear ground raised since a time, of strata that readers have settled wholly; how many still wait.

    A find takes two readers and clear ground one, so that what is settled first of a stratum holds too few finds.
    """
    chosen = (
        select(
            flags.c.scan_id,
            audit_items.c.stratum,
            audit_items.c.stratum_cells,
            audit_items.c.stratum_drawn,
            flags.c.status,
        )
        .join(flags, flags.c.id == audit_items.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flags.c.raised_at >= since, _in(seen))
    )
    rows = connection.execute(chosen).all()
    settled = [row for row in rows if row.status in SETTLED]
    read = Counter((row.scan_id, row.stratum) for row in settled)
    whole = tuple(
        Audited(cells=row.stratum_cells, drawn=row.stratum_drawn, found=FlagStatus(row.status) in RELEASED)
        for row in settled
        if read[row.scan_id, row.stratum] == row.stratum_drawn
    )
    return whole, len(rows) - len(settled)


def _backlog(name: str, rows: Sequence[Any]) -> Backlog:
    return Backlog(
        district=name,
        waiting=sum(row.waiting for row in rows),
        disputed=sum(row.waiting for row in rows if row.status == FlagStatus.DISPUTED.value),
        oldest=min((row.oldest for row in rows), default=None),
    )


def _first(span: Span) -> ColumnElement[bool]:
    at = decisions.c.decided_at
    return and_(decisions.c.supersedes.is_(None), at >= span.since, at < span.until)


def _in(seen: frozenset[DistrictId]) -> ColumnElement[bool]:
    return flights.c.district_id.in_(sorted(seen))
