"""People and flights as tests of the store make them."""

from databases import NOW, a_person

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.store.database import Database
from pipeline.store.flights import NewFlight, create_flight, move_flight
from pipeline.store.scans import Scan, ScanId


def a_surveyor(database: Database, name: str = "li.na", *districts: DistrictId) -> Person:
    return a_person(database, name, Role.SURVEYOR, districts=frozenset(districts))


def a_flight(database: Database, person: Person, district: DistrictId, name: str = "东坡", **change: object) -> Flight:
    new = NewFlight(district=district, name=name, uploaded_by=person.id, **change)  # type: ignore[arg-type]
    with database.transaction() as connection:
        return create_flight(connection, new, now=NOW)


def moved(database: Database, flight: Flight, *states: FlightState) -> Flight:
    with database.transaction() as connection:
        for state in states:
            flight = move_flight(connection, flight.id, state, reason="because", now=NOW)
    return flight


def a_scan(flight: Flight) -> Scan:
    return Scan(
        id=ScanId("scan1"),
        flight=flight.id,
        model="m",
        model_sha256="a" * 64,
        original_sha256="b" * 64,
        record={"flags": 2},
        recorded_at=NOW,
    )
