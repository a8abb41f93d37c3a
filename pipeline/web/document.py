"""A document: words and numbers in order, for a page and for paper alike; whoever shows it adds nothing of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A piece of text. ``href`` leads to what it rests on ("" where nobody may follow); ``note`` stands below it.

    ``more`` are links that stand beside it, such as to each of what it counts; ``sign`` is SVG before the text.
    """

    text: str
    href: str = ""
    note: str = ""
    number: bool = False
    code: bool = False
    sign: str = ""
    more: tuple["Cell", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, the first of each being its heading; ``caption`` is for whoever hears it."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part with a title. ``points`` are a list, ``notes`` small print, ``evidence`` links; ``drawing`` is SVG."""

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    drawing: str = ""
    drawing_says: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What must be known before anything else is read: that a document does not stand, why, and what does instead."""

    title: str
    says: str
    instead: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole document. ``lead`` is what there is to say; ``sober`` where that is less than a reader may hope for."""

    language: str
    title: str
    subject: str
    dates: str
    lead: str
    beside: tuple[str, ...]
    sober: bool
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
    caution: Caution | None = None
