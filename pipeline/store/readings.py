"""Readings: an item in a reader's hands, with what it is about."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

from pipeline.domain.decision import FOUR_EYES, Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import Flight
from pipeline.domain.people import Person
from pipeline.domain.urgency import by_urgency
from pipeline.settings import ReviewSettings
from pipeline.store.decisions import decisions_on
from pipeline.store.flags import StoredFlag, get_flag
from pipeline.store.flights import get_flight
from pipeline.store.leases import Lease, take_lease
from pipeline.store.queue import backlog, hold_flag, waiting_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What an earlier reader said, without who and when."""

    verdict: Verdict
    reason: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An item in a reader's hands. ``opinions`` are given to whoever ends a dispute, and to nobody else."""

    lease: Lease
    flag: StoredFlag
    flight: Flight
    opinions: tuple[Opinion, ...] | None = None


def reading_of(connection: Connection, lease: Lease) -> Reading:
    """A lease with what it is about."""
    flag = get_flag(connection, lease.flag)
    return Reading(
        lease=lease,
        flag=flag,
        flight=get_flight(connection, flag.flight),
        opinions=_opinions(connection, flag, lease) if flag.status is FlagStatus.DISPUTED else None,
    )


def take_next(
    connection: Connection, person: Person, rules: ReviewSettings, *, want: int, now: datetime, today: date
) -> list[Lease]:
    """Put up to ``want`` of the most urgent items into a reader's hands; others who ask meanwhile get other ones."""
    if want < 1:
        return []
    waiting = waiting_for(connection, person, now=now)
    ordered = by_urgency(waiting, backlog(connection, person.sees), rules.season, now=now, today=today)
    lasts = timedelta(minutes=rules.lease_minutes)
    free = (one.flag for one in ordered if hold_flag(connection, person, one.flag, now=now))
    return [take_lease(connection, person, flag, now=now, lasts=lasts) for flag in islice(free, want)]


def _opinions(connection: Connection, flag: StoredFlag, lease: Lease) -> tuple[Opinion, ...] | None:
    """The verdicts in force of the others, in an order that tells nothing; None for one of those who gave them.

    None also after a single one, which was unsure: whoever comes second reads blind.
    """
    given = decisions_on(connection, flag.id)
    if any(decision.person == lease.person for decision in given):
        return None
    superseded = {decision.supersedes for decision in given}
    force = sorted((decision for decision in given if decision.id not in superseded), key=lambda one: one.id)
    if len(force) < FOUR_EYES:
        return None
    return tuple(Opinion(verdict=one.verdict, reason=one.reason, note=one.note) for one in force)
