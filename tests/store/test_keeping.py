"""A bureau always has somebody who keeps its people, on both engines and however close two changes come."""

import threading

import pytest
from databases import NOW, a_district, a_person

from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.keeping import changing, check_districts
from pipeline.store.ledger import history
from pipeline.store.people import give_access, person_by_id


def take_from(database: Database, keeper: Person, person: Person) -> None:
    with changing(database, keeper, person.id) as (connection, found):
        give_access(connection, found, roles=(), districts=(), by=keeper.id, now=NOW)


def test_the_last_administrator_stays_and_the_ledger_says_nothing_else(database: Database) -> None:
    one = a_person(database, "li.na", Role.ADMINISTRATOR)
    with pytest.raises(NotAllowedError, match="the last administrator"):
        take_from(database, one, one)
    with database.snapshot() as connection:
        assert person_by_id(connection, one.id) == one
        assert len(history(connection, one.id)) == 1


def test_of_two_who_take_the_role_from_each_other_at_once_one_keeps_it(database: Database) -> None:
    one, two = (a_person(database, name, Role.ADMINISTRATOR) for name in ("li.na", "wang"))
    ready, refused = threading.Barrier(2), []

    def take(keeper: Person, other: Person) -> None:
        ready.wait()
        try:
            take_from(database, keeper, other)
        except NotAllowedError as error:
            refused.append(error)

    threads = [threading.Thread(target=take, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with database.snapshot() as connection:
        assert sorted(len(person_by_id(connection, person.id).roles) for person in (one, two)) == [0, 1]


def test_a_district_that_is_not_there_is_not_given(database: Database) -> None:
    there = a_district(database)
    with database.snapshot() as connection:
        check_districts(connection, [there.id])
        with pytest.raises(NotFoundError):
            check_districts(connection, [there.id, DistrictId("none")])
