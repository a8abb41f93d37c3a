"""Settle: findings of one visit that differ are seen by managers until one of them says what came of it."""

from datetime import datetime

from pipeline.domain.people import Person, Role
from pipeline.errors import NotAllowedError
from pipeline.store import conflicts
from pipeline.store.conflicts import Conflict, Settled
from pipeline.store.database import Database
from pipeline.store.visits import VisitId, find_visit
from pipeline.workflow.visit import ONLY_FIELD


def list_conflicts(database: Database, manager: Person) -> tuple[Conflict, ...]:
    """The visits of a manager's districts with findings that differ, the one that waits longest first.

    Raises:
        NotAllowedError: The person is no manager.
    """
    if not manager.has(Role.MANAGER):
        raise NotAllowedError("only managers see the overview")
    with database.snapshot() as connection:
        return conflicts.open_conflicts(connection, manager.sees)


def differing(database: Database, person: Person, visit: VisitId) -> tuple[tuple[Settled, ...], bool]:
    """What managers wrote down of findings that differ, and whether some still wait for that.

    Raises:
        NotAllowedError: The person neither goes to the field nor manages.
        NotFoundError: There is no such visit for this person.
    """
    if not (person.has(Role.FIELD) or person.has(Role.MANAGER)):
        raise NotAllowedError(ONLY_FIELD)
    with database.snapshot() as connection:
        find_visit(connection, person, visit)
        return conflicts.settlements(connection, visit), conflicts.is_open(connection, visit)


def settle(database: Database, manager: Person, visit: VisitId, note: str, *, now: datetime) -> None:
    """Write down what came of findings that differ; what stands stays.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is no such visit for this person.
        InvalidInputError: The note is none.
        ConflictError: Nothing differs there, or it was settled before.
    """
    with database.transaction() as connection:
        conflicts.settle(connection, manager, visit, note, now=now)
