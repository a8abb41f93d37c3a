"""Offer: the next items for a reader, each in their hands for a while. Nothing of an item tells why it is asked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pipeline.domain.people import Person, Role
from pipeline.errors import ConflictError, NotAllowedError
from pipeline.settings import ReviewSettings
from pipeline.store.database import Database
from pipeline.store.leases import LeaseId, end_lease, end_open_leases, find_lease, hold_lease, open_leases_of
from pipeline.store.people import hold_person
from pipeline.store.queue import judged_since, left_for
from pipeline.store.readings import Reading, reading_of, take_next
from pipeline.store.stops import hold_switch

MOST: Final = 4
"""One on the screen, and three that are loaded beforehand."""
ONLY_READERS: Final = "only reviewers read flags"
STOPPED: Final = "everything is stopped: nothing is offered until a manager lets it go on; what you have sent is kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a reader has in hands; how much waits for them, and how much they have judged today."""

    readings: tuple[Reading, ...]
    waiting: int
    judged_today: int


def offer(database: Database, person: Person, rules: ReviewSettings, *, want: int, now: datetime, today: date) -> Offer:
    """Up to ``want`` items: those in the reader's hands, and the most urgent of what waits.

    Raises:
        NotAllowedError: The person is no reviewer.
        ConflictError: Everything is stopped.
    """
    if not person.has(Role.REVIEWER):
        raise NotAllowedError(ONLY_READERS)
    with database.transaction() as connection:
        if hold_switch(connection):  # whoever throws it waits for this, and whoever asks meanwhile waits for them
            raise ConflictError(STOPPED)
        hold_person(connection, person)
        held = list(open_leases_of(connection, person, now=now))[:MOST]
        held += take_next(connection, person, rules, want=min(want, MOST) - len(held), now=now, today=today)
        held.sort(key=lambda lease: (lease.leased_at, lease.id))  # asked again, it is the same order
        return Offer(
            readings=tuple(reading_of(connection, lease) for lease in held),
            waiting=left_for(connection, person),
            judged_today=judged_since(connection, person, now - timedelta(hours=24)),
        )


def find_reading(database: Database, person: Person, lease: LeaseId) -> Reading:
    """An item that is or was in the person's hands.

    Raises:
        NotFoundError: There is none for them.
    """
    with database.snapshot() as connection:
        return reading_of(connection, find_lease(connection, person, lease))


def skip_reading(database: Database, person: Person, lease: LeaseId, *, now: datetime) -> None:
    """Give an item back; it comes to this reader again after everything else.

    Raises:
        NotFoundError: There is none for them.
    """
    with database.transaction() as connection:
        end_lease(connection, hold_lease(connection, person, lease).id, now=now)


def give_back_all(database: Database, person: Person, *, now: datetime) -> None:
    """Give back whatever is in a reader's hands."""
    with database.transaction() as connection:
        end_open_leases(connection, person, now=now)
