"""Keep people: an administrator adds somebody, says what they may do and where, lets them in or keeps them out.

Every change is a leaf of the ledger; what must hold after it is looked up in ``store.keeping``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.domain.people import DistrictId, Person, PersonId, Role
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.store.database import Database
from pipeline.store.districts import add_district
from pipeline.store.keeping import changing, check_districts, check_kept
from pipeline.store.passwords import Passwords, one_time_password
from pipeline.store.people import (
    NewPerson,
    add_person,
    give_access,
    lock_person,
    set_password,
    unlock_person,
)
from pipeline.store.sessions import end_all
from pipeline.store.signing_in import forgive

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What somebody may do, and where."""

    roles: frozenset[Role]
    districts: frozenset[DistrictId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Somebody, and the password that was made for them: it is nowhere else."""

    person: Person
    password: str


def must_keep_people(person: Person) -> None:
    """Refuse whoever is no administrator.

    Raises:
        NotAllowedError: They are none.
    """
    if not person.has(Role.ADMINISTRATOR):
        raise NotAllowedError("only administrators keep people, roles and districts")


def admit(
    database: Database, passwords: Passwords, keeper: Person, name: str, access: Access, *, now: datetime
) -> Admitted:
    """Add somebody, with a password that is good for choosing one of their own.

    Raises:
        NotAllowedError: ``keeper`` is no administrator.
        InvalidInputError: The name cannot be one.
        ConflictError: Somebody has it.
        NotFoundError: There is no such district.
    """
    must_keep_people(keeper)
    password = one_time_password()
    hashed = passwords.hash(password)
    new = NewPerson(name=name, password_hash=hashed, one_time=True, roles=access.roles, districts=access.districts)
    with database.transaction() as connection:
        check_districts(connection, access.districts)
        added = add_person(connection, new, by=keeper.id, now=now)
        check_kept(connection, keeper, added.id)
    return Admitted(person=added, password=password)


def entrust(database: Database, keeper: Person, person: PersonId, access: Access, *, now: datetime) -> Person:
    """Replace what somebody may do, and where.

    Raises:
        NotAllowedError: ``keeper`` is no administrator, would give themselves more, or nobody would be one any more.
        NotFoundError: There is no such person or district.
    """
    must_keep_people(keeper)
    with changing(database, keeper, person) as (connection, found):
        check_districts(connection, access.districts)
        more = not (access.roles <= found.roles and access.districts <= found.districts)
        if found.id == keeper.id and more:
            raise NotAllowedError("nobody gives themselves roles or districts; ask another administrator")
        return give_access(connection, found, roles=access.roles, districts=access.districts, by=keeper.id, now=now)


def lock_out(database: Database, keeper: Person, person: PersonId, *, why: str, now: datetime) -> None:
    """Keep somebody out until they are let in again; they are signed out everywhere.

    Raises:
        NotAllowedError: ``keeper`` is no administrator, or it is themselves.
        NotFoundError: There is no such person.
        InvalidInputError: There is no reason, or a long one.
    """
    must_keep_people(keeper)
    if not 0 < len(why.strip()) <= LONGEST_REASON:
        raise InvalidInputError(f"a lock asks for a reason of 1 to {LONGEST_REASON} characters")
    if person == keeper.id:
        raise NotAllowedError("nobody locks themselves out; ask another administrator")
    with changing(database, keeper, person) as (connection, found):
        lock_person(connection, found.id, why=why.strip(), by=keeper.id, now=now)
        end_all(connection, found.id, now=now)


def let_in_again(database: Database, keeper: Person, person: PersonId, *, now: datetime) -> None:
    """Open a lock or a pause.

    Raises:
        NotAllowedError: ``keeper`` is no administrator.
        NotFoundError: There is no such person.
    """
    must_keep_people(keeper)
    with changing(database, keeper, person) as (connection, found):
        unlock_person(connection, found.id, by=keeper.id, now=now)
        forgive(connection, found.name)


def renew_password(
    database: Database, passwords: Passwords, keeper: Person, person: PersonId, *, now: datetime
) -> Admitted:
    """A new password for somebody who lost theirs, good for choosing their own; they are signed out everywhere.

    Raises:
        NotAllowedError: ``keeper`` is no administrator, or it is their own: that asks for the one they have.
        NotFoundError: There is no such person.
    """
    must_keep_people(keeper)
    if person == keeper.id:
        raise NotAllowedError("your own password is changed on the page of your account, with the one you have")
    password = one_time_password()
    hashed = passwords.hash(password)
    with changing(database, keeper, person) as (connection, found):
        set_password(connection, found.id, hashed, by=keeper.id, now=now, one_time=True)
        end_all(connection, found.id, now=now)
        forgive(connection, found.name)
    return Admitted(person=found, password=password)


def open_district(database: Database, keeper: Person, name: str, *, now: datetime) -> None:
    """Add a district.

    Raises:
        NotAllowedError: ``keeper`` is no administrator.
        InvalidInputError: There is no name.
        ConflictError: There is one of that name.
    """
    must_keep_people(keeper)
    with database.transaction() as connection:
        added = add_district(connection, name, by=keeper.id, now=now)
        check_kept(connection, keeper, added.id)
