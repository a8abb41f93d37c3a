"""The queue: what waits for one reader, whatever it was put there for. Nothing of it tells one kind from another."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.people import DistrictId, Person
from pipeline.domain.urgency import Waiting
from pipeline.store.tables import control_items, controls, decisions, flags, flights, leases

OPEN: Final = (FlagStatus.UNREVIEWED.value, FlagStatus.IN_REVIEW.value, FlagStatus.DISPUTED.value)
AT_ONCE: Final = 200
"""The oldest of each status are weighed against each other; nobody reads more before new ones are weighed."""
PASSED_OVER: Final = timedelta(hours=4)
"""For so long what a reader skipped comes after everything else."""
COUNTED: Final = 1000
"""More than that are not counted."""


def waiting_for(connection: Connection, person: Person, *, now: datetime) -> tuple[Waiting, ...]:
    """The oldest flags that this person may be offered.

    They are of the person's districts and in nobody's hands, of flights that others uploaded, and not judged by them.
    """
    rows = [row for status in OPEN for row in connection.execute(_oldest(person, status, now)).mappings()]
    skipped = _skipped(connection, person, [row["id"] for row in rows], now)
    return tuple(
        Waiting(
            flag=FlagId(row["id"]),
            district=DistrictId(row["district_id"]),
            raised_at=row["raised_at"],
            flown_on=row["flown_on"],
            disputed=row["status"] == FlagStatus.DISPUTED.value,
            passed_over=row["id"] in skipped,
        )
        for row in rows
    )


def hold_flag(connection: Connection, person: Person, flag: FlagId, *, now: datetime) -> bool:
    """Whether this person may be offered a flag still, and nobody else until this transaction ends.

    Nobody is waited for: a flag that somebody else is about to take or to judge is theirs.
    """
    held = select(flags.c.id).where(flags.c.id == flag).with_for_update(skip_locked=True, key_share=True)
    if connection.execute(held).first() is None:
        return False
    # asked once nobody can change it: somebody may have been faster since the queue was looked at
    open_to = select(flags.c.id).join(flights, flights.c.id == flags.c.flight_id).where(flags.c.id == flag)
    open_to = open_to.where(flags.c.status.in_(OPEN), _may_read(person), ~_in_hand(now))
    return connection.execute(open_to).first() is not None


def backlog(connection: Connection, districts: frozenset[DistrictId]) -> dict[DistrictId, int]:
    """How many flags wait for readers in each district."""
    counted = (
        select(flights.c.district_id, func.count())
        .join(flags, flags.c.flight_id == flights.c.id)
        .where(flags.c.status.in_(OPEN), flights.c.district_id.in_(sorted(districts)))
        .group_by(flights.c.district_id)
    )
    return {DistrictId(district): count for district, count in connection.execute(counted)}


def left_for(connection: Connection, person: Person) -> int:
    """How many flags wait for this person, in anybody's hands or none; at most 1,000 are counted."""
    some = select(flags.c.id).join(flights, flights.c.id == flags.c.flight_id)
    some = some.where(flags.c.status.in_(OPEN), _may_read(person)).limit(COUNTED)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def judged_since(connection: Connection, person: Person, since: datetime) -> int:
    """How many verdicts this person has given since then, corrections aside."""
    mine = (decisions.c.person_id == person.id, decisions.c.decided_at >= since, decisions.c.supersedes.is_(None))
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def _oldest(person: Person, status: str, now: datetime) -> Select[Any]:
    return (
        select(flags.c.id, flags.c.status, flags.c.raised_at, flights.c.district_id, flights.c.flown_on)
        .join(flights, flights.c.id == flags.c.flight_id)
        .where(flags.c.status == status, _may_read(person), ~_in_hand(now))
        .order_by(flags.c.raised_at)
        .limit(AT_ONCE)
    )


def _in_hand(now: datetime) -> ColumnElement[bool]:
    return exists().where(leases.c.flag_id == flags.c.id, leases.c.ended_at.is_(None), leases.c.expires_at > now)


def _may_read(person: Person) -> ColumnElement[bool]:
    return and_(
        flights.c.district_id.in_(sorted(person.sees)),
        flights.c.uploaded_by != person.id,
        ~_judged(person, flags.c.id),
        ~_known(person),
    )


def _judged(person: Person, flag: ColumnElement[str]) -> ColumnElement[bool]:
    """First verdicts are enough, corrections follow them: these alone stand in an index of flags and persons."""
    first = decisions.c.supersedes.is_(None)
    return exists().where(decisions.c.flag_id == flag, decisions.c.person_id == person.id, first)


def _known(person: Person) -> ColumnElement[bool]:
    """True of a control whose ground the person has judged before, as a flag or as another item (also a law)."""
    other = control_items.alias()
    before = exists().where(other.c.control_id == controls.c.id, _judged(person, other.c.flag_id))
    mine = (control_items.c.flag_id == flags.c.id, controls.c.id == control_items.c.control_id)
    return exists().where(*mine, or_(_judged(person, controls.c.flag_id), before))


def _skipped(connection: Connection, person: Person, among: Sequence[str], now: datetime) -> frozenset[str]:
    """Those of the flags that the person had before the eyes and gave back."""
    given_back = select(leases.c.flag_id).where(
        leases.c.person_id == person.id,
        leases.c.leased_at > now - PASSED_OVER,
        leases.c.shown_at.is_not(None),
        leases.c.ended_at.is_not(None),
        leases.c.flag_id.in_(among),
    )
    return frozenset(connection.execute(given_back).scalars())
