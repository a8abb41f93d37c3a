"""Keeping people: changes of accounts by an administrator, which hold only if the rules do at their end.

The leaf of a change is written first, and leaves are written one at a time: what is looked up after it cannot be
changed by somebody else before the end of the transaction, and all of it is undone where a rule refuses.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from pipeline.domain.people import DistrictId, Person, PersonId, Role
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.districts import list_districts
from pipeline.store.people import is_kept_by_somebody, person_by_id


@contextmanager
def changing(database: Database, keeper: Person, person: PersonId) -> Iterator[tuple[Connection, Person]]:
    """A transaction that changes ``person``, and holds only if the rules do at its end."""
    with database.transaction() as connection:
        yield connection, person_by_id(connection, person)
        check_kept(connection, keeper, person)


def check_kept(connection: Connection, keeper: Person, changed: str) -> None:
    """Refuse what leaves the bureau without an administrator, or was done by one who is none any more.

    Two who take the role from each other at the same moment come one after the other here.

    Raises:
        NotAllowedError: It would, or they are not.
    """
    if not is_kept_by_somebody(connection):
        raise NotAllowedError("the last administrator keeps that role; give it to somebody else first")
    if keeper.id != changed and not person_by_id(connection, keeper.id).has(Role.ADMINISTRATOR):
        raise NotAllowedError("only administrators keep people, roles and districts")


def check_districts(connection: Connection, districts: Iterable[DistrictId]) -> None:
    """Refuse districts that are not there.

    Raises:
        NotFoundError: One is not.
    """
    if not frozenset(districts) <= {district.id for district in list_districts(connection)}:
        raise NotFoundError("there is no such district")
