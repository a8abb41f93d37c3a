"""Overview: the page of a manager's morning. What waits, what was done, and whether any flight is unlike the others."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from babel.numbers import format_decimal
from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.drift import BASELINE, LEAST_BEFORE, LIMIT, Measure, Point
from pipeline.domain.flag import FlagStatus
from pipeline.store.overview import ScannedFlight
from pipeline.web import charts
from pipeline.web.languages import Language, marked
from pipeline.web.problems import USUAL
from pipeline.web.renderer import language_of
from pipeline.web.scripts import Looker
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import SignedIn
from pipeline.workflow.oversee import SHOWN, Drift, measured, oversee
from pipeline.workflow.tell_overview import rows_of

MEASURES: Final = {
    Measure.SCORE: marked("Mean score of the assessed cells"),
    Measure.RED: marked("Mean red, 0 to 255"),
    Measure.GREEN: marked("Mean green, 0 to 255"),
    Measure.BLUE: marked("Mean blue, 0 to 255"),
    Measure.GSD: marked("Ground sampling distance, cm"),
}
HEADS: Final = {
    Measure.SCORE: marked("Score"),
    Measure.RED: marked("Red"),
    Measure.GREEN: marked("Green"),
    Measure.BLUE: marked("Blue"),
    Measure.GSD: marked("GSD, cm"),
}
BY_RATIO: Final = frozenset({Measure.SCORE, Measure.GSD})
FOUND: Final = {
    FlagStatus.ABSENT: marked("Nothing there"),
    FlagStatus.LOOK_ALIKE: marked("Look-alike"),
    FlagStatus.VERIFIED: marked("Verified"),
    FlagStatus.ALREADY_REMOVED: marked("Already removed"),
    FlagStatus.NO_ACCESS: marked("No access"),
}

router = APIRouter()


@router.get("/overview", include_in_schema=False)
def show_overview(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """What is waiting in one's districts, and whether anything is wrong."""
    found = oversee(services.database, reader.person, now=services.now())
    language = language_of(request)
    return pages.show(
        request,
        "overview.html.jinja",
        overview=found,
        weeks={
            "flights": charts.bars([week.flights for week in found.weeks]),
            "readings": charts.bars([week.readings for week in found.weeks]),
            "visits": charts.bars([week.visits for week in found.weeks]),
        },
        ages=charts.bars(found.by_age),
        drifts=[_drawn(drift, language, shows_scores=found.shows_scores) for drift in found.drift],
        measures=MEASURES,
        heads=HEADS,
        outcomes=FOUND,
        rule={"limit": LIMIT, "least": LEAST_BEFORE, "most": BASELINE, "shown": SHOWN},
    )


@router.get("/api/v1/overview", tags=["review"], summary="What waits, and whether anything is wrong", responses=USUAL)
def read_overview(caller: Looker, services: Served) -> dict[str, Any]:
    """The figures of a manager's overview as rows: of what, its value, 95 % bounds where it is a share, and n."""
    found = oversee(services.database, caller, now=services.now())
    return {"version": 1, "until": found.until.isoformat(), "rows": [asdict(row) for row in rows_of(found)]}


def _drawn(drift: Drift, language: Language, *, shows_scores: bool) -> dict[str, Any]:
    """A model's flights as the template draws them; numbers are written here, each measure in its own way."""
    shown = [one for one in drift.courses if shows_scores or one.measure is not Measure.SCORE]
    drawn = [(one, charts.trace(one.points, by_ratio=one.measure in BY_RATIO)) for one in shown]
    lines = [
        _line(flight, [(one.measure, one.points[place]) for one in shown], language)
        for place, flight in enumerate(drift.flights)
    ]
    return {
        "drift": drift,
        "measures": [one.measure for one in shown],
        "charts": [
            (one.measure, chart, [_written(value, one.measure, language) for _, value in chart.rungs])
            for one, chart in drawn
        ],
        "lines": lines[::-1],
    }


def _line(flight: ScannedFlight, points: Sequence[tuple[Measure, Point | None]], language: Language) -> dict[str, Any]:
    """A row of the table of flights; ``before`` is how many flights it was held against."""
    return {
        "flight": flight,
        "before": max((point.before for _, point in points if point is not None), default=0),
        "cells": [(point, _written(measured(flight, measure), measure, language)) for measure, point in points],
    }


def _written(value: float | None, measure: Measure, language: Language) -> str:
    """A value as its measure is written: scores to three places, colours whole, distances in cm."""
    if value is None:
        return "-"
    shown, pattern = {
        Measure.SCORE: (value, "0.000"),
        Measure.GSD: (100 * value, "0.00"),
    }.get(measure, (value, "0"))
    return str(format_decimal(shown, pattern, locale=language.locale))
