"""What a field team found, with nothing beside it."""

from datetime import datetime

from sqlalchemy import Connection

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import Person
from pipeline.store.visits import Finding, VisitId, record_found


def record_finding(
    connection: Connection, person: Person, visit: VisitId, outcome: FlagStatus, *, note: str, now: datetime
) -> None:
    """Write down an outcome with a note."""
    record_found(connection, person, visit, Finding(outcome=outcome, note=note), now=now)
