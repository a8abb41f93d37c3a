"""Oversee: a manager's morning question, answered: what is waiting, and is anything wrong?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.domain.drift import Measure, Point, course
from pipeline.domain.flag import FlagStatus
from pipeline.domain.interval import Share, wilson
from pipeline.domain.people import Person, Role
from pipeline.errors import NotAllowedError
from pipeline.store.conflicts import Conflict, open_conflicts
from pipeline.store.database import Database
from pipeline.store.figures import Span
from pipeline.store.overview import (
    FALSE,
    VISITED,
    ScannedFlight,
    Waits,
    WeekDone,
    outcomes,
    scanned_flights,
    waits,
    weeks_done,
)
from pipeline.store.stops import is_stopped
from pipeline.workflow.figures import WINDOW

SHOWN: Final = 40
"""Flights of a model on its charts, the newest ones."""
LOOKED_BACK: Final = 500
"""Scans that are read: enough for the charts of several models and for what stands before them."""
ONLY_MANAGERS: Final = "only managers see the overview"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDistrict:
    """Visits of a district: how many of those that got there should not have been, and how many did not get there."""

    district: str
    wrong: Share
    found: Mapping[FlagStatus, int]

    @property
    def no_access(self) -> int:
        """Visits that did not get there."""
        return self.found.get(FlagStatus.NO_ACCESS, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A measure of the flights of a model, in their order; None where it was not measured."""

    measure: Measure
    points: tuple[Point | None, ...]

    @property
    def measured(self) -> int:
        """Of how many flights it is known."""
        return sum(point is not None for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A flight that stands out, and by what."""

    flight: ScannedFlight
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The last flights that a model scanned, oldest first, by everything that is measured of them.

    ``total`` is how many of the model's flights were read, the shown ones and those before them.
    """

    model: str
    flights: tuple[ScannedFlight, ...]
    courses: tuple[Course, ...]
    alarms: tuple[Alarm, ...]
    total: int

    @property
    def compared(self) -> int:
        """How many of the shown flights had enough before them to be held against."""
        return sum(
            any(point is not None and point.deviation is not None for point in points)
            for points in zip(*(one.points for one in self.courses), strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything the page says, of the districts of a manager; ``shows_scores`` is False for who also reads flags."""

    since: datetime
    until: datetime
    stopped: bool
    waits: tuple[Waits, ...]
    weeks: tuple[WeekDone, ...]
    visits: tuple[OfDistrict, ...]
    wrong: Share
    conflicts: tuple[Conflict, ...]
    drift: tuple[Drift, ...]
    shows_scores: bool

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Flights that stand out, the newest first."""
        found = [alarm for drift in self.drift for alarm in drift.alarms]
        return tuple(sorted(found, key=lambda alarm: alarm.flight.scanned_at, reverse=True))

    @property
    def by_age(self) -> tuple[int, ...]:
        """Flags that wait for readers in all districts, by ``store.figures.AGES``."""
        return tuple(map(sum, zip(*(one.by_age for one in self.waits), strict=True)))


def oversee(database: Database, manager: Person, *, now: datetime) -> Overview:
    """What is to be said of the districts of ``manager``.

    Raises:
        NotAllowedError: The person is no manager.
    """
    if not manager.has(Role.MANAGER):
        raise NotAllowedError(ONLY_MANAGERS)
    span = Span(since=now - WINDOW, until=now)
    with database.snapshot() as connection:
        found = outcomes(connection, manager.sees, span)
        return Overview(
            since=span.since,
            until=now,
            stopped=is_stopped(connection),
            waits=waits(connection, manager.sees, now=now),
            weeks=weeks_done(connection, manager.sees, span),
            visits=tuple(_of_district(name, counted) for name, counted in found.items()),
            wrong=_wrong(sum(found.values(), Counter())),
            conflicts=open_conflicts(connection, manager.sees),
            drift=drifts(scanned_flights(connection, manager.sees, LOOKED_BACK)),
            shows_scores=not manager.has(Role.REVIEWER),
        )


def drifts(flights: Sequence[ScannedFlight]) -> tuple[Drift, ...]:
    """The flights of each model against each other, the model that scanned last first."""
    by_model: dict[str, list[ScannedFlight]] = {}
    for flight in flights:
        by_model.setdefault(flight.model_sha256, []).append(flight)
    newest = sorted(by_model.values(), key=lambda of: of[-1].scanned_at, reverse=True)
    return tuple(_drift(of) for of in newest)


def _drift(flights: Sequence[ScannedFlight]) -> Drift:
    courses = [
        Course(measure=measure, points=course(measure, [measured(one, measure) for one in flights])[-SHOWN:])
        for measure in Measure
    ]
    shown = tuple(flights[-SHOWN:])
    return Drift(
        model=flights[-1].model,
        flights=shown,
        courses=tuple(courses),
        alarms=tuple(_alarms(shown, courses)),
        total=len(flights),
    )


def _alarms(flights: Sequence[ScannedFlight], courses: Sequence[Course]) -> Iterable[Alarm]:
    for place, flight in enumerate(flights):
        points = [(one.measure, one.points[place]) for one in courses]
        measures = tuple(measure for measure, point in points if point is not None and point.is_alarming)
        if measures:
            yield Alarm(flight=flight, measures=measures)


def measured(flight: ScannedFlight, measure: Measure) -> float | None:
    """What is measured of a flight; None where it is not known."""
    if measure is Measure.SCORE:
        return flight.mean_score
    if measure is Measure.GSD:
        return flight.gsd_m
    band = (Measure.RED, Measure.GREEN, Measure.BLUE).index(measure)
    return None if flight.mean_rgb is None else flight.mean_rgb[band]


def _of_district(name: str, found: Counter[FlagStatus]) -> OfDistrict:
    return OfDistrict(district=name, wrong=_wrong(found), found=found)


def _wrong(found: Mapping[FlagStatus, int]) -> Share:
    there = sum(found.get(outcome, 0) for outcome in VISITED)
    return wilson(sum(found.get(outcome, 0) for outcome in FALSE), there)
