"""Statements that were issued: each is a leaf of the ledger about its district, and a file named by its sha256.

There is no table: what was issued, by whom and when is what the leaf says, and leaves are never altered.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, select

from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, NotAllowedError, NotFoundError
from pipeline.store.checkpoints import Checkpoint, stored_checkpoints
from pipeline.store.ledger import Entry, Kind, Leaf, record, take_turn
from pipeline.store.tables import ledger, people

NO_STATEMENT = "such statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A statement to be issued: the sha256 of its file, and ``content``, that of all in it but when it was made."""

    district: DistrictId
    area: str | None
    window: Window
    sha256: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A statement that was issued, as its leaf tells of it; ``area`` is None where it speaks of a whole district."""

    sha256: str
    content: str
    district: DistrictId
    area: str | None
    window: Window
    issued_at: datetime
    issued_by: str
    leaf: int


def issue_statement(connection: Connection, new: NewStatement, person: Person, *, now: datetime) -> Leaf:
    """Enter a statement in the ledger.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: The district is none of theirs.
        ConflictError: The same was issued already, and nothing has changed since.
    """
    if not person.has(Role.MANAGER):
        raise NotAllowedError("only managers issue statements")
    person.must_see(new.district, NO_STATEMENT)
    take_turn(connection)
    if any(one.content == new.content for one in issued_in(connection, {new.district})):
        raise ConflictError("this very statement was issued already, and nothing has changed since; it is listed below")
    body = {
        "sha256": new.sha256,
        "content_sha256": new.content,
        "area": new.area,
        "from": new.window.first.isoformat(),
        "to": new.window.last.isoformat(),
    }
    return record(connection, Entry(kind=Kind.STATEMENT_ISSUED, subject=new.district, person=person.id, body=body), now)


def issued_in(connection: Connection, districts: Iterable[DistrictId]) -> tuple[Issued, ...]:
    """The statements that were issued of some districts, newest first."""
    chosen = (
        select(ledger, people.c.name.label("person_name"))
        .outerjoin(people, people.c.id == ledger.c.person_id)
        .where(ledger.c.subject.in_(sorted(districts)), ledger.c.kind == Kind.STATEMENT_ISSUED.value)
        .order_by(ledger.c.position.desc())
    )
    return tuple(_issued(row) for row in connection.execute(chosen).mappings())


def find_issued(connection: Connection, person: Person, sha256: str) -> Issued:
    """An issued statement as far as it exists for ``person``.

    Raises:
        NotFoundError: There is none, or it is of a district that is not theirs; nobody can tell which.
    """
    found = next((one for one in issued_in(connection, person.sees) if one.sha256 == sha256), None)
    if found is None:
        raise NotFoundError(f"there is no {NO_STATEMENT}")
    return found


def checkpoint_of(connection: Connection, issued: Issued) -> Checkpoint:
    """The first signed checkpoint that covers the leaf of a statement.

    Raises:
        NotFoundError: None does.
    """
    for checkpoint in stored_checkpoints(connection):
        if checkpoint.leaves >= issued.leaf:
            return checkpoint
    raise NotFoundError("no signed checkpoint covers this statement; sign one with: plotwatch audit checkpoint")


def _issued(row: RowMapping) -> Issued:
    body = json.loads(row["body"])
    return Issued(
        sha256=body["sha256"],
        content=body["content_sha256"],
        district=DistrictId(row["subject"]),
        area=body["area"],
        window=Window(first=date.fromisoformat(body["from"]), last=date.fromisoformat(body["to"])),
        issued_at=row["at"],
        issued_by=row["person_name"] or "",
        leaf=row["position"],
    )
