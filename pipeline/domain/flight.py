"""A flight: what a survey team brings back, and how far the machine is with it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NewType

from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId, PersonId
from pipeline.errors import ConflictError

FlightId = NewType("FlightId", str)


class FlightState(StrEnum):
    """Where a flight stands."""

    RECEIVED = "received"
    """All bytes are there; nothing was looked at yet."""
    CHECKING = "checking"
    """Intake and quality: can it be used at all?"""
    SCANNING = "scanning"
    """Usable; the model is asked."""
    SCANNED = "scanned"
    """Done: its flags are with people."""
    UNUSABLE = "unusable"
    """Looked at, and of no use; the reason says why and what to fly again."""
    FAILED = "failed"
    """Something broke on our side; the work can be tried again."""
    CANCELLED = "cancelled"
    """A person stopped it, with a reason."""
    NOT_FLOWN = "not_flown"
    """Could not be flown, with a reason. Its ground counts as uncovered."""


RUNNING: Final = frozenset({FlightState.RECEIVED, FlightState.CHECKING, FlightState.SCANNING})
"""States in which the machine has something to do."""

NEEDS_REASON: Final = frozenset(
    {FlightState.UNUSABLE, FlightState.FAILED, FlightState.CANCELLED, FlightState.NOT_FLOWN}
)
"""States that say nothing without a reason."""

ALLOWED: Final[dict[FlightState, frozenset[FlightState]]] = {
    FlightState.RECEIVED: frozenset({FlightState.CHECKING, FlightState.FAILED, FlightState.CANCELLED}),
    FlightState.CHECKING: frozenset(
        {FlightState.SCANNING, FlightState.UNUSABLE, FlightState.FAILED, FlightState.CANCELLED}
    ),
    FlightState.SCANNING: frozenset({FlightState.SCANNED, FlightState.FAILED, FlightState.CANCELLED}),
    FlightState.SCANNED: frozenset(),
    FlightState.UNUSABLE: frozenset({FlightState.CHECKING}),
    FlightState.FAILED: frozenset({FlightState.CHECKING}),
    FlightState.CANCELLED: frozenset({FlightState.CHECKING}),
    FlightState.NOT_FLOWN: frozenset(),
}
"""The life of a flight. The way back to ``checking`` is a retry, and asks for a reason."""

BEGINNINGS: Final = frozenset({FlightState.RECEIVED, FlightState.NOT_FLOWN})


class FlightStep(StrEnum):
    """What is done with a flight, in this order."""

    INTAKE = "intake"
    QUALITY = "quality"
    SCAN = "scan"
    PLOTS = "plots"
    FLAGS = "flags"


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """One step of a flight; ``done`` and ``total`` count in ``unit``, and say nothing where ``total`` is 0."""

    step: FlightStep
    state: StepState = StepState.WAITING
    done: int = 0
    total: int = 0
    unit: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""

    @property
    def share(self) -> float:
        """How much of the step is done, in [0, 1]."""
        if self.state is StepState.DONE:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A flight of a district. ``reason`` says why where the state asks for one; ``flown_on`` is a local date."""

    id: FlightId
    district: DistrictId
    name: str
    state: FlightState
    uploaded_by: PersonId
    received_at: datetime
    changed_at: datetime
    flown_on: date | None = None
    reason: str = ""
    note: str = ""
    extent: Extent | None = None
    area_m2: float | None = None
    gsd_m: float | None = None

    @property
    def day(self) -> date:
        """The day for which it counts: when it was flown, or where nobody wrote that down, when it arrived."""
        return self.flown_on or self.received_at.date()


def check_move(flight: Flight, to: FlightState) -> None:
    """Make sure that the life of a flight allows a step.

    Raises:
        ConflictError: It does not.
    """
    if to not in ALLOWED[flight.state]:
        raise ConflictError(f"a flight that is {flight.state} cannot become {to}")
