"""Tell figures: those of a review as a table of plain rows, for a terminal, a script or a spreadsheet."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from pipeline.domain.agreement import Coefficient
from pipeline.domain.interval import Share
from pipeline.store.figures import AGES
from pipeline.workflow import spreadsheet
from pipeline.workflow.figures import Figures, OfReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure: of what (``review``, ``district``, ``reader``, ``week``), its value, 95 % bounds, and n."""

    of: str
    name: str
    figure: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


def rows_of(figures: Figures) -> tuple[Row, ...]:
    """Every figure of a review as a row."""
    return tuple(_rows(figures))


def as_csv(rows: tuple[Row, ...]) -> str:
    """Rows as CSV with a head; a text that a spreadsheet would calculate is quoted by an apostrophe."""
    return spreadsheet.as_csv([field.name for field in fields(Row)], (astuple(row) for row in rows))


def _rows(figures: Figures) -> Iterator[Row]:
    agreement, missed = figures.agreement, figures.misses
    yield share("review", "", "same verdict twice", agreement.alike)
    yield _coefficient("gwet ac1", agreement.ac1, agreement.alike.n)
    yield _coefficient("cohen kappa", agreement.kappa, agreement.alike.n)
    yield share("review", "", "targets confirmed", figures.marks.hits)
    yield share("review", "", "false alarms", figures.marks.false_alarms)
    yield Row(
        of="review",
        name="",
        figure="clear ground that holds something",
        value=missed.share,
        low=missed.low,
        high=missed.high,
        n=missed.n,
    )
    yield Row(of="review", name="", figure="audited places waiting", value=figures.unread_places)
    for words, count in zip(ages(), figures.waiting_by_age, strict=True):
        yield Row(of="review", name="", figure=f"waiting {words}", value=count)
    for district in figures.backlog:
        yield Row(of="district", name=district.district, figure="waiting", value=district.waiting)
        yield Row(of="district", name=district.district, figure="in dispute", value=district.disputed)
    for reader in figures.readers:
        yield from _of_reader(reader)
    for week in figures.weeks:
        name = f"{week.begins:%Y-%m-%d}"
        yield Row(of="week", name=name, figure="readings", value=week.readings)
        yield Row(of="week", name=name, figure="median look, s", value=week.median_seconds, n=week.readings)
        yield share("week", name, "same verdict twice", week.alike)


def _of_reader(reader: OfReader) -> Iterator[Row]:
    yield Row(of="reader", name=reader.name, figure="readings", value=reader.readings)
    seconds, n = reader.median_seconds, reader.readings
    yield Row(of="reader", name=reader.name, figure="median look, s", value=seconds, n=n)
    yield share("reader", reader.name, "with the model", reader.with_model)
    yield share("reader", reader.name, "targets confirmed", reader.marks.hits)
    yield share("reader", reader.name, "false alarms", reader.marks.false_alarms)


def ages() -> Iterator[str]:
    """The words for ``store.figures.AGES``."""
    days = [age.days for age in AGES]
    yield from (f"under {day} days" if day > 1 else "under 1 day" for day in days)
    yield f"{days[-1]} days and longer"


def share(of: str, name: str, figure: str, share: Share) -> Row:
    """A share; of nothing it has no bounds."""
    low, high = (share.low, share.high) if share.n else (None, None)
    return Row(of=of, name=name, figure=figure, value=share.value, low=low, high=high, n=share.n)


def _coefficient(figure: str, found: Coefficient | None, n: int) -> Row:
    value, low, high = (found.value, found.low, found.high) if found else (None, None, None)
    return Row(of="review", name="", figure=figure, value=value, low=low, high=high, n=n)
