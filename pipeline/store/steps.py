"""The steps of a flight, and how far each is. Progress is no evidence: it is overwritten, and no leaf is made of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from pipeline.domain.flight import FlightId, FlightStep, StepProgress, StepState
from pipeline.store.tables import flight_steps


def begin_step(connection: Connection, flight: FlightId, step: FlightStep, *, now: datetime) -> None:
    """A step runs, for the first time or again after a kill; it keeps the time when it first began."""
    before = steps_of(connection, flight)
    began = next((progress.started_at for progress in before if progress.step is step), None)
    _write(connection, flight, step, state=StepState.RUNNING.value, started_at=began or now, ended_at=None)


def report_step(
    connection: Connection, flight: FlightId, step: FlightStep, *, done: int, total: int, unit: str = ""
) -> None:
    """A step is at ``done`` of ``total``, counted in ``unit``."""
    _write(connection, flight, step, done=done, total=total, unit=unit)


def say_of_step(connection: Connection, flight: FlightId, step: FlightStep, *, message: str) -> None:
    """Say for people what a running step waits for."""
    _write(connection, flight, step, message=message)


def end_step(
    connection: Connection,
    flight: FlightId,
    step: FlightStep,
    *,
    now: datetime,
    state: StepState = StepState.DONE,
    message: str = "",
) -> None:
    """A step has ended; ``message`` is a sentence for people."""
    _write(connection, flight, step, state=state.value, ended_at=now, message=message)


def steps_of(connection: Connection, flight: FlightId) -> tuple[StepProgress, ...]:
    """Every step of a flight in order; none for one that was not flown."""
    rows = connection.execute(select(flight_steps).where(flight_steps.c.flight_id == flight)).mappings()
    found = {row["step"]: row for row in rows}
    return tuple(
        StepProgress(
            step=step,
            state=StepState(found[step]["state"]),
            done=found[step]["done"],
            total=found[step]["total"],
            unit=found[step]["unit"],
            started_at=found[step]["started_at"],
            ended_at=found[step]["ended_at"],
            message=found[step]["message"],
        )
        for step in FlightStep
        if step in found
    )


def _write(connection: Connection, flight: FlightId, step: FlightStep, **values: Any) -> None:
    of_step = (flight_steps.c.flight_id == flight, flight_steps.c.step == step.value)
    connection.execute(update(flight_steps).where(*of_step).values(values))
