"""The statement on paper: a preview says so on each page; an issued one says by what it can be told to be genuine.

One that was withdrawn says so on each page, and first of all when and why.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pipeline.store.statements import Issued
from pipeline.web.document import Caution, Cell, Document
from pipeline.web.languages import marked
from pipeline.web.paper import Attached, Stamp, as_pdf
from pipeline.web.statement_document import document_of
from pipeline.web.statement_links import Links
from pipeline.web.words import Words
from pipeline.workflow.issue_statement import Kept

SHORT: Final = marked("Issued, sha256 %(start)s…")
SHORT_WITHDRAWN: Final = marked("Withdrawn, sha256 %(start)s…")


def preview_pdf(said: Mapping[str, Any], words: Words, links: Links) -> bytes:
    """A statement that was not issued."""
    return as_pdf(document_of(said, words, links), _not_issued(words), made_at=_made_at(said))


def issued_pdf(kept: Kept, proof: bytes, words: Words, links: Links) -> bytes:
    """An issued statement; its file, and the proof that it is in the ledger that was signed, are inside the PDF.

    Raises:
        ConflictError: The kept file is not the one that was issued.
    """
    _ = words.gettext
    attached = [
        Attached(
            name=name_of(kept),
            text=(kept.content or b"").decode(),
            says=_("The statement as it was issued"),
        ),
        Attached(name="proof.json", text=proof.decode(), says=_("The proof, with the signed checkpoint of the ledger")),
    ]
    document, stamp = issued_document(kept, words, links), issued_stamp(kept, words)
    return as_pdf(document, stamp, made_at=_made_at(kept.said), attached=attached)


def issued_document(kept: Kept, words: Words, links: Links) -> Document:
    """An issued statement; where it was withdrawn, that is told before anything that it says.

    Raises:
        ConflictError: The kept file is not the one that was issued.
    """
    document, caution = document_of(kept.said, words, links), withdrawal_of(kept.issued, words, links)
    return document if caution is None else replace(document, caution=caution, sober=True)


def withdrawal_of(issued: Issued, words: Words, links: Links) -> Caution | None:
    """When a statement was withdrawn, why, and what is to be read instead; None where it stands."""
    withdrawn, _ = issued.withdrawn, words.gettext
    if withdrawn is None:
        return None
    title = _("Withdrawn on %(moment)s", moment=words.minute(withdrawn.at))
    why = _("Reason: %(reason)s", reason=withdrawn.reason)
    if withdrawn.replaced_by is None:
        return Caution(title=title, says=why, instead=Cell(text=_("Nothing replaces it.")))
    other = links.to(f"/statement/issued/{withdrawn.replaced_by}")
    instead = Cell(text=_("Replaced by %(sha256)s", sha256=withdrawn.replaced_by), href=other)
    return Caution(title=title, says=why, instead=instead)


def name_of(kept: Kept) -> str:
    """What the file of an issued statement is called outside."""
    return f"statement-{kept.issued.sha256[:12]}.json"


def issued_stamp(kept: Kept, words: Words) -> Stamp:
    """By what an issued statement can be told to be genuine."""
    _ = words.gettext
    issued, signed = kept.issued, kept.checkpoint
    return Stamp(
        stands=issued.withdrawn is None,
        short=_(SHORT if issued.withdrawn is None else SHORT_WITHDRAWN, start=issued.sha256[:16]),
        says=_("Issued on %(moment)s", moment=words.minute(issued.issued_at)),
        page=_("Page %(here)s of %(all)s", here="{0}", all="{1}"),
        evidence=_("Evidence:"),
        proof=(
            _("sha256 of the statement's file: %(sha256)s", sha256=issued.sha256),
            _(
                "It is leaf %(leaf)s of the ledger, whose root with %(leaves)s leaves was signed (Ed25519): %(root)s.",
                leaf=words.number(issued.leaf),
                leaves=words.number(signed.leaves),
                root=signed.root,
            ),
            _("The file, and the proof with the signed checkpoint, are attached to this PDF."),
            _(
                "Saved from it, both can be checked without the server: %(command)s",
                command=f"plotwatch statement verify {name_of(kept)} proof.json --key PUBLIC-KEY",
            ),
        ),
    )


def _not_issued(words: Words) -> Stamp:
    _ = words.gettext
    return Stamp(
        stands=False,
        short=_("Preview, not issued"),
        says=_("Preview: this was not issued"),
        page=_("Page %(here)s of %(all)s", here="{0}", all="{1}"),
        evidence=_("Evidence:"),
    )


def _made_at(said: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(said["made_at"])
