"""The statement on paper: a preview says so on each page; an issued one says by what it can be told to be genuine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.web.paper import Attached, Stamp, as_pdf
from pipeline.web.statement_document import document_of
from pipeline.web.statement_links import Links
from pipeline.web.words import Words
from pipeline.workflow.issue_statement import Kept


def preview_pdf(said: Mapping[str, Any], words: Words, links: Links) -> bytes:
    """A statement that was not issued."""
    return as_pdf(document_of(said, words, links), _not_issued(words), made_at=_made_at(said))


def issued_pdf(kept: Kept, proof: bytes, words: Words, links: Links) -> bytes:
    """An issued statement; its file, and the proof that it is in the ledger that was signed, are inside the PDF.

    Raises:
        ConflictError: The kept file is not the one that was issued.
    """
    said, _ = kept.said, words.gettext
    attached = [
        Attached(
            name=name_of(kept),
            text=(kept.content or b"").decode(),
            says=_("The statement as it was issued"),
        ),
        Attached(name="proof.json", text=proof.decode(), says=_("The proof, with the signed checkpoint of the ledger")),
    ]
    stamp = issued_stamp(kept, words)
    return as_pdf(document_of(said, words, links), stamp, made_at=_made_at(said), attached=attached)


def name_of(kept: Kept) -> str:
    """What the file of an issued statement is called outside."""
    return f"statement-{kept.issued.sha256[:12]}.json"


def issued_stamp(kept: Kept, words: Words) -> Stamp:
    """By what an issued statement can be told to be genuine."""
    _ = words.gettext
    issued, signed = kept.issued, kept.checkpoint
    return Stamp(
        issued=True,
        short=_("Issued, sha256 %(start)s…", start=issued.sha256[:16]),
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
        issued=False,
        short=_("Preview, not issued"),
        says=_("Preview: this was not issued"),
        page=_("Page %(here)s of %(all)s", here="{0}", all="{1}"),
        evidence=_("Evidence:"),
    )


def _made_at(said: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(said["made_at"])
