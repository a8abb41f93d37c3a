"""Flight questions: what somebody looks for in the list of flights, as an address has it and as the store wants it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Query

from pipeline.domain.flight import RUNNING, FlightState
from pipeline.domain.people import DistrictId, Person
from pipeline.store.database import Database
from pipeline.store.flight_list import PAGE, Listed, Order, Wish, list_flights


class Group(StrEnum):
    """States of flights that are looked for together."""

    ALL = ""
    WORKING = "working"
    SCANNED = "scanned"
    AGAIN = "again"
    FAILED = "failed"
    STOPPED = "stopped"


STATES: Final[dict[Group, frozenset[FlightState]]] = {
    Group.ALL: frozenset(),
    Group.WORKING: RUNNING,
    Group.SCANNED: frozenset({FlightState.SCANNED}),
    Group.AGAIN: frozenset({FlightState.UNUSABLE, FlightState.NOT_FLOWN}),
    Group.FAILED: frozenset({FlightState.FAILED}),
    Group.STOPPED: frozenset({FlightState.FAILED, FlightState.CANCELLED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody looks for. ``page`` counts from 1; one beyond the last is answered with the last."""

    text: str = ""
    group: Group = Group.ALL
    district: str = ""
    mine: bool = False
    order: Order = Order.NEEDS_ME
    page: int = 1

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves out flights that the person may see."""
        return bool(self.text.strip() or self.group or self.district or self.mine)

    def wish(self, page: int) -> Wish:
        """The question as the store wants it, for one of its pages."""
        return Wish(
            search=self.text,
            states=STATES[self.group],
            districts=frozenset({DistrictId(self.district)}) if self.district else frozenset(),
            mine_only=self.mine,
            order=self.order,
            page=page,
        )

    def address(self, page: int = 1) -> str:
        """The address of a page of its answer."""
        fields = (
            ("text", self.text),
            ("state", self.group.value),
            ("district", self.district),
            ("order", "" if self.order is Order.NEEDS_ME else self.order.value),
            ("mine", "yes" if self.mine else ""),
            ("page", str(page) if page > 1 else ""),
        )
        query = urlencode([(name, value) for name, value in fields if value])
        return f"/flights?{query}" if query else "/flights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One page of flights; ``total`` counts those of all pages."""

    total: int
    page: int
    rows: tuple[Listed, ...]

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, -(-self.total // PAGE))

    @property
    def first(self) -> int:
        """The number of the first flight on this page, counted from 1."""
        return (self.page - 1) * PAGE + 1

    @property
    def last(self) -> int:
        """The number of the last flight on this page."""
        return self.first + len(self.rows) - 1


def answer_to(database: Database, person: Person, question: Question) -> Answer:
    """What ``person`` may see of the answer."""
    with database.snapshot() as connection:
        found = list_flights(connection, person, question.wish(question.page))
        last = max(1, -(-found.total // PAGE))
        if question.page > last:
            found = list_flights(connection, person, question.wish(last))
    return Answer(total=found.total, page=min(question.page, last), rows=found.lines)


def _question_of(
    text: Annotated[str, Query(max_length=100, description="Words in names, notes and reasons.")] = "",
    state: Group = Group.ALL,
    district: Annotated[str, Query(max_length=80, description="The id of a district.")] = "",
    order: Order = Order.NEEDS_ME,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    *,
    mine: bool = False,
) -> Question:
    """What the address asks for."""
    return Question(text=text, group=state, district=district, mine=mine, order=order, page=page)


Asked = Annotated[Question, Depends(_question_of)]
