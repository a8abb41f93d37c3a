"""The statement: what may be claimed of an area in a window of days, to be read, printed, issued and read again."""

import json
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import Person
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.store.registry import list_models
from pipeline.web.flying_again import PRIVATE
from pipeline.web.renderer import Renderer, language_of
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.web.statement_document import document_of
from pipeline.web.statement_links import Links
from pipeline.web.statement_paper import issued_pdf, issued_stamp, preview_pdf
from pipeline.web.words import Words
from pipeline.workflow.issue_statement import (
    Ground,
    Moment,
    content_of,
    gaps_in,
    ground_for,
    issue,
    list_issued,
    preview,
    proof_of,
    read_issued,
    regions_for,
    written,
)
from pipeline.workflow.tell_coverage import gaps_as_json, write_gaps

KINDS: Final = {
    "pdf": "application/pdf",
    "json": "application/json",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
}
Kind = Literal["pdf", "json", "gpkg", "geojson"]

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
        words = _words(request, services)
        return _file(preview_pdf(said, words, _links(request, services)), kind, "statement-preview")
    return _file(_as_file(said, kind), kind, "statement-preview" if kind == "json" else "uncovered")


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


@router.get("/issued/{sha256}")
def show_issued(sha256: str, request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """A statement as it was issued, or that its file is not the one any more."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    words = _words(request, services)
    document = None if kept.content is None else document_of(kept.said, words, _links(request, services, paper=False))
    return pages.show(
        request,
        "statement_issued.html.jinja",
        kept=kept,
        document=document,
        stamp=issued_stamp(kept, words),
        files=f"/statement/issued/{sha256}",
        name=f"statement-{sha256[:12]}",
        proof=f"proof-{sha256[:12]}",
    )


@router.get("/issued/{sha256}/statement.{kind}")
def download_issued(sha256: str, kind: Kind, request: Request, reader: SignedIn, services: Served) -> Response:
    """An issued statement: its file as it was issued, that on paper, or the ground that nobody had seen."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    said = kept.said
    name = f"statement-{sha256[:12]}" if kind in {"pdf", "json"} else f"uncovered-{sha256[:12]}"
    if kind == "pdf":
        proof = proof_of(services.database, kept)
        return _file(issued_pdf(kept, proof, _words(request, services), _links(request, services)), kind, name)
    return _file((kept.content or b"") if kind == "json" else _as_file(said, kind), kind, name)


@router.get("/issued/{sha256}/checkpoint.json")
def download_checkpoint(sha256: str, reader: SignedIn, services: Served) -> Response:
    """The signed checkpoint that covers an issued statement."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    return _file(kept.checkpoint.to_json().encode(), "json", f"checkpoint-{kept.checkpoint.leaves}")


@router.get("/issued/{sha256}/proof.json")
def download_proof(sha256: str, reader: SignedIn, services: Served) -> Response:
    """The proof that an issued statement is in the ledger that was signed."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    return _file(proof_of(services.database, kept), "json", f"proof-{sha256[:12]}")


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
            "document": document_of(said, _words(request, services), _links(request, services, paper=False)),
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


def _words(request: Request, services: Services) -> Words:
    return services.renderer.words[language_of(request)]


def _links(request: Request, services: Services, *, paper: bool = True) -> Links:
    """Links from a page of this server, or from ``paper``."""
    with services.database.snapshot() as connection:
        models = {one.bundle_sha256: one.id for one in list_models(connection)}
    return Links(base=str(request.base_url).rstrip("/") if paper else "", models=models)


def _as_file(said: dict[str, Any], kind: Kind) -> bytes:
    if kind == "json":
        return written(said)
    if kind == "geojson":
        return json.dumps(gaps_as_json(gaps_in(said))).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncovered.gpkg"
        write_gaps(path, gaps_in(said))
        return path.read_bytes()


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, headers=headers, media_type=KINDS[kind])


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise InvalidInputError(f"{said!r} is no date; write it as 2026-11-26") from error
