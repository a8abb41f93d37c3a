"""Districts: the unit by which access is given."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pipeline.domain.people import District, DistrictId, PersonId
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import districts


def add_district(connection: Connection, name: str, *, by: PersonId | None, now: datetime) -> District:
    """A new district.

    Raises:
        InvalidInputError: The name is empty.
        ConflictError: There is one of that name.
    """
    name = " ".join(name.split())
    if not name:
        raise InvalidInputError("a district needs a name")
    if connection.execute(select(districts.c.id).where(districts.c.name == name)).first():
        raise ConflictError(f"there is a district {name} already")
    added = District(id=DistrictId(new_id()), name=name)
    connection.execute(insert(districts).values(id=added.id, name=name, added_at=now))
    record(connection, Entry(kind=Kind.DISTRICT_ADDED, subject=added.id, person=by, body={"name": name}), now)
    return added


def list_districts(connection: Connection) -> tuple[District, ...]:
    """Every district, by name."""
    found = connection.execute(select(districts.c.id, districts.c.name).order_by(districts.c.name))
    return tuple(District(id=DistrictId(row.id), name=row.name) for row in found)


def district_named(connection: Connection, name: str) -> District:
    """The district of that name.

    Raises:
        NotFoundError: There is none.
    """
    row = connection.execute(select(districts.c.id, districts.c.name).where(districts.c.name == name)).first()
    if row is None:
        raise NotFoundError(f"there is no district {name}; add it with: plotwatch district add")
    return District(id=DistrictId(row.id), name=row.name)


def districts_named(connection: Connection, names: Iterable[str]) -> frozenset[DistrictId]:
    """The ids of the districts of these names.

    Raises:
        NotFoundError: One of them is not there.
    """
    return frozenset(district_named(connection, name).id for name in names)
