"""Spreadsheet: CSV that opens right, and that nothing in it can make compute."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would take a text for, if it begins so (OWASP, CSV injection)."""
MARK: Final = "\ufeff"
"""Tells spreadsheets that the file is UTF-8: without it Chinese is garbled."""


def as_csv(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """A head and rows; nothing for None."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in row] for row in rows)
    return MARK + written.getvalue()


def cell(value: Any) -> Any:
    """A value as a cell: a text that would be computed gets an apostrophe, a float six decimals."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return round(value, 6) if isinstance(value, float) else value
