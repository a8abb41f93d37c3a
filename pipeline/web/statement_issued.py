"""Issued statements: to be read, taken along with their proof, and withdrawn."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.errors import ConflictError, InvalidInputError
from pipeline.store.statements import LONGEST_REASON, NewWithdrawal
from pipeline.web.renderer import Renderer
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.web.statement_files import Kind, as_file, to_take_along
from pipeline.web.statement_paper import issued_document, issued_pdf, withdrawal_of
from pipeline.web.statement_reader import links_of, words_of
from pipeline.workflow.issue_statement import proof_of, read_issued, replacements, withdraw

router = APIRouter(prefix="/statement/issued", include_in_schema=False)


@router.get("/{sha256}")
def show_issued(sha256: str, request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """A statement as it was issued, or that its file is not the one any more; and whether it was withdrawn."""
    return _page(sha256, request, reader, services, pages)


@router.post("/{sha256}/withdraw")
def withdraw_now(  # noqa: PLR0913, PLR0917 a form
    sha256: str,
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    reason: Annotated[str, Form(max_length=2 * LONGEST_REASON)] = "",
    replaced_by: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Withdraw it; or the page again, and why not."""
    new = NewWithdrawal(sha256=sha256, reason=reason, replaced_by=replaced_by or None)
    try:
        withdraw(services.database, services.desk.files, sender.person, new, now=services.now())
    except (ConflictError, InvalidInputError) as error:
        status = 409 if isinstance(error, ConflictError) else 422
        return _page(sha256, request, sender, services, pages, wrong=(status, str(error)), new=new)
    return RedirectResponse(f"/statement/issued/{sha256}", 303)


@router.get("/{sha256}/statement.{kind}")
def download_issued(sha256: str, kind: Kind, request: Request, reader: SignedIn, services: Served) -> Response:
    """An issued statement: its file as it was issued, that on paper, or the ground that nobody had seen."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    said = kept.said
    name = f"statement-{sha256[:12]}" if kind in {"pdf", "json"} else f"uncovered-{sha256[:12]}"
    if kind == "pdf":
        proof = proof_of(services.database, kept)
        words, links = words_of(request, services), links_of(request, services)
        return to_take_along(issued_pdf(kept, proof, words, links), kind, name)
    return to_take_along((kept.content or b"") if kind == "json" else as_file(said, kind), kind, name)


@router.get("/{sha256}/checkpoint.json")
def download_checkpoint(sha256: str, reader: SignedIn, services: Served) -> Response:
    """The signed checkpoint that covers an issued statement."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    return to_take_along(kept.checkpoint.to_json().encode(), "json", f"checkpoint-{kept.checkpoint.leaves}")


@router.get("/{sha256}/proof.json")
def download_proof(sha256: str, reader: SignedIn, services: Served) -> Response:
    """The proof that an issued statement is in the ledger that was signed."""
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    return to_take_along(proof_of(services.database, kept), "json", f"proof-{sha256[:12]}")


def _page(  # noqa: PLR0913 what a page is made of
    sha256: str,
    request: Request,
    reader: Reader,
    services: Services,
    pages: Renderer,
    *,
    wrong: tuple[int, str] | None = None,
    new: NewWithdrawal | None = None,
) -> Response:
    kept = read_issued(services.database, services.desk.files, reader.person, sha256)
    words, links = words_of(request, services), links_of(request, services, paper=False)
    status, complaint = wrong or (200, "")
    return pages.show(
        request,
        "statement_issued.html.jinja",
        status,
        kept=kept,
        withdrawal=withdrawal_of(kept.issued, words, links),
        document=None if kept.content is None else issued_document(kept, words, links),
        files=f"/statement/issued/{sha256}",
        name=f"statement-{sha256[:12]}",
        proof=f"proof-{sha256[:12]}",
        others=replacements(services.database, kept.issued),
        longest=LONGEST_REASON,
        wrong=complaint,
        new=new,
    )
