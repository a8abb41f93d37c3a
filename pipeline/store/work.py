"""Work: which flights the machine has to do with, and which attempt of each this is."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipeline.domain.flight import RUNNING, FlightId, FlightState
from pipeline.store.ledger import Kind, history
from pipeline.store.tables import flights


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The ``number``-th time, from 1, that a flight is worked on: a retry is a new attempt."""

    flight: FlightId
    number: int

    @property
    def id(self) -> str:
        """The same for the same attempt, whoever asks: of the job, and of the scan it makes."""
        return f"{self.flight}-{self.number}"


def attempt_of(connection: Connection, flight: FlightId) -> Attempt:
    """The attempt that a flight is at: one more than there are retries in the ledger."""
    moves = (json.loads(leaf.body) for leaf in history(connection, flight) if leaf.kind == Kind.FLIGHT_MOVED)
    begun, checking = FlightState.RECEIVED.value, FlightState.CHECKING.value
    retries = sum(move["to"] == checking and move["from"] != begun for move in moves)
    return Attempt(flight=flight, number=1 + retries)


def work_to_do(connection: Connection) -> tuple[Attempt, ...]:
    """Every flight that the machine has something to do with, oldest first."""
    running = [state.value for state in RUNNING]
    chosen = select(flights.c.id).where(flights.c.state.in_(running)).order_by(flights.c.received_at, flights.c.id)
    return tuple(attempt_of(connection, FlightId(flight)) for flight in connection.execute(chosen).scalars().all())
