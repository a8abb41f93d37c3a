"""Open a bureau: a store with a district, an account of every role, and one flight that is scanned already.

For the demo: its accounts are made at that moment, with passwords nobody knew before.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipeline.domain.flight import Flight
from pipeline.domain.people import District, Role
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.districts import add_district
from pipeline.store.files import Files
from pipeline.store.flights import get_flight
from pipeline.store.passwords import Passwords
from pipeline.store.people import NewPerson, add_person
from pipeline.store.work import attempt_of
from pipeline.workflow.advance import Workshop, advance_to_the_end
from pipeline.workflow.apart import Hear, Stage, perform_apart
from pipeline.workflow.hand_in import HandedIn, hand_in

DISTRICT: Final = "北山区"
READERS: Final = 2
"""Four eyes need two of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who can sign in, and with what."""

    name: str
    role: Role
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBureau:
    """What was made: the flight where it stands now, its results, and who can sign in."""

    flight: Flight
    results: Path
    district: District
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """An empty store, whose tables are there, and what a bureau in it needs."""

    database: Database
    settings: Settings
    passwords: Passwords
    now: Callable[[], datetime]


def open_bureau(premises: Premises, orthomosaic: Path, report: Report = say_nothing) -> OpenBureau:
    """Fill an empty store, and scan ``orthomosaic`` as a flight of it, by the same steps as any.

    Raises:
        ConflictError: The store is not empty.
    """
    database, settings, now = premises.database, premises.settings, premises.now
    accounts = _accounts()
    files = Files(settings.store.data_dir)
    with database.transaction() as connection:
        district = add_district(connection, DISTRICT, by=None, now=now())
        people = {account.name: _person(account, district, premises.passwords) for account in accounts}
        added = {name: add_person(connection, person, by=None, now=now()) for name, person in people.items()}
    given = HandedIn(path=orthomosaic, district=district.id)
    flight = hand_in(database, files, given, added[Role.SURVEYOR.value], now=now())
    with database.snapshot() as connection:
        attempt = attempt_of(connection, flight.id)
    shop = Workshop(database=database, files=files, settings=settings, now=now, apart=_told(report))
    advance_to_the_end(shop, attempt)
    with database.snapshot() as connection:
        flight = get_flight(connection, flight.id)
    return OpenBureau(flight=flight, results=files.results(flight.id), district=district, accounts=accounts)


def _told(report: Report) -> Callable[[Stage, Hear, Callable[[], bool]], dict[str, Any]]:
    """Stages in processes of their own whose progress is reported here too."""

    def apart(stage: Stage, hear: Hear, halted: Callable[[], bool]) -> dict[str, Any]:
        def heard(progress: Progress) -> None:
            report(progress)
            hear(progress)

        return perform_apart(stage, heard, halted)

    return apart


def _accounts() -> tuple[Account, ...]:
    """One account a role, named for it, and a second reviewer."""
    named = [(role.value, role) for role in Role]
    named += [(f"{Role.REVIEWER.value}-{number}", Role.REVIEWER) for number in range(2, READERS + 1)]
    return tuple(Account(name=name, role=role, password=secrets.token_urlsafe(12)) for name, role in named)


def _person(account: Account, district: District, passwords: Passwords) -> NewPerson:
    sees = frozenset() if account.role is Role.ADMINISTRATOR else frozenset({district.id})
    return NewPerson(
        name=account.name,
        password_hash=passwords.hash(account.password),
        roles=frozenset({account.role}),
        districts=sees,
    )
