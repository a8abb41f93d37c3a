"""Visits without a signal: what a phone keeps, its service worker, and what it sends when the line is back.

The worker is a script for everybody; what is kept is asked for by the page, under the rules of the pages. What a phone
wrote down has an id of its own, so that it counts once however often it is sent.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, Response

from pipeline.domain.people import DistrictId
from pipeline.errors import InvalidInputError
from pipeline.store.errands import Stop
from pipeline.store.visits import Telling, VisitId
from pipeline.web.assets import STATIC
from pipeline.web.readings import NOTHING_KEPT
from pipeline.web.renderer import language_of
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Sender, SignedIn
from pipeline.web.visits import OUTCOMES, Sent, Start, report_sent
from pipeline.workflow.keep_visits import MOST_KEPT, squares_of
from pipeline.workflow.take_finding import Came, take_finding
from pipeline.workflow.visit import has_picture, place_said, travel

WORKER: Final = "field-worker.js"
SCOPE: Final = "/visits"
"""The worker answers for pages whose address begins so, and for no other."""
LOOKS: Final = ("app.css", "app.js", "visits.css", "visits.js", "visit.js", "maplibre-gl-worker.js")
"""What the pages of visits load."""
NO_TIME: Final = "the time of a finding is written as 2026-11-26T10:42:00Z"

router = APIRouter(prefix="/visits", include_in_schema=False)


@router.get("/worker.js")
def give_worker(reader: SignedIn, pages: Pages) -> Response:
    """The script that answers for the pages of visits where there is no signal."""
    del reader
    path = STATIC / "built" / pages.assets.address(WORKER).rsplit("/", 1)[-1]
    headers = {"Service-Worker-Allowed": SCOPE, "Cache-Control": "no-cache"}
    return FileResponse(path, media_type="text/javascript", headers=headers)


@router.get("/reader")
def tell_reader(reader: SignedIn) -> Response:
    """Who is signed in, and the token that they send back: a page that was kept may have an old one."""
    person = reader.person
    return _json({"person": person.id, "name": person.name, "csrf": reader.session.csrf})


@router.get("/without-signal")
def show_nothing_kept(request: Request, reader: SignedIn, pages: Pages) -> Response:
    """What the worker shows in place of a page that was not kept."""
    del reader
    return pages.show(request, "without_signal.html.jinja")


@router.get("/kept")
def tell_what_to_keep(
    request: Request,
    reader: SignedIn,
    services: Served,
    pages: Pages,
    district: Annotated[str, Query(max_length=80)],
    start: Start = "",
) -> Response:
    """The addresses of all that a phone takes along for the open visits of a district."""
    route = travel(services.database, reader.person, DistrictId(district), place_said(start))
    kept = route.stops[:MOST_KEPT]
    asked = {"district": district} | ({"from": start} if start else {})
    listed = f"/visits?{urlencode(asked)}"
    frame = [
        ("page", listed),
        ("page", "/visits/without-signal"),
        ("look", "/static/mark.svg"),
        ("look", f"/manifest.webmanifest?language={language_of(request)}"),
        *(("look", pages.assets.address(name)) for name in LOOKS),
    ]
    ground = [address for stop in kept for address in _addresses(services, stop)]
    return _json(
        {
            "list": listed,
            "visits": len(kept),
            "left_out": len(route.stops) - len(kept),
            "addresses": [{"kind": kind, "address": address} for kind, address in dict.fromkeys([*frame, *ground])],
        }
    )


@router.post("/findings/sent")
def take(  # noqa: PLR0913, PLR0917 the parts of a form
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    visit: Annotated[str, Form(max_length=80)],
    finding: Annotated[str, Form(max_length=80)],
    made_at: Annotated[str, Form(max_length=40)],
    sent: Annotated[Sent, Depends(report_sent)],
) -> Response:
    """A finding that was written down on a phone; 409 with both where somebody else said it first."""
    report = sent.as_report(finding, _moment(made_at))
    taken = take_finding(
        services.database, services.desk.files, sender.person, VisitId(visit), report, now=services.now()
    )
    say = partial(pages.say, request)
    content = {"mine": told_out(visit, taken.mine, say), "standing": told_out(visit, taken.standing, say)}
    first = taken.came is Came.FIRST
    return _json({"came": taken.came.value} | content, HTTPStatus.OK if first else HTTPStatus.CONFLICT)


def told_out(visit: str, told: Telling, say: Callable[[str], str]) -> dict[str, Any]:
    """A finding as the page of a phone gets it; ``say`` is its language."""
    found = told.finding
    photograph = found.photograph_sha256
    return {
        "outcome": say(OUTCOMES[found.outcome]),
        "look_alike": found.look_alike,
        "note": found.note,
        "accuracy_m": found.accuracy_m,
        "photograph": f"/visits/{visit}/photographs/{photograph}" if photograph else None,
        "at": (found.made_at or told.at).isoformat(),
    }


def _addresses(services: Services, stop: Stop) -> list[tuple[str, str]]:
    """A visit's page and picture, and the map of its ground; without imagery, the page alone."""
    here = f"/visits/{stop.visit.id}"
    if not has_picture(services.desk.files, stop):
        return [("page", here)]
    tiles = f"/flights/{stop.flight.id}/tiles/orthomosaic"
    squares = (("ground", f"{tiles}/{one.zoom}/{one.column}/{one.row}") for one in squares_of(stop))
    return [("page", here), ("picture", f"{here}/picture"), *squares]


def _moment(said: str) -> datetime:
    """The time that a phone wrote.

    Raises:
        InvalidInputError: It is no time, or of no zone.
    """
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise InvalidInputError(NO_TIME) from error
    if at.tzinfo is None:
        raise InvalidInputError(NO_TIME)
    return at.astimezone(UTC)


def _json(content: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    text = json.dumps(content, ensure_ascii=False)
    return Response(text, status, media_type="application/json", headers=NOTHING_KEPT)
