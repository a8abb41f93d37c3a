"""Halt: a person stops the work on a flight, with a reason."""

from datetime import datetime

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import Person
from pipeline.store.database import Database
from pipeline.store.flights import find_flight, move_flight


def halt(database: Database, person: Person, flight: FlightId, *, reason: str, now: datetime) -> Flight:
    """Stop the work on a flight: the worker looks at the record, and lets go of a flight that was stopped.

    Raises:
        NotFoundError: There is no such flight, or it is of a district that is not theirs.
        NotAllowedError: The person is neither surveyor nor manager.
        ConflictError: Nothing is being done with it.
        InvalidInputError: There is no reason.
    """
    with database.transaction() as connection:
        found = find_flight(connection, person, flight)
        person.must_tend_flights()
        return move_flight(connection, found.id, FlightState.CANCELLED, now=now, reason=reason, by=person.id)
