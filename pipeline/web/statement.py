"""The statement: what may be claimed of an area in a window of days, to be read, printed and issued."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import Person
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.web.renderer import Renderer
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.web.statement_document import document_of
from pipeline.web.statement_files import Kind, as_file, to_take_along
from pipeline.web.statement_paper import preview_pdf
from pipeline.web.statement_reader import links_of, words_of
from pipeline.workflow.issue_statement import (
    Ground,
    Moment,
    content_of,
    ground_for,
    issue,
    list_issued,
    preview,
    regions_for,
)

router = APIRouter(prefix="/statement", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of which ground and days a statement is wanted, as an address or a form has it; an empty field is left open."""

    area: str
    first: str
    last: str


def _asked(
    area: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[str, Query(alias="from", max_length=20)] = "",
    last: Annotated[str, Query(alias="to", max_length=20)] = "",
) -> Asked:
    return Asked(area=area, first=first, last=last)


def _sent(
    area: Annotated[str, Form(max_length=80)],
    first: Annotated[str, Form(alias="from", max_length=20)],
    last: Annotated[str, Form(alias="to", max_length=20)],
) -> Asked:
    return Asked(area=area, first=first, last=last)


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("")
def show(
    request: Request,
    reader: SignedIn,
    asked: Wanted,
    services: Served,
    pages: Pages,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The statement of this moment, and what was issued, a page of it."""
    return _page(request, reader, services, pages, asked, page=page)


@router.get("/preview.{kind}")
def download_preview(kind: Kind, request: Request, reader: SignedIn, asked: Wanted, services: Served) -> Response:
    """The statement of this moment as a file, or the ground that nobody has seen."""
    said = preview(services.database, _ground(services, reader.person, asked), _moment(services))
    if kind == "pdf":
        words = words_of(request, services)
        return to_take_along(preview_pdf(said, words, links_of(request, services)), kind, "statement-preview")
    return to_take_along(as_file(said, kind), kind, "statement-preview" if kind == "json" else "uncovered")


@router.post("/issue")
def issue_now(
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    asked: Annotated[Asked, Depends(_sent)],
    content: Annotated[str, Form(max_length=80)],
) -> Response:
    """Issue what the manager has before them; or the page again, and why not."""
    ground = _ground(services, sender.person, asked)
    try:
        issued = issue(
            services.database, services.desk.files, sender.person, ground, _moment(services), looked_at=content
        )
    except ConflictError as error:
        return _page(request, sender, services, pages, asked, wrong=str(error))
    return RedirectResponse(f"/statement/issued/{issued.sha256}", 303)


def _page(  # noqa: PLR0913 what a page is made of
    request: Request,
    reader: Reader,
    services: Services,
    pages: Renderer,
    asked: Asked,
    *,
    wrong: str = "",
    page: int = 1,
) -> Response:
    choices = regions_for(services.database, reader.person)
    content: dict[str, Any] = {"choices": choices, "asked": asked, "document": None, "today": services.today}
    if asked.area:
        ground = _ground(services, reader.person, asked)
        said = preview(services.database, ground, _moment(services))
        content |= {
            "document": document_of(said, words_of(request, services), links_of(request, services, paper=False)),
            "window": ground.window,
            "content": content_of(said),
        }
    return pages.show(
        request,
        "statement.html.jinja",
        409 if wrong else 200,
        **content,
        wrong=wrong,
        issued=list_issued(services.database, services.desk.files, reader.person, page),
    )


def _ground(services: Services, person: Person, asked: Asked) -> Ground:
    days = {"first": _day(asked.first), "last": _day(asked.last), "today": services.today}
    return ground_for(services.database, person, asked.area, days)


def _moment(services: Services) -> Moment:
    return Moment(now=services.now(), zone=ZoneInfo(services.settings.time_zone))


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise InvalidInputError(f"{said!r} is no date; write it as 2026-11-26") from error
