"""Statements that were issued: each is a leaf of the ledger about its district, and a file named by its sha256.

There is no table: what was issued, by whom and when is what the leaf says, and leaves are never altered. A statement
that was withdrawn has a second leaf, which says why and what replaces it; its file stays.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, select

from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.checkpoints import Checkpoint, stored_checkpoints
from pipeline.store.ledger import Entry, Kind, Leaf, record, take_turn
from pipeline.store.tables import ledger, people

NO_STATEMENT = "such statement"
LONGEST_REASON: Final = 500
"""Of a withdrawal, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A statement to be issued: the sha256 of its file, and ``content``, that of all in it but when it was made."""

    district: DistrictId
    area: str | None
    window: Window
    sha256: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWithdrawal:
    """A statement to be withdrawn, why, and the sha256 of the one that replaces it (None where none does)."""

    sha256: str
    reason: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """That a statement was withdrawn, as its leaf tells of it."""

    reason: str
    replaced_by: str | None
    at: datetime
    by: str
    leaf: int


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
    withdrawn: Withdrawn | None = None

    def may_replace(self, other: "Issued") -> bool:
        """Whether it was issued after ``other``, stands, and speaks of its ground, or of all that district."""
        same_ground = self.district == other.district and self.area in {other.area, None}
        return same_ground and self.leaf > other.leaf and self.withdrawn is None


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
    standing = (one for one in issued_in(connection, {new.district}) if one.withdrawn is None)
    if any(one.content == new.content for one in standing):
        raise ConflictError("this very statement was issued already, and nothing has changed since; it is listed below")
    body = {
        "sha256": new.sha256,
        "content_sha256": new.content,
        "area": new.area,
        "from": new.window.first.isoformat(),
        "to": new.window.last.isoformat(),
    }
    return record(connection, Entry(kind=Kind.STATEMENT_ISSUED, subject=new.district, person=person.id, body=body), now)


def withdraw_statement(connection: Connection, new: NewWithdrawal, person: Person, *, now: datetime) -> Leaf:
    """Enter in the ledger that a statement is withdrawn. One manager of its district does, whoever issued it.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is no such statement, or it is of a district that is not theirs.
        InvalidInputError: The reason is none, or what is named cannot replace it.
        ConflictError: It was withdrawn before.
    """
    if not person.has(Role.MANAGER):
        raise NotAllowedError("only managers withdraw statements")
    reason = " ".join(new.reason.split())
    if not (0 < len(reason) <= LONGEST_REASON and reason.isprintable()):
        raise InvalidInputError(f"a statement is withdrawn for a reason: say it in at most {LONGEST_REASON} characters")
    take_turn(connection)
    issued = find_issued(connection, person, new.sha256)
    if issued.withdrawn is not None:
        raise ConflictError("this statement was withdrawn before")
    if new.replaced_by is not None and not _may_replace(connection, new.replaced_by, issued):
        raise InvalidInputError("a statement is replaced by a later one of the same ground that stands itself")
    body = {"sha256": new.sha256, "reason": reason, "replaced_by": new.replaced_by}
    entry = Entry(kind=Kind.STATEMENT_WITHDRAWN, subject=issued.district, person=person.id, body=body)
    return record(connection, entry, now)


def issued_in(connection: Connection, districts: Iterable[DistrictId]) -> tuple[Issued, ...]:
    """The statements that were issued of some districts, newest first."""
    kinds = {Kind.STATEMENT_ISSUED.value, Kind.STATEMENT_WITHDRAWN.value}
    chosen = (
        select(ledger, people.c.name.label("person_name"))
        .outerjoin(people, people.c.id == ledger.c.person_id)
        .where(ledger.c.subject.in_(sorted(districts)), ledger.c.kind.in_(sorted(kinds)))
        .order_by(ledger.c.position.desc())
    )
    rows = connection.execute(chosen).mappings().all()
    withdrawn = dict(_withdrawn(row) for row in rows if row["kind"] == Kind.STATEMENT_WITHDRAWN)
    return tuple(_issued(row, withdrawn) for row in rows if row["kind"] == Kind.STATEMENT_ISSUED)


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


def _may_replace(connection: Connection, sha256: str, issued: Issued) -> bool:
    others = issued_in(connection, {issued.district})
    return any(one.sha256 == sha256 and one.may_replace(issued) for one in others)


def _withdrawn(row: RowMapping) -> tuple[str, Withdrawn]:
    body = json.loads(row["body"])
    return body["sha256"], Withdrawn(
        reason=body["reason"],
        replaced_by=body["replaced_by"],
        at=row["at"],
        by=row["person_name"] or "",
        leaf=row["position"],
    )


def _issued(row: RowMapping, withdrawn: Mapping[str, Withdrawn]) -> Issued:
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
        withdrawn=withdrawn.get(body["sha256"]),
    )
