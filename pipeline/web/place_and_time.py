"""Place and time: what OGC API and STAC ask with in an address; both want 400 for what makes no sense."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import Query

from pipeline.domain.freshness import Window
from pipeline.domain.geometry import Extent
from pipeline.errors import InvalidInputError
from pipeline.store.search import MOST, Search

USUAL_LIMIT: Final = 100
LAST_DAY: Final = date(9998, 12, 31)
OPEN_END: Final = frozenset({"", ".."})
FLAT, TALL = 4, 6
"""Numbers of a box without and with heights."""


class BadQueryError(InvalidInputError):
    """The query cannot be understood."""


def _said(name: str, what: str, kind: dict[str, Any]) -> Any:
    return Query(alias=name, description=what, json_schema_extra=kind)


BBox = Annotated[str, _said("bbox", "west,south,east,north in degrees", {"example": "111,40,112,41"})]
DateTime = Annotated[
    str,
    _said("datetime", "A day or time, or two with / between them, .. for an open end", {"example": "2026-06-01/.."}),
]
Limit = Annotated[
    str, _said("limit", "Features a page", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL_LIMIT})
]
After = Annotated[str, _said("after", "As the link to the next page has it", {})]


def must_know(names: Iterable[str], known: frozenset[str]) -> None:
    """Refuse a query with something in it that nobody reads.

    Raises:
        BadQueryError: There is.
    """
    for name in names:
        if name not in known:
            raise BadQueryError(f"{name!r} is not a parameter here; use {', '.join(sorted(known))}")


def search_for(*, bbox: str = "", when: str = "", limit: str = "", after: str = "") -> Search:
    """The search that somebody typed.

    Raises:
        BadQueryError: It cannot be understood.
    """
    if not (after.isprintable() and len(after) <= 100):  # noqa: PLR2004 ids have up to 80 characters
        raise BadQueryError("after is no address of a page")
    try:
        return Search(within=_boxes(bbox), window=_window(when), limit=_limit(limit), after=after)
    except BadQueryError:
        raise
    except InvalidInputError as error:
        raise BadQueryError("bbox or datetime is out of range, or its ends are in the wrong order") from error


def _boxes(said: str) -> tuple[Extent, ...]:
    """One box, or two where it crosses the anti-meridian; none where nothing is said."""
    if not said:
        return ()
    try:
        numbers = [float(number) for number in said.split(",")]
    except ValueError as error:
        raise BadQueryError(f"bbox {said!r} is not west,south,east,north in degrees") from error
    if len(numbers) == TALL:
        del numbers[5], numbers[2]
    if len(numbers) != FLAT:
        raise BadQueryError(f"bbox {said!r} has not 4 or 6 numbers")
    west, south, east, north = numbers
    if west <= east:
        return (Extent(west=west, south=south, east=east, north=north),)
    return (
        Extent(west=west, south=south, east=180.0, north=north),
        Extent(west=-180.0, south=south, east=east, north=north),
    )


def _window(said: str) -> Window | None:
    if not said:
        return None
    ends = said.split("/")
    if len(ends) == 1:
        return Window(first=_day(said, said), last=_day(said, said))
    if len(ends) != 2:  # noqa: PLR2004 an interval has two
        raise BadQueryError(f"datetime {said!r} has more than two ends")
    first, last = ends
    return Window(
        first=date.min if first in OPEN_END else _day(first, said),
        last=LAST_DAY if last in OPEN_END else _day(last, said),
    )


def _day(end: str, said: str) -> date:
    try:
        time = datetime.fromisoformat(end)
    except ValueError as error:
        raise BadQueryError(f"datetime {said!r} is no time; write it as 2026-11-26T00:00:00Z") from error
    return min((time.astimezone(UTC) if time.tzinfo else time).date(), LAST_DAY)


def _limit(said: str) -> int:
    """A whole number from 1; more than is given out means as much as that."""
    if not said:
        return USUAL_LIMIT
    if not (said.isascii() and said.isdigit() and len(said) < 10 and int(said) > 0):  # noqa: PLR2004 digits
        raise BadQueryError(f"limit {said!r} is no whole number from 1")
    return min(int(said), MOST)
