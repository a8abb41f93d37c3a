"""Flights: the list of the flights that a person may see, with what needs them on top."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.people import SEES_FLIGHTS, Role
from pipeline.errors import NotAllowedError
from pipeline.store.districts import list_districts
from pipeline.store.flight_list import Listed, Order
from pipeline.web.flight_questions import Answer, Asked, Group, answer_to
from pipeline.web.languages import marked
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import SignedIn

GROUPS: Final = (
    (Group.ALL, marked("All")),
    (Group.WORKING, marked("Being worked on")),
    (Group.SCANNED, marked("Scanned")),
    (Group.AGAIN, marked("To be flown again")),
    (Group.FAILED, marked("Failed")),
    (Group.STOPPED, marked("Failed or cancelled")),
)
ORDERS: Final = (
    (Order.NEEDS_ME, marked("What needs me first")),
    (Order.NEWEST, marked("Newest first")),
    (Order.OLDEST, marked("Oldest first")),
    (Order.NAME, marked("By name")),
    (Order.STATE, marked("By state")),
)
NEEDS_ME: Final = marked("Needs you")
MINE: Final = marked("Yours")
OTHERS: Final = marked("All others")
NOT_YOURS: Final = marked("your roles see no flights; an administrator keeps people and districts, not flights")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of the list under one heading; without a name there is none."""

    name: str
    rows: tuple[Listed, ...]


@router.get("/flights")
def show_flights(request: Request, reader: SignedIn, asked: Asked, services: Served, pages: Pages) -> Response:
    """The list; only the part of it that changes, where htmx asks.

    Raises:
        NotAllowedError: No role of the reader sees flights.
    """
    if not reader.person.roles & SEES_FLIGHTS:
        raise NotAllowedError(NOT_YOURS)
    found = answer_to(services.database, reader.person, asked)
    with services.database.snapshot() as connection:
        districts = [district for district in list_districts(connection) if district.id in reader.person.sees]
    template = "flight_list.jinja" if request.headers.get("HX-Request") else "flights.html.jinja"
    return pages.show(
        request,
        template,
        found=found,
        sections=sections(found, asked.order),
        question=asked,
        may_upload=reader.person.has(Role.SURVEYOR),
        districts=districts,
        groups=GROUPS,
        orders=ORDERS,
    )


def sections(found: Answer, order: Order) -> tuple[Section, ...]:
    """The rows under headings that say why some come first; one section without a heading where none does."""
    if order is not Order.NEEDS_ME or not any(row.needs_me or row.is_mine for row in found.rows):
        return (Section(name="", rows=found.rows),)
    return tuple(Section(name=name, rows=tuple(rows)) for name, rows in groupby(found.rows, _heading))


def _heading(row: Listed) -> str:
    if row.needs_me:
        return NEEDS_ME
    return MINE if row.is_mine else OTHERS
