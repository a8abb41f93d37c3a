"""Ground that could not be flown is recorded by those who would have flown it, with a reason that says something."""

from datetime import date, timedelta

import pytest
from databases import NOW, a_district, a_person

from pipeline.domain.flight import FlightState
from pipeline.domain.people import DistrictId, Role
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.ledger import Kind, history
from pipeline.workflow.skip import Cause, Skipped, skip


def skipped(district: DistrictId, **changed: object) -> Skipped:
    given: dict[str, object] = {"name": "Ridge", "planned_on": NOW.date(), "cause": Cause.WEATHER, "details": "fog"}
    return Skipped(district=district, **(given | changed))


def test_it_is_a_flight_with_its_reason_and_a_leaf_of_the_ledger(database: Database) -> None:
    district = a_district(database).id
    surveyor = a_person(database, "surveyor", Role.SURVEYOR, districts=frozenset({district}))
    flight = skip(database, surveyor, skipped(district, details=" fog \n until noon "), now=NOW)
    assert (flight.state, flight.reason) == (FlightState.NOT_FLOWN, "weather: fog until noon")
    with database.snapshot() as connection:
        assert [leaf.kind for leaf in history(connection, flight.id)] == [Kind.FLIGHT_RECEIVED]


def test_only_a_surveyor_of_the_district_records_it(sqlite_database: Database) -> None:
    here, there = (a_district(sqlite_database, name).id for name in ("here", "there"))
    surveyor = a_person(sqlite_database, "surveyor", Role.SURVEYOR, districts=frozenset({here}))
    manager = a_person(sqlite_database, "manager", Role.MANAGER, districts=frozenset({here}))
    with pytest.raises(NotFoundError):
        skip(sqlite_database, surveyor, skipped(there), now=NOW)
    with pytest.raises(NotAllowedError):
        skip(sqlite_database, manager, skipped(here), now=NOW)


def test_a_day_to_come_is_refused(sqlite_database: Database) -> None:
    district = a_district(sqlite_database).id
    surveyor = a_person(sqlite_database, "surveyor", Role.SURVEYOR, districts=frozenset({district}))
    with pytest.raises(InvalidInputError, match="lies in the future"):
        skip(sqlite_database, surveyor, skipped(district, planned_on=NOW.date() + timedelta(days=2)), now=NOW)


def test_something_else_must_say_what() -> None:
    with pytest.raises(InvalidInputError, match="say what happened"):
        Skipped(name="Ridge", district=DistrictId("d"), planned_on=date(2026, 11, 26), cause=Cause.OTHER, details=" ")
