"""People with an account: added, changed, locked and unlocked, never deleted. Each of these is a leaf.

The leaf comes first: the laws let nobody be changed without one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.domain.people import DistrictId, Person, PersonId, Role
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.tables import people, person_districts, person_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """An account to be made; ``password_hash`` comes from ``store.passwords``. ``one_time``: somebody else made it."""

    name: str
    password_hash: str
    one_time: bool = False
    roles: frozenset[Role] = frozenset()
    districts: frozenset[DistrictId] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a name that cannot be typed again.

        Raises:
            InvalidInputError: It is empty, too long, or has spaces or characters that do not print.
        """
        if not (0 < len(self.name) <= 100 and self.name.isprintable() and " " not in self.name):  # noqa: PLR2004 the column
            raise InvalidInputError("a person's name to sign in with has 1 to 100 characters and no space")


def add_person(connection: Connection, new: NewPerson, *, by: PersonId | None, now: datetime) -> Person:
    """A new account.

    Raises:
        ConflictError: The name is taken, in small or capital letters.
    """
    if name_is_taken(connection, new.name):
        raise ConflictError(f"there is a person {new.name} already")
    since = now if new.one_time else None
    person = Person(
        id=PersonId(new_id()), name=new.name, roles=new.roles, districts=new.districts, one_time_since=since
    )
    values: dict[str, Any] = {"id": person.id, "name": new.name, "password_hash": new.password_hash, "added_at": now}
    values |= {"one_time_since": since}
    body = {"name": new.name, "roles": new.roles, "districts": new.districts}
    record(connection, Entry(kind=Kind.PERSON_ADDED, subject=person.id, person=by, body=body), now)
    connection.execute(insert(people).values(values))
    _write_access(connection, person)
    return person


def name_is_taken(connection: Connection, name: str) -> bool:
    """Whether somebody has this name, in small or capital letters."""
    names = connection.execute(select(people.c.name)).scalars()
    return name.casefold() in {taken.casefold() for taken in names}


def person_named(connection: Connection, name: str) -> Person:
    """The person who signs in with ``name``.

    Raises:
        NotFoundError: There is none.
    """
    found = _people(connection, {"name": name})
    if not found:
        raise NotFoundError(f"there is no person {name}")
    return found[0]


def person_by_id(connection: Connection, person: PersonId) -> Person:
    """The person of an id.

    Raises:
        NotFoundError: There is none.
    """
    found = _people(connection, {"id": person})
    if not found:
        raise NotFoundError("there is no such person")
    return found[0]


def hold_person(connection: Connection, person: Person) -> None:
    """Wait until nothing else is done for a person, such as in another tab; nothing is until this transaction ends."""
    connection.execute(select(people.c.id).where(people.c.id == person.id).with_for_update(key_share=True))


def names_of(connection: Connection, persons: Iterable[PersonId]) -> dict[PersonId, str]:
    """What these persons are called."""
    chosen = select(people.c.id, people.c.name).where(people.c.id.in_(sorted(persons)))
    return {PersonId(row.id): row.name for row in connection.execute(chosen)}


def list_people(connection: Connection) -> tuple[Person, ...]:
    """Everybody, by name."""
    return _people(connection, {})


def is_kept_by_somebody(connection: Connection) -> bool:
    """Whether an administrator is there who is not locked."""
    return any(person.has(Role.ADMINISTRATOR) for person in list_people(connection))


def give_access(
    connection: Connection,
    person: Person,
    *,
    roles: Iterable[Role],
    districts: Iterable[DistrictId],
    by: PersonId | None,
    now: datetime,
) -> Person:
    """Replace the roles and districts of a person; both lists are whole. Their sessions go on with the new ones."""
    changed = replace(person, roles=frozenset(roles), districts=frozenset(districts))
    body = {"roles": changed.roles, "districts": changed.districts}
    record(connection, Entry(kind=Kind.PERSON_CHANGED, subject=person.id, person=by, body=body), now)
    _write_access(connection, changed)
    return changed


def set_password(
    connection: Connection,
    person: PersonId,
    password_hash: str,
    *,
    by: PersonId | None,
    now: datetime,
    one_time: bool = False,
) -> None:
    """Give a person a new password. Their sessions should be ended (``sessions.end_all``)."""
    body = {"password": "one-time" if one_time else "new"}
    record(connection, Entry(kind=Kind.PERSON_CHANGED, subject=person, person=by, body=body), now)
    values = {"password_hash": password_hash, "one_time_since": now if one_time else None}
    connection.execute(update(people).where(people.c.id == person).values(values))


def lock_person(
    connection: Connection,
    person: PersonId,
    *,
    why: str,
    by: PersonId | None,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Keep a person out until somebody unlocks them; with ``until``, only pause their sign-in until then."""
    body = {"why": why, "until": until}
    record(connection, Entry(kind=Kind.PERSON_LOCKED, subject=person, person=by, body=body), now)
    connection.execute(update(people).where(people.c.id == person).values(locked_at=now, locked_until=until))


def unlock_person(connection: Connection, person: PersonId, *, by: PersonId | None, now: datetime) -> None:
    """Let a person in again."""
    record(connection, Entry(kind=Kind.PERSON_UNLOCKED, subject=person, person=by), now)
    connection.execute(update(people).where(people.c.id == person).values(locked_at=None, locked_until=None))


def password_hash_of(connection: Connection, name: str) -> str | None:
    """What ``passwords.Passwords.verify`` compares with; None where there is nobody of that name."""
    return connection.execute(select(people.c.password_hash).where(people.c.name == name)).scalar()


def _write_access(connection: Connection, person: Person) -> None:
    for table, column, wanted in (
        (person_roles, person_roles.c.role, {role.value for role in person.roles}),
        (person_districts, person_districts.c.district_id, set(person.districts)),
    ):
        held = set(connection.execute(select(column).where(table.c.person_id == person.id)).scalars())
        connection.execute(delete(table).where(table.c.person_id == person.id, column.in_(held - wanted)))
        for value in sorted(wanted - held):
            connection.execute(insert(table).values({"person_id": person.id, column.name: value}))


def _people(connection: Connection, where: Mapping[str, str]) -> tuple[Person, ...]:
    rows = connection.execute(select(people).filter_by(**where).order_by(people.c.name)).mappings().all()
    ids = [row["id"] for row in rows]
    roles = _gathered(connection, person_roles, person_roles.c.role, ids)
    districts = _gathered(connection, person_districts, person_districts.c.district_id, ids)
    return tuple(
        Person(
            id=PersonId(row["id"]),
            name=row["name"],
            roles=frozenset(Role(role) for role in roles.get(row["id"], ())),
            districts=frozenset(DistrictId(district) for district in districts.get(row["id"], ())),
            locked=row["locked_at"] is not None and row["locked_until"] is None,
            paused_until=row["locked_until"],
            one_time_since=row["one_time_since"],
        )
        for row in rows
    )


def _gathered(connection: Connection, table: Any, column: Any, ids: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for person, value in connection.execute(select(table.c.person_id, column).where(table.c.person_id.in_(ids))):
        found.setdefault(person, []).append(value)
    return found
