"""People: added, given access, locked and unlocked, and each of it remembered."""

import pytest
from databases import CHEAP, NOW, PASSWORD, a_district, a_person

from pipeline.domain.people import Role
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.ledger import history
from pipeline.store.people import NewPerson, give_access, list_people, lock_person, person_named, unlock_person


def test_a_person_comes_back_as_added(database: Database) -> None:
    district = a_district(database)
    added = a_person(database, "li.na", Role.SURVEYOR, Role.REVIEWER, districts=frozenset({district.id}))
    with database.snapshot() as connection:
        assert person_named(connection, "li.na") == added
        assert list_people(connection) == (added,)
        with pytest.raises(NotFoundError):
            person_named(connection, "nobody")


def test_two_people_do_not_share_a_name_not_even_in_capitals(database: Database) -> None:
    a_person(database, "li.na")
    with pytest.raises(ConflictError, match="already"):
        a_person(database, "LI.NA")


@pytest.mark.parametrize("name", ["", "two words", "a" * 101, "line\nbreak", "\u202eevil"])
def test_a_name_that_cannot_be_typed_again_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        NewPerson(name=name, password_hash="")


def test_access_is_replaced_as_a_whole_and_leaves_a_trace(database: Database) -> None:
    north, south = a_district(database, "北"), a_district(database, "南")
    person = a_person(database, "wang", Role.SURVEYOR, districts=frozenset({north.id}))
    chief = a_person(database, "chief", Role.ADMINISTRATOR)
    with database.transaction() as connection:
        give_access(connection, person, roles={Role.REVIEWER}, districts={south.id}, by=chief.id, now=NOW)
    with database.snapshot() as connection:
        found = person_named(connection, "wang")
        assert (found.roles, found.districts) == ({Role.REVIEWER}, {south.id})
        kinds = [(leaf.kind, leaf.person) for leaf in history(connection, person.id)]
    assert kinds == [("person.added", None), ("person.changed", chief.id)]


def test_a_locked_person_has_no_role_until_unlocked(database: Database) -> None:
    person = a_person(database, "wang", Role.REVIEWER)
    with database.transaction() as connection:
        lock_person(connection, person.id, why="left", by=None, now=NOW)
        locked = person_named(connection, "wang")
        assert locked.locked
        assert not locked.has(Role.REVIEWER)
        unlock_person(connection, person.id, by=None, now=NOW)
        assert person_named(connection, "wang").has(Role.REVIEWER)


def test_an_administrator_sees_no_flight_by_that_role(database: Database) -> None:
    district = a_district(database)
    chief = a_person(database, "chief", Role.ADMINISTRATOR, districts=frozenset({district.id}))
    assert not chief.sees


@pytest.mark.parametrize("password", ["short", "a" * 129])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError, match="12 to 128"):
        CHEAP.hash(password)


def test_nobodys_password_is_never_right() -> None:
    assert CHEAP.verify(PASSWORD, CHEAP.hash(PASSWORD))
    assert not CHEAP.verify(PASSWORD, None)
    assert not CHEAP.verify("nobody's password", None)
    assert not CHEAP.verify(PASSWORD, "no hash")
