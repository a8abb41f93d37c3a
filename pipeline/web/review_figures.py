"""Figures of reviews: a reader's own, and the lead's. Nothing ranks anybody."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import shapely
from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.decision import Verdict
from pipeline.domain.watching import Truth
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.look import UNKNOWN_GSD_M, View, picture, plot_view
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.controls import Answered
from pipeline.store.flights import get_flight
from pipeline.web import charts
from pipeline.web.languages import marked
from pipeline.web.readings import NOTHING_KEPT
from pipeline.web.scripts import Looker
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow.figures import ALARM_SHARE, LEAST_READINGS, Week, figures, own_answer, own_figures
from pipeline.workflow.tell_figures import as_csv, rows_of

GONE: Final = "the picture of this ground is gone"
SAID: Final = {
    Verdict.CONFIRM: marked("You confirmed it."),
    Verdict.REJECT: marked("You rejected it."),
    Verdict.UNSURE: marked("You were unsure."),
}
TRUTHS: Final = {
    Truth.TARGET: marked("What is looked for grows there."),
    Truth.CLEAR: marked("What is looked for does not grow there."),
}

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An answered control as the page draws it: ``path`` outlines the known ground on a picture of ``side`` units."""

    answer: Answered
    side: float
    path: str


@router.get("/review/mine", include_in_schema=False)
def show_own(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """A reader's own figures, up to yesterday, and what the controls were that they answered."""
    own = own_figures(services.database, reader.person, until=this_morning(services))
    return pages.show(
        request,
        "review_mine.html.jinja",
        own=own,
        answered=[_shown(services, one) for one in own.answered],
        charts=_by_week(own.weeks),
        said_words=SAID,
        truth_words=TRUTHS,
    )


@router.get("/review/mine/{decision}/picture", include_in_schema=False)
def show_answered(decision: str, reader: SignedIn, services: Served) -> Response:
    """The ground of a control that the reader has answered, as it was before their eyes."""
    answer = own_answer(services.database, reader.person, decision, until=this_morning(services))
    working = services.desk.files.working(answer.item.flight) / WORKING_NAME
    if not working.is_file():
        raise NotFoundError(GONE)
    try:
        drawn = picture(working, frame_of(answer.item.outline), _view(services, answer))
    except InvalidInputError as error:
        raise NotFoundError(GONE) from error
    return Response(drawn.content, headers=NOTHING_KEPT, media_type=drawn.media_type)


@router.get("/review/lead", include_in_schema=False)
def show_lead(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """How the review goes in one's districts."""
    found = figures(services.database, reader.person, now=services.now())
    drawn = _by_week(found.weeks) | {
        "ages": charts.bars(found.waiting_by_age),
    }
    return pages.show(
        request,
        "review_lead.html.jinja",
        figures=found,
        charts=drawn,
        alarm_share=ALARM_SHARE,
        least_readings=LEAST_READINGS,
    )


@router.get("/review/figures.csv", include_in_schema=False)
def give_figures(reader: SignedIn, services: Served) -> Response:
    """The figures of the lead for a spreadsheet."""
    found = figures(services.database, reader.person, now=services.now())
    name = f"review-{services.today:%Y-%m-%d}.csv"
    headers = NOTHING_KEPT | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(rows_of(found)), headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/api/v1/review/figures", tags=["review"], summary="How the review goes")
def read_figures(caller: Looker, services: Served) -> dict[str, Any]:
    """Agreement, controls, audit and backlog of the last 90 days in the districts of a manager, with n and bounds."""
    return asdict(figures(services.database, caller, now=services.now()))


def this_morning(services: Services) -> datetime:
    """The beginning of the day where the people are."""
    zone = ZoneInfo(services.settings.time_zone)
    return datetime.combine(services.today, time(), zone).astimezone(UTC)


def _by_week(weeks: Sequence[Week]) -> dict[str, charts.Chart]:
    return {
        "readings": charts.bars([week.readings for week in weeks]),
        "look": charts.bars([week.median_seconds for week in weeks]),
        "alike": charts.dots([week.alike for week in weeks]),
    }


def _shown(services: Services, answer: Answered) -> Shown:
    view = _view(services, answer)
    west, _, _, north = view.bounds_m
    ground = frame_of(answer.item.outline).flat(answer.control.outline)
    rings = [part.exterior.coords for part in shapely.get_parts(ground)]
    path = "".join(
        "M" + "L".join(f"{x - west:.2f} {north - y:.2f}" for x, y in list(ring)[:-1]) + "Z" for ring in rings
    )
    return Shown(answer=answer, side=round(2 * view.half_m, 2), path=path)


def _view(services: Services, answer: Answered) -> View:
    """What the picture of an answered item shows: what it showed when it was read."""
    with services.database.snapshot() as connection:
        gsd_m = get_flight(connection, answer.item.flight).gsd_m or UNKNOWN_GSD_M
    return plot_view(frame_of(answer.item.outline).flat(answer.item.outline), gsd_m)
