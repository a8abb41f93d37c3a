"""Paper: a document as a PDF, typeset by Typst from a template of ours; names and words go to it as data alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import typst

from pipeline.errors import NotFoundError
from pipeline.web.assets import STATIC
from pipeline.web.document import Document

TEMPLATE: Final = Path(__file__).parent / "pages" / "statement.typ"
FONTS: Final = STATIC / "built" / "fonts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What kind of a paper it is: ``short`` for the head of each page, ``says`` for the first, ``proof`` at the end.

    ``page`` is ``Page {0} of {1}``, and ``evidence`` what stands before links, in the language of the document.
    """

    stands: bool
    short: str
    says: str
    page: str
    evidence: str
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of text inside the PDF."""

    name: str
    text: str
    says: str


def as_pdf(document: Document, stamp: Stamp, *, made_at: datetime, attached: Sequence[Attached] = ()) -> bytes:
    """A document as a PDF; the same gives the same bytes.

    Raises:
        NotFoundError: The fonts were not built; the message says how to.
    """
    return _set(_data(document, stamp, made_at, attached), "pdf", made_at)[0]


def as_pictures(document: Document, stamp: Stamp, *, made_at: datetime) -> list[bytes]:
    """Each page as a PNG, to be looked at."""
    return _set(_data(document, stamp, made_at, ()), "png", made_at)


def _data(document: Document, stamp: Stamp, made_at: datetime, attached: Sequence[Attached]) -> dict[str, Any]:
    return {
        "document": asdict(document),
        "stamp": asdict(stamp),
        "words": {"page": stamp.page, "evidence": stamp.evidence},
        "made": {"year": made_at.year, "month": made_at.month, "day": made_at.day},
        "attached": [asdict(one) for one in attached],
    }


def _set(data: dict[str, Any], form: Literal["pdf", "png"], made_at: datetime) -> list[bytes]:
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    made = _compiler().compile(format=form, sys_inputs=inputs, timestamp=int(made_at.timestamp()))
    return [made] if isinstance(made, bytes) else list(made or ())


def _compiler() -> typst.Compiler:
    """A compiler that sees our template and our fonts, and nothing of this machine."""
    return typst.Compiler(TEMPLATE.read_bytes(), root=str(TEMPLATE.parent), font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    if not any(FONTS.glob("*.otf")):
        raise NotFoundError("the fonts for paper are not built: run `make demo` or `make .venv/.front`")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])
