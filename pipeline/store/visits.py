"""Visits: the release of a confirmed flag to a field team, and what the team found."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NewType

from sqlalchemy import Connection, Row, func, insert, select, update

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import OUTCOMES, FlagId, FlagStatus
from pipeline.domain.people import DistrictId, Person, PersonId
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.columns import new_id, utc_time
from pipeline.store.flags import find_flag, is_candidate
from pipeline.store.ledger import Entry, Kind, Leaf, history, record
from pipeline.store.tables import decisions, flags, flights, visit_details, visits

VisitId = NewType("VisitId", str)
NO_VISIT: Final = "there is no such visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a field team found.

    ``look_alike`` says what grows there instead; ``accuracy_m`` how exactly the team knew where it stood, in metres;
    ``photograph_sha256`` names the picture that was kept. ``id`` was made by the device on which it was written down,
    without a signal perhaps, and ``made_at`` is the time by its clock; both are in the ledger alone.
    """

    outcome: FlagStatus
    note: str = ""
    look_alike: str = ""
    accuracy_m: float | None = None
    photograph_sha256: str | None = None
    id: str = ""
    made_at: datetime | None = None

    @property
    def details(self) -> dict[str, Any]:
        """What is beside the outcome and the note; empty where there is nothing."""
        told = {
            "look_alike": self.look_alike,
            "accuracy_m": self.accuracy_m,
            "photograph_sha256": self.photograph_sha256,
        }
        return told if any(told.values()) else {}

    def differs_from(self, other: "Finding") -> bool:
        """Whether it says something else of the ground; notes may differ."""
        return (self.outcome, self.look_alike.casefold()) != (other.outcome, other.look_alike.casefold())

    @property
    def body(self) -> dict[str, Any]:
        """All of it as its leaf says it."""
        sent = {"finding": self.id, "made_at": self.made_at} if self.id else {}
        return {"outcome": self.outcome.value, "note": self.note} | self.details | sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A finding as the ledger has it: by whom, when it arrived; ``beside`` is one that came after another stood."""

    finding: Finding
    person: PersonId
    at: datetime
    beside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A verdict in force that a visit rests on, without whose it is."""

    verdict: Verdict
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit; ``outcome`` is None until a field team was there."""

    id: VisitId
    flag: FlagId
    number: int
    planned_by: PersonId
    planned_at: datetime
    outcome: FlagStatus | None
    found_at: datetime | None
    note: str


def plan_visit(connection: Connection, manager: Person, flag: FlagId, *, now: datetime) -> Visit:
    """Release a flag to the field teams.

    Raises:
        NotFoundError: The flag does not exist for this person.
        NotAllowedError: A law forbids it: no manager, not confirmed, or everything is stopped.
    """
    find_flag(connection, manager, flag)
    number = connection.execute(select(func.count()).where(visits.c.flag_id == flag)).scalar_one() + 1
    visit = VisitId(new_id())
    body = {"flag": flag, "number": number}
    leaf = record(connection, Entry(kind=Kind.RELEASE, subject=visit, person=manager.id, body=body), now)
    values = {"id": visit, "flag_id": flag, "number": number, "planned_by": manager.id}
    connection.execute(insert(visits).values(values | {"planned_at": leaf.at, "leaf": leaf.position}))
    return visits_to(connection, flag)[-1]


def record_found(connection: Connection, person: Person, visit: VisitId, finding: Finding, *, now: datetime) -> None:
    """Write down what a field team found, once.

    Raises:
        InvalidInputError: That is nothing a visit can find.
        NotFoundError: There is no such visit.
        NotAllowedError: A law forbids it: not of a field team of the district, or written down already.
    """
    if finding.outcome not in OUTCOMES:
        raise InvalidInputError(f"a visit does not find {finding.outcome}")
    flag = find_visit(connection, person, visit).flag
    details = finding.details
    body = {"flag": flag} | finding.body
    leaf = record(connection, Entry(kind=Kind.FINDING, subject=visit, person=person.id, body=body), now)
    values = {"outcome": finding.outcome.value, "found_by": person.id, "found_at": leaf.at, "note": finding.note}
    connection.execute(update(visits).where(visits.c.id == visit).values(values))
    if details:
        connection.execute(insert(visit_details).values(details | {"visit_id": visit, "leaf": leaf.position}))


def record_beside(connection: Connection, person: Person, visit: VisitId, finding: Finding, *, now: datetime) -> None:
    """Write down a finding that came after another one stood: it changes nothing, and it is not lost.

    Raises:
        InvalidInputError: That is nothing a visit can find.
        NotFoundError: There is no such visit.
    """
    if finding.outcome not in OUTCOMES:
        raise InvalidInputError(f"a visit does not find {finding.outcome}")
    body = {"flag": find_visit(connection, person, visit).flag} | finding.body
    record(connection, Entry(kind=Kind.FINDING_BESIDE, subject=visit, person=person.id, body=body), now)


def tellings_of(connection: Connection, visit: VisitId) -> tuple[Telling, ...]:
    """What was said of a visit, in the order in which it arrived: what stands, and what came beside it."""
    return tellings_in(history(connection, visit))


def tellings_in(leaves: Iterable[Leaf]) -> tuple[Telling, ...]:
    """What the leaves of a visit say was found, in their order."""
    kinds = {Kind.FINDING: False, Kind.FINDING_BESIDE: True}
    return tuple(
        Telling(
            finding=_finding(json.loads(leaf.body)),
            person=PersonId(leaf.person or ""),
            at=leaf.at,
            beside=kinds[Kind(leaf.kind)],
        )
        for leaf in leaves
        if leaf.kind in kinds
    )


def find_visit(connection: Connection, person: Person, visit: VisitId) -> Visit:
    """A visit as far as it exists for ``person``.

    Raises:
        NotFoundError: There is none, or it is of a district that is not theirs; nobody can tell which.
    """
    flag = connection.execute(select(visits.c.flag_id).where(visits.c.id == visit)).scalar()
    if flag is None:
        raise NotFoundError(NO_VISIT)
    try:
        find_flag(connection, person, FlagId(flag))
    except NotFoundError as error:
        raise NotFoundError(NO_VISIT) from error
    return next(one for one in visits_to(connection, FlagId(flag)) if one.id == visit)


def found_at_visit(connection: Connection, visit: Visit) -> Finding | None:
    """What was found at a visit; None until a team was there."""
    if visit.outcome is None:
        return None
    chosen = select(visit_details).where(visit_details.c.visit_id == visit.id)
    row = connection.execute(chosen).mappings().first()
    names = ("look_alike", "accuracy_m", "photograph_sha256") if row is not None else ()
    return Finding(outcome=visit.outcome, note=visit.note, **{name: row[name] for name in names if row is not None})


def open_visits(connection: Connection, district: DistrictId) -> tuple[Visit, ...]:
    """The visits of a district to which no team has been, oldest first."""
    chosen = (
        select(visits)
        .join(flags, flags.c.id == visits.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flights.c.district_id == district, visits.c.outcome.is_(None), is_candidate())
        .order_by(visits.c.leaf)
    )
    return tuple(_visit(row) for row in connection.execute(chosen))


def ended_visits(connection: Connection, district: DistrictId, most: int) -> tuple[Visit, ...]:
    """The last ``most`` visits of a district that found something, newest first."""
    chosen = (
        select(visits)
        .join(flags, flags.c.id == visits.c.flag_id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flights.c.district_id == district, visits.c.outcome.is_not(None), is_candidate())
        .order_by(visits.c.found_at.desc(), visits.c.id)
        .limit(most)
    )
    return tuple(_visit(row) for row in connection.execute(chosen))


def flags_to_visit(connection: Connection, district: DistrictId) -> tuple[FlagId, ...]:
    """Confirmed flags of a district without a visit, and those that nobody could get to, oldest first.

    Never a control, and audited ground only where two readers confirmed it.
    """
    wanted = (FlagStatus.CONFIRMED.value, FlagStatus.NO_ACCESS.value)
    chosen = (
        select(flags.c.id)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flights.c.district_id == district, flags.c.status.in_(wanted), is_candidate())
        .order_by(flags.c.raised_at, flags.c.id)
    )
    return tuple(FlagId(flag) for flag in connection.execute(chosen).scalars())


def readings_behind(connection: Connection, wanted: Iterable[FlagId]) -> dict[FlagId, tuple[Reading, ...]]:
    """The verdicts in force on each of the flags, in the order in which they were given."""
    columns, later = decisions.c, decisions.alias()
    superseded = select(later.c.id).where(later.c.supersedes == columns.id).exists()
    chosen = select(columns.flag_id, columns.verdict, columns.reason, columns.decided_at)
    chosen = chosen.where(columns.flag_id.in_(list(wanted)), ~superseded).order_by(columns.decided_at, columns.id)
    found: dict[FlagId, tuple[Reading, ...]] = {}
    for row in connection.execute(chosen):
        given = Reading(verdict=Verdict(row.verdict), reason=row.reason, decided_at=row.decided_at)
        found[row.flag_id] = (*found.get(row.flag_id, ()), given)
    return found


def visits_to(connection: Connection, flag: FlagId) -> tuple[Visit, ...]:
    """The visits to a flag, in order."""
    chosen = select(visits).where(visits.c.flag_id == flag).order_by(visits.c.number)
    return tuple(_visit(row) for row in connection.execute(chosen))


def is_photograph_of(connection: Connection, visit: VisitId, sha256: str) -> bool:
    """Whether a visit has this photograph."""
    return any(telling.finding.photograph_sha256 == sha256 for telling in tellings_of(connection, visit))


def _finding(body: dict[str, Any]) -> Finding:
    """What a leaf says was found."""
    made_at = body.get("made_at")
    return Finding(
        outcome=FlagStatus(body["outcome"]),
        note=body["note"],
        look_alike=body.get("look_alike") or "",
        accuracy_m=body.get("accuracy_m"),
        photograph_sha256=body.get("photograph_sha256"),
        id=body.get("finding", ""),
        made_at=utc_time(made_at) if made_at else None,
    )


def _visit(row: Row[Any]) -> Visit:
    return Visit(
        id=VisitId(row.id),
        flag=FlagId(row.flag_id),
        number=row.number,
        planned_by=PersonId(row.planned_by),
        planned_at=row.planned_at,
        outcome=None if row.outcome is None else FlagStatus(row.outcome),
        found_at=row.found_at,
        note=row.note,
    )
