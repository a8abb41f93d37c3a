"""Workers: which processes work on flights, and which have fallen silent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from pipeline.store.tables import workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that works, or worked, on flights; ``ended_at`` where it left in good order."""

    name: str
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None = None

    def is_alive(self, *, now: datetime, lost_after: timedelta) -> bool:
        """Whether it is at work, as far as anybody can tell."""
        return self.ended_at is None and now - self.beat_at <= lost_after


def arrive(connection: Connection, name: str, *, now: datetime) -> None:
    """A worker of this name begins, for the first time or again."""
    values = {"started_at": now, "beat_at": now, "ended_at": None}
    if not connection.execute(update(workers).where(workers.c.name == name).values(values)).rowcount:
        connection.execute(insert(workers).values(name=name, **values))


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """The worker lives."""
    connection.execute(update(workers).where(workers.c.name == name).values(beat_at=now, ended_at=None))


def leave(connection: Connection, name: str, *, now: datetime) -> None:
    """The worker ends in good order: others may go on with what it had in hand."""
    connection.execute(update(workers).where(workers.c.name == name).values(ended_at=now))


def all_workers(connection: Connection) -> tuple[Worker, ...]:
    """Every worker there ever was, by name."""
    rows = connection.execute(select(workers).order_by(workers.c.name)).mappings()
    return tuple(Worker(**row) for row in rows)


def is_anybody_at_work(connection: Connection, *, now: datetime, lost_after: timedelta) -> bool:
    """Whether there is a living worker: what a server needs to be ready."""
    return any(worker.is_alive(now=now, lost_after=lost_after) for worker in all_workers(connection))
