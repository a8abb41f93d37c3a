"""One line of the list, and counts of all; the list itself is tried in ``test_flights``."""

import pytest
from databases import NOW, a_district, a_person

from pipeline.domain.flight import FlightId, FlightState
from pipeline.domain.people import Role
from pipeline.errors import NotFoundError
from pipeline.store.database import Database
from pipeline.store.flight_list import Wish, count_by_state, list_flights, listed_flight
from pipeline.store.flights import NewFlight, create_flight


def test_a_line_is_the_one_of_the_list_and_exists_in_ones_own_district_only(database: Database) -> None:
    here, there = (a_district(database, name).id for name in ("here", "there"))
    mine = a_person(database, "mine", Role.SURVEYOR, districts=frozenset({here}))
    theirs = a_person(database, "theirs", Role.SURVEYOR, districts=frozenset({there}))
    with database.transaction() as connection:
        flight = create_flight(connection, NewFlight(district=here, name="Ridge", uploaded_by=mine.id), now=NOW)
    with database.snapshot() as connection:
        assert listed_flight(connection, mine, flight.id) == list_flights(connection, mine, Wish()).lines[0]
        for person, sought in ((theirs, flight.id), (mine, FlightId("none"))):
            with pytest.raises(NotFoundError, match="there is no such flight"):
                listed_flight(connection, person, sought)


def test_flights_of_all_districts_are_counted_by_state(database: Database) -> None:
    district = a_district(database).id
    person = a_person(database, "surveyor", Role.SURVEYOR, districts=frozenset({district}))
    with database.transaction() as connection:
        for name in ("a", "b"):
            create_flight(connection, NewFlight(district=district, name=name, uploaded_by=person.id), now=NOW)
        skipped = NewFlight(
            district=district, name="c", uploaded_by=person.id, state=FlightState.NOT_FLOWN, reason="weather"
        )
        create_flight(connection, skipped, now=NOW)
    with database.snapshot() as connection:
        assert count_by_state(connection) == {FlightState.RECEIVED: 2, FlightState.NOT_FLOWN: 1}
