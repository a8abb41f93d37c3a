"""Field visits: the way of a district, each visit with its picture, and the form of what was found there.

Plain pages for a phone; without JavaScript they show and take the same, but keep nothing (``field``).
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import shapely
from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, RedirectResponse, Response

from pipeline.domain.flag import FlagStatus
from pipeline.domain.format import Format
from pipeline.domain.people import District, DistrictId, Role
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.conflicts import LONGEST_NOTE
from pipeline.store.districts import list_districts
from pipeline.store.visits import VisitId
from pipeline.web.field_words import WORDS
from pipeline.web.growers import KINDS
from pipeline.web.key import CLASSES
from pipeline.web.languages import marked
from pipeline.web.renderer import Renderer, language_of
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.web.visit_lines import lines_in
from pipeline.workflow.export_visits import as_bytes, coordinates
from pipeline.workflow.keep_visits import LEAST_ZOOM, MOST_ZOOM, ground_of
from pipeline.workflow.settle import differing
from pipeline.workflow.visit import (
    NO_ACCURACY,
    NO_DISTRICT,
    Report,
    Route,
    has_picture,
    open_visit,
    photograph_of,
    place_said,
    plan_visits,
    plot_picture,
    report_found,
    told_of,
    travel,
)

OUTCOMES: Final = {
    FlagStatus.VERIFIED: marked("Verified: it grows there"),
    FlagStatus.ABSENT: marked("Nothing of the kind is there"),
    FlagStatus.LOOK_ALIKE: marked("Something that looks alike"),
    FlagStatus.NO_ACCESS: marked("Nobody could get there"),
    FlagStatus.ALREADY_REMOVED: marked("It was there, and is removed"),
}
IN_THE_FIELD: Final = tuple(form for form in Format if form is not Format.GEOPARQUET)
"""What a team takes along; nobody needs a table of columns there, and it is not installed everywhere."""
NO_OUTCOME: Final = marked("Choose what was found.")
KIND_NAMES: Final = {kind.value: words for kind, words in KINDS.items()}

router = APIRouter(prefix="/visits", include_in_schema=False)
Asked = Annotated[str, Query(max_length=80)]
Start = Annotated[str, Query(alias="from", max_length=60)]


@router.get("")
def show_way(
    request: Request, reader: SignedIn, services: Served, pages: Pages, district: Asked = "", start: Start = ""
) -> Response:
    """The open visits of a district in an order of travel, with the last that found something."""
    mine = _districts(reader, services)
    chosen = district or (mine[0].id if mine else "")
    wrong, point = "", None
    try:
        point = place_said(start)
    except InvalidInputError as error:
        wrong = str(error)
    route = travel(services.database, reader.person, DistrictId(chosen), point)
    return pages.show(
        request,
        "visits.html.jinja",
        422 if wrong else 200,
        districts=mine,
        district=chosen,
        start=start,
        wrong=wrong,
        route=route,
        outcomes=OUTCOMES,
        formats=IN_THE_FIELD,
        class_names=CLASSES,
        words=_words(request, pages),
        map=_map(services, route) if route.stops else None,
        plans=reader.person.has(Role.MANAGER),
    )


@router.post("/plan")
def plan(sender: Sender, services: Served, district: Annotated[str, Form(max_length=80)]) -> Response:
    """Release the confirmed flags of a district to its field teams."""
    plan_visits(services.database, sender.person, DistrictId(district), now=services.now())
    return RedirectResponse(f"/visits?district={district}", 303)


@router.get("/route.{wanted}")
def download(  # noqa: PLR0913, PLR0917 what is asked, and what answers
    request: Request,
    wanted: Format,
    reader: SignedIn,
    services: Served,
    pages: Pages,
    district: Asked,
    start: Start = "",
) -> Response:
    """The route as a file, which says what its stops are in the language of the page."""
    route = travel(services.database, reader.person, DistrictId(district), place_said(start))
    headers = {"Content-Disposition": f'attachment; filename="visits.{wanted.ending}"'}
    describe = lines_in(language_of(request), partial(pages.say, request), services.review.reasons)
    return Response(as_bytes(route, wanted, describe), media_type=wanted.media_type, headers=headers)


def report_sent(
    outcome: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    look_alike: Annotated[str, Form(max_length=200)] = "",
    accuracy_m: Annotated[str, Form(max_length=20)] = "",
    photograph: Annotated[UploadFile | None, File()] = None,
) -> "Sent":
    """What a form says of a visit."""
    sent = photograph.file.read() if photograph is not None else b""
    return Sent(outcome, note, look_alike, accuracy_m, sent)


class Sent:
    """What was sent of a visit, as it was typed."""

    def __init__(self, outcome: str, note: str, look_alike: str, accuracy_m: str, photograph: bytes) -> None:
        self.outcome, self.note, self.look_alike, self.accuracy_m = outcome, note, look_alike, accuracy_m
        self.photograph = photograph

    def as_report(self, finding: str = "", made_at: datetime | None = None) -> Report:
        """What it says; ``finding`` and ``made_at`` come from a device that wrote it down.

        Raises:
            InvalidInputError: There is no outcome, or the accuracy is no number.
        """
        if self.outcome not in {one.value for one in OUTCOMES}:
            raise InvalidInputError(NO_OUTCOME)
        try:
            accuracy_m = float(self.accuracy_m) if self.accuracy_m.strip() else None
        except ValueError as error:
            raise InvalidInputError(NO_ACCURACY) from error
        return Report(
            outcome=FlagStatus(self.outcome),
            note=self.note,
            look_alike=self.look_alike,
            accuracy_m=accuracy_m,
            photograph=self.photograph,
            id=finding,
            made_at=made_at,
        )


@router.post("/findings")
def save(
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    visit: Annotated[str, Form(max_length=80)],
    sent: Annotated[Sent, Depends(report_sent)],
) -> Response:
    """The visit with what was found; or the form as it was sent, with what is wrong."""
    try:
        report_found(
            services.database, services.desk.files, sender.person, VisitId(visit), sent.as_report(), now=services.now()
        )
    except InvalidInputError as error:
        return _visit(request, sender, services, pages, visit, sent=sent, wrong=str(error))
    return RedirectResponse(f"/visits/{visit}", 303)


@router.get("/{visit}")
def show_visit(request: Request, visit: str, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """A visit: the plot, the way there, and the form or what was found."""
    return _visit(request, reader, services, pages, visit)


@router.get("/{visit}/picture")
def show_picture(visit: str, reader: SignedIn, services: Served) -> Response:
    """The plot at full resolution."""
    drawn = plot_picture(services.database, services.desk.files, reader.person, VisitId(visit))
    return Response(drawn.content, media_type=drawn.media_type)


@router.get("/{visit}/photographs/{sha256}")
def show_photograph(visit: str, sha256: str, reader: SignedIn, services: Served) -> Response:
    """The photograph that the team took."""
    path = photograph_of(services.database, services.desk.files, reader.person, VisitId(visit), sha256)
    return FileResponse(path, media_type="image/jpeg")


def _visit(  # noqa: PLR0913 what is asked, and what answers
    request: Request,
    reader: Reader,
    services: Services,
    pages: Renderer,
    visit: str,
    *,
    sent: Sent | None = None,
    wrong: str = "",
) -> Response:
    stop, found = open_visit(services.database, reader.person, VisitId(visit))
    told = told_of(services.database, reader.person, stop.visit.id) if found else ()
    settled, differs = differing(services.database, reader.person, stop.visit.id)
    return pages.show(
        request,
        "visit.html.jinja",
        422 if wrong else 200,
        stop=stop,
        found=found,
        told=told,
        class_names=CLASSES,
        words=_words(request, pages),
        pictured=has_picture(services.desk.files, stop),
        at=coordinates(stop.point),
        outcomes=OUTCOMES,
        kinds=KIND_NAMES,
        sent=sent or Sent("", "", "", "", b""),
        wrong=wrong,
        finds=reader.person.has(Role.FIELD),
        settled=settled,
        differs=differs,
        settles=reader.person.has(Role.MANAGER),
        longest=LONGEST_NOTE,
    )


def _words(request: Request, pages: Renderer) -> dict[str, str]:
    """What the scripts of these pages say, in the language of their reader."""
    return {name: pages.say(request, text) for name, text in WORDS.items()}


def _map(services: Services, route: Route) -> dict[str, Any]:
    """What the map of a way is drawn from: the outlines, and the imagery of those flights that still have some."""
    flights = {stop.flight.id for stop in route.stops}
    by_flight = {flight: [stop for stop in route.stops if stop.flight.id == flight] for flight in flights}
    grounds = {
        flight: ground_of(stops)
        for flight, stops in sorted(by_flight.items())
        if has_picture(services.desk.files, stops[0])
    }
    return {
        "stops": [
            {
                "id": stop.visit.id,
                "at": [round(degrees, 7) for degrees in stop.point],
                "outline": shapely.geometry.mapping(shapely.set_precision(stop.flag.outline, 1e-7, mode="pointwise")),
            }
            for stop in route.stops
        ],
        "grounds": [
            {
                "tiles": f"/flights/{flight}/tiles/orthomosaic/{{z}}/{{x}}/{{y}}",
                "bounds": [ground.west, ground.south, ground.east, ground.north],
            }
            for flight, ground in grounds.items()
        ],
        "leastZoom": LEAST_ZOOM,
        "mostZoom": MOST_ZOOM,
    }


def _districts(reader: Reader, services: Services) -> tuple[District, ...]:
    """The districts of the reader.

    Raises:
        NotFoundError: There are none.
    """
    with services.database.snapshot() as connection:
        mine = tuple(one for one in list_districts(connection) if one.id in reader.person.sees)
    if not mine:
        raise NotFoundError(NO_DISTRICT)
    return mine
