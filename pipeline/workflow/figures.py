"""Figures: how a review goes, for its lead and for each reader. Every number comes with its n and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.domain.agreement import Agreement, Pair, agreement
from pipeline.domain.decision import Verdict
from pipeline.domain.interval import Share, wilson
from pipeline.domain.misses import Misses, misses
from pipeline.domain.people import Person, PersonId, Role
from pipeline.domain.watching import Marks, Truth, marks
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.store.controls import Answered, answered_controls, readings_of_controls
from pipeline.store.database import Database
from pipeline.store.figures import (
    Backlog,
    Paired,
    Readings,
    Span,
    Tally,
    audited,
    backlogs,
    pairs_of,
    readings_of,
    waiting_by_age,
)
from pipeline.store.leases import NO_READING
from pipeline.store.people import names_of

WINDOW: Final = timedelta(days=90)
ALARM_SHARE: Final = 0.99
"""A reader who goes with the model more often than that does not look (section 3 of the rules of the survey)."""
LEAST_READINGS: Final = 100
"""Below so many readings no alarm is raised: it would be chance."""
ONLY_READERS: Final = "only reviewers have figures of their own"
ONLY_LEADS: Final = "only managers see how the review goes"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfReader:
    """One reader: how much, how long, how often with the model, and how good on controls."""

    person: PersonId
    name: str
    readings: int
    median_seconds: float | None
    with_model: Share
    marks: Marks

    @property
    def is_alarming(self) -> bool:
        """Whether the reader goes with the model so often that they may not be looking."""
        share = self.with_model.value
        return share is not None and self.with_model.n >= LEAST_READINGS and share > ALARM_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of readings from ``begins`` on; ``alike`` is of second readings."""

    begins: datetime
    readings: int
    median_seconds: float | None
    alike: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A review of the last 90 days in the districts of its lead; ``waiting_by_age`` goes by ``store.figures.AGES``."""

    since: datetime
    until: datetime
    readers: tuple[OfReader, ...]
    agreement: Agreement
    backlog: tuple[Backlog, ...]
    waiting_by_age: tuple[int, ...]
    weeks: tuple[Week, ...]
    misses: Misses
    unread_places: int
    marks: Marks

    @property
    def comparable(self) -> bool:
        """Whether every reader has enough controls to be compared."""
        return bool(self.readers) and all(reader.marks.missing == 0 for reader in self.readers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a reader sees of themselves; ``answered`` are controls, the latest first."""

    since: datetime
    until: datetime
    figures: OfReader
    agreement: Agreement
    weeks: tuple[Week, ...]
    answered: tuple[Answered, ...]


def figures(database: Database, lead: Person, *, now: datetime) -> Figures:
    """How the review goes in the districts of ``lead``.

    Raises:
        NotAllowedError: The person is no manager.
    """
    if not lead.has(Role.MANAGER):
        raise NotAllowedError(ONLY_LEADS)
    span = Span(since=now - WINDOW, until=now)
    with database.snapshot() as connection:
        readings, pairs = readings_of(connection, lead.sees, span), pairs_of(connection, lead.sees, span)
        known = readings_of_controls(connection, lead.sees)
        settled, unread = audited(connection, lead.sees, span.since)
        return Figures(
            since=span.since,
            until=now,
            readers=_readers(names_of(connection, readings.of), readings, known),
            agreement=agreement(_expanded(pairs)),
            backlog=backlogs(connection, lead.sees),
            waiting_by_age=waiting_by_age(connection, lead.sees, now=now),
            weeks=_weeks(span, readings, pairs),
            misses=misses(settled),
            unread_places=unread,
            marks=marks(pair for given in known.values() for pair in given),
        )


def own_figures(database: Database, reader: Person, *, until: datetime) -> Own:
    """What ``reader`` may know of themselves, up to the beginning of a day.

    Counted up to this moment, it would tell after each verdict whether that was a control.

    Raises:
        NotAllowedError: The person is no reviewer.
    """
    if not reader.has(Role.REVIEWER):
        raise NotAllowedError(ONLY_READERS)
    span = Span(since=until - WINDOW, until=until)
    with database.snapshot() as connection:
        readings = readings_of(connection, reader.sees, span, reader.id)
        known = readings_of_controls(connection, reader.sees, reader.id, until=until).get(reader.id, [])
        pairs = pairs_of(connection, reader.sees, span, reader.id)
        answered = answered_controls(connection, reader, until=until)
    mine = _of(reader.id, reader.name, readings.of.get(reader.id, Tally()), marks(known))
    return Own(
        since=span.since,
        until=until,
        figures=mine,
        agreement=agreement(_expanded(pairs)),
        weeks=_weeks(span, readings, pairs),
        answered=answered,
    )


def own_answer(database: Database, reader: Person, decision: str, *, until: datetime) -> Answered:
    """A control that ``reader`` has answered before ``until``, by the decision.

    Raises:
        NotAllowedError: The person is no reviewer.
        NotFoundError: There is no such answer of theirs, or it is too young: nobody can tell which.
    """
    if not reader.has(Role.REVIEWER):
        raise NotAllowedError(ONLY_READERS)
    with database.snapshot() as connection:
        found = answered_controls(connection, reader, until=until, decision=decision)
    if not found:
        raise NotFoundError(NO_READING)
    return found[0]


def _readers(
    names: Mapping[PersonId, str], readings: Readings, known: Mapping[PersonId, Sequence[tuple[Truth, Verdict]]]
) -> tuple[OfReader, ...]:
    """By name: there is no ranking."""
    by_name = sorted(names, key=lambda person: (names[person], person))
    return tuple(_of(one, names[one], readings.of[one], marks(known.get(one, ()))) for one in by_name)


def _weeks(span: Span, readings: Readings, pairs: Sequence[Paired]) -> tuple[Week, ...]:
    """The weeks of a span, oldest first."""
    alike, asked = [0 for _ in readings.weeks], [0 for _ in readings.weeks]
    for one in pairs:
        asked[one.week] += one.times
        alike[one.week] += one.times if one.pair[0] is one.pair[1] else 0
    return tuple(
        Week(begins=begin, readings=read.readings, median_seconds=read.median_seconds, alike=wilson(same, of))
        for begin, read, same, of in zip(span.weeks, readings.weeks, alike, asked, strict=True)
    )


def _expanded(pairs: Sequence[Paired]) -> list[Pair]:
    return [one.pair for one in pairs for _ in range(one.times)]


def _of(person: PersonId, name: str, read: Tally, known: Marks) -> OfReader:
    return OfReader(
        person=person,
        name=name,
        readings=read.readings,
        median_seconds=read.median_seconds,
        with_model=wilson(read.with_model, read.readings),
        marks=known,
    )
