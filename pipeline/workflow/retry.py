"""Retry: a person lets the machine take up the work on a flight again, with a reason."""

from datetime import datetime

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import Person
from pipeline.store.database import Database
from pipeline.store.flights import find_flight, move_flight


def retry(database: Database, person: Person, flight: FlightId, *, reason: str, now: datetime) -> Flight:
    """Let a flight that failed, was stopped or found unusable be worked on again: a worker finds it in the record.

    Raises:
        NotFoundError: There is no such flight, or it is of a district that is not theirs.
        NotAllowedError: The person is neither surveyor nor manager.
        ConflictError: Its life does not allow that.
        InvalidInputError: There is no reason.
    """
    with database.transaction() as connection:
        found = find_flight(connection, person, flight)
        person.must_tend_flights()
        return move_flight(connection, found.id, FlightState.CHECKING, now=now, reason=reason, by=person.id)
