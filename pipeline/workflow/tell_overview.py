"""Tell the overview: its numbers as plain rows, for a terminal or a script."""

from collections.abc import Iterator

from pipeline.domain.drift import Measure
from pipeline.domain.flag import FlagStatus
from pipeline.workflow.oversee import Drift, OfDistrict, Overview
from pipeline.workflow.tell_figures import Row, ages, share


def rows_of(overview: Overview) -> tuple[Row, ...]:
    """Every number of an overview as a row: ``of`` is all, district, week, model or flight."""
    return tuple(_rows(overview))


def _rows(overview: Overview) -> Iterator[Row]:
    yield Row(of="all", name="", figure="everything is stopped", value=float(overview.stopped))
    yield Row(of="all", name="", figure="visits with findings that differ", value=len(overview.conflicts))
    for waits in overview.waits:
        told = [
            *((f"waiting {words}", count) for words, count in zip(ages(), waits.by_age, strict=True)),
            ("confirmed, without a visit", waits.to_release),
            ("visits planned", waits.to_visit),
            ("flights at work", waits.flights),
            ("flights that failed", waits.stuck),
        ]
        for figure, value in told:
            yield Row(of="district", name=waits.district, figure=figure, value=value)
    for week in overview.weeks:
        name = f"{week.begins:%Y-%m-%d}"
        yield Row(of="week", name=name, figure="flights scanned", value=week.flights)
        yield Row(of="week", name=name, figure="flags read", value=week.readings)
        yield Row(of="week", name=name, figure="visits", value=week.visits)
    yield share("all", "", "visits that found nothing or a look-alike", overview.wrong)
    for visits in overview.visits:
        yield from _of_visits(visits)
    for drift in overview.drift:
        yield from _of_drift(drift, shows_scores=overview.shows_scores)


def _of_visits(visits: OfDistrict) -> Iterator[Row]:
    yield share("district", visits.district, "visits that found nothing or a look-alike", visits.wrong)
    for outcome in FlagStatus:
        if outcome in visits.found:
            figure = f"visits: {outcome.replace('_', ' ')}"
            yield Row(of="district", name=visits.district, figure=figure, value=visits.found[outcome])


def _of_drift(drift: Drift, *, shows_scores: bool) -> Iterator[Row]:
    yield Row(of="model", name=drift.model, figure="flights held against those before", value=drift.compared)
    yield Row(of="model", name=drift.model, figure="flights that stand out", value=len(drift.alarms))
    for one in drift.courses:
        hidden = one.measure is Measure.SCORE and not shows_scores
        for flight, point in zip(drift.flights, one.points, strict=True):
            if point is not None and point.is_alarming:
                value, low, high = (None, None, None) if hidden else (point.value, point.low, point.high)
                figure = f"stands out by {one.measure}"
                name = f"{flight.day} {flight.name}"
                yield Row(of="flight", name=name, figure=figure, value=value, low=low, high=high, n=point.before)
