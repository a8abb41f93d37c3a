"""The list of flights: searched, filtered and sorted for one person, with what needs them on top."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, false, func, or_, select

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import NotFoundError
from pipeline.store.flags import is_candidate
from pipeline.store.flights import flight_of_row
from pipeline.store.tables import districts, flags, flights, people

PAGE: Final = 50
OPEN: Final = (FlagStatus.UNREVIEWED.value, FlagStatus.IN_REVIEW.value, FlagStatus.DISPUTED.value)
"""A flag that waits for reviewers."""


class Order(StrEnum):
    """How flights are sorted. What needs the person comes first in the first one only."""

    NEEDS_ME = "needs_me"
    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to see. Empty means: all. ``search`` looks into names, notes, reasons and people's names."""

    search: str = ""
    states: frozenset[FlightState] = frozenset()
    districts: frozenset[DistrictId] = frozenset()
    mine_only: bool = False
    order: Order = Order.NEEDS_ME
    page: int = 1
    page_size: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A flight as a line of the list."""

    flight: Flight
    district_name: str
    uploaded_by_name: str
    is_mine: bool
    needs_me: bool
    flags: int
    open_flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some lines, and how many there are on all pages."""

    lines: tuple[Listed, ...]
    total: int


def list_flights(connection: Connection, person: Person, wish: Wish) -> Page:
    """The flights that ``person`` wishes to see, of their districts only."""
    where = _where(person, wish)
    total = connection.execute(select(func.count()).select_from(_joined()).where(where)).scalar_one()
    chosen = _lines(person).where(where).order_by(*_order(person, wish.order))
    page = chosen.limit(wish.page_size).offset((max(wish.page, 1) - 1) * wish.page_size)
    return Page(lines=tuple(_listed(row) for row in connection.execute(page).mappings()), total=total)


def listed_flight(connection: Connection, person: Person, flight: FlightId) -> Listed:
    """The line of one flight.

    Raises:
        NotFoundError: There is none, or it is of a district that is not theirs; nobody can tell which.
    """
    chosen = _lines(person).where(_where(person, Wish()), flights.c.id == flight)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise NotFoundError("there is no such flight")
    return _listed(row)


def count_by_state(connection: Connection) -> dict[FlightState, int]:
    """How many flights of all districts are in each state; states without any are left out."""
    counted = connection.execute(select(flights.c.state, func.count()).group_by(flights.c.state))
    return {FlightState(state): number for state, number in counted}


def _joined() -> Any:
    return flights.join(districts, districts.c.id == flights.c.district_id).join(
        people, people.c.id == flights.c.uploaded_by
    )


def _lines(person: Person) -> Select[Any]:
    of_flight = select(func.count()).where(flags.c.flight_id == flights.c.id, is_candidate())
    if not person.counts_flags:  # a reader could tell by the count which item was no flag
        of_flight = of_flight.where(false())
    return select(
        flights,
        districts.c.name.label("district_name"),
        people.c.name.label("uploaded_by_name"),
        (flights.c.uploaded_by == person.id).label("is_mine"),
        _needs(person).label("needs_me"),
        of_flight.scalar_subquery().label("flags"),
        of_flight.where(flags.c.status.in_(OPEN)).scalar_subquery().label("open_flags"),
    ).select_from(_joined())


def _needs(person: Person) -> ColumnElement[bool]:
    """Whether a flight waits for this person: to fly again or retry, or to plan visits. Readers have a queue."""
    mine = flights.c.uploaded_by == person.id
    stuck = flights.c.state.in_((FlightState.UNUSABLE.value, FlightState.FAILED.value))
    needs: list[ColumnElement[bool]] = [and_(mine, stuck)]
    of_flight = and_(flags.c.flight_id == flights.c.id, is_candidate())
    if person.has(Role.MANAGER):
        needs.append(flights.c.state == FlightState.FAILED.value)
        needs.append(exists().where(of_flight, flags.c.status == FlagStatus.CONFIRMED.value))
    return or_(*needs)


def _where(person: Person, wish: Wish) -> ColumnElement[bool]:
    seen = person.sees & wish.districts if wish.districts else person.sees
    if not seen:
        return false()
    conditions: list[ColumnElement[bool]] = [flights.c.district_id.in_(seen)]
    if wish.states:
        conditions.append(flights.c.state.in_([state.value for state in wish.states]))
    if wish.mine_only:
        conditions.append(flights.c.uploaded_by == person.id)
    for word in wish.search.split():
        columns = (flights.c.name, flights.c.note, flights.c.reason, people.c.name, districts.c.name)
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return and_(*conditions)


def _order(person: Person, order: Order) -> tuple[Any, ...]:
    newest = (flights.c.received_at.desc(), flights.c.id)
    mine_first = case((flights.c.uploaded_by == person.id, 0), else_=1)
    return {
        Order.NEEDS_ME: (case((_needs(person), 0), else_=1), mine_first, *newest),
        Order.NEWEST: newest,
        Order.OLDEST: (flights.c.received_at, flights.c.id),
        Order.NAME: (func.lower(flights.c.name), *newest),
        Order.STATE: (flights.c.state, *newest),
    }[order]


def _listed(row: Any) -> Listed:
    return Listed(
        flight=flight_of_row(row),
        district_name=row["district_name"],
        uploaded_by_name=row["uploaded_by_name"],
        is_mine=bool(row["is_mine"]),
        needs_me=bool(row["needs_me"]),
        flags=row["flags"],
        open_flags=row["open_flags"],
    )
