"""The list of flights, in which what needs a person comes first."""

import pytest
from databases import NOW, a_district, a_person
from flights import a_flight, a_scan, a_surveyor, moved
from survey import raised

from pipeline.domain.flag import FlagOrigin
from pipeline.domain.flight import FlightState
from pipeline.domain.people import DistrictId, Role
from pipeline.store.database import Database
from pipeline.store.flags import insert_flags
from pipeline.store.flight_list import Order, Wish, list_flights
from pipeline.store.scans import record_scan


def test_what_needs_me_is_on_top_then_mine_then_the_rest(database: Database) -> None:
    district = a_district(database)
    me, other = a_surveyor(database, "li.na", district.id), a_surveyor(database, "wang", district.id)
    a_flight(database, other, district.id, "others")
    a_flight(database, me, district.id, "mine")
    moved(database, a_flight(database, me, district.id, "stuck"), FlightState.FAILED)
    with database.snapshot() as connection:
        page = list_flights(connection, me, Wish())
        assert [line.flight.name for line in page.lines] == ["stuck", "mine", "others"]
        assert [(line.needs_me, line.is_mine) for line in page.lines] == [(True, True), (False, True), (False, False)]
        assert page.lines[0].uploaded_by_name == "li.na"


def test_who_only_reads_flags_is_not_told_how_many_a_flight_has(database: Database) -> None:
    district = a_district(database)
    reader = a_person(database, "li.na", Role.REVIEWER, districts=frozenset({district.id}))
    wang = a_surveyor(database, "wang", district.id)
    flight = a_flight(database, wang, district.id, "of wang")
    with database.transaction() as connection:
        scan = a_scan(flight)
        record_scan(connection, scan, now=NOW)
        insert_flags(connection, scan, [raised()], now=NOW)
        insert_flags(connection, scan, [raised("F00002")], now=NOW, origin=FlagOrigin.CONTROL)
    with database.snapshot() as connection:
        told = [list_flights(connection, person, Wish()).lines[0] for person in (reader, wang)]
    assert [(line.needs_me, line.flags, line.open_flags) for line in told] == [(False, 0, 0), (False, 1, 1)]


def test_the_list_is_searched_filtered_sorted_and_paged(database: Database) -> None:
    north, south = a_district(database, "北"), a_district(database, "南")
    me = a_surveyor(database, "li.na", north.id, south.id)
    other = a_surveyor(database, "wang", north.id)
    a_flight(database, me, north.id, "East 100%")
    a_flight(database, me, south.id, "west")
    moved(database, a_flight(database, other, north.id, "a hill"), FlightState.CHECKING)

    def names(**wish: object) -> list[str]:
        with database.snapshot() as connection:
            page = list_flights(connection, me, Wish(order=Order.NAME, **wish))  # type: ignore[arg-type]
        return [line.flight.name for line in page.lines]

    assert names() == ["a hill", "East 100%", "west"]
    assert names(search="east") == ["East 100%"]
    assert names(search="100%") == ["East 100%"]
    assert names(search="_") == []
    assert names(search="wang hill") == ["a hill"]
    assert names(states=frozenset({FlightState.CHECKING})) == ["a hill"]
    assert names(districts=frozenset({south.id})) == ["west"]
    assert names(districts=frozenset({DistrictId("not mine")})) == []
    assert names(mine_only=True) == ["East 100%", "west"]
    assert names(page=2, page_size=2) == ["west"]


@pytest.mark.parametrize("order", list(Order))
def test_every_order_shows_every_flight_once(database: Database, order: Order) -> None:
    district = a_district(database)
    me = a_surveyor(database, "li.na", district.id)
    for name in ("b", "a", "c"):
        a_flight(database, me, district.id, name)
    with database.snapshot() as connection:
        page = list_flights(connection, me, Wish(order=order))
    assert sorted(line.flight.name for line in page.lines) == ["a", "b", "c"]
