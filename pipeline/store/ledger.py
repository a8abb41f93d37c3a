"""The ledger: what was done, in order, as leaves of a Merkle log (RFC 9162 hashes, by pymerkle).

A leaf is written in the transaction of what it tells of. Its bytes are the canonical JSON of its columns but the hash.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from pipeline.domain.people import PersonId
from pipeline.store.columns import utc_text, utc_time
from pipeline.store.tables import ledger

AT_ONCE: Final = 1000
"""Leaves read in one piece."""
ONE_AT_A_TIME: Final = 7_203_115
"""The advisory lock of PostgreSQL under which leaves are appended; any number would do."""


class Kind(StrEnum):
    """What a leaf tells of."""

    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_LOCKED = "person.locked"
    PERSON_UNLOCKED = "person.unlocked"
    TOKEN_ADDED = "token.added"  # noqa: S105 a kind, no secret
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 a kind, no secret
    DISTRICT_ADDED = "district.added"
    AREA_IMPORTED = "area.imported"
    GROWERS_IMPORTED = "growers.imported"
    GROWER_REMOVED = "grower.removed"
    NO_FLY_IMPORTED = "no_fly.imported"
    """No-fly zones were added: the subject is their district, the body has a fingerprint of each."""
    NO_FLY_REMOVED = "no_fly.removed"
    FLIGHT_RECEIVED = "flight.received"
    FLIGHT_MOVED = "flight.moved"
    ORIGINAL_KEPT = "original.kept"
    """The bytes of a flight that were uploaded, by their sha256."""
    ORTHOMOSAIC_MADE = "orthomosaic.made"
    RELIEF_ADDED = "relief.added"
    """Slope and shade were made of a surface model, which is named by its sha256."""
    IMAGERY_REMOVED = "imagery.removed"
    """What showed the ground of a flight was let go by the rule of retention."""
    SCAN_RECORDED = "scan.recorded"
    FLAGS_RELEASED = "flags.released"
    """What a scan asks was put before reviewers."""
    CONTROL_ADDED = "control.added"
    """Ground of known truth was put among what readers are asked."""
    CONTROL_RETIRED = "control.retired"
    DECISION = "decision"
    RELEASE = "release"
    """A confirmed flag was given to a field team: a visit."""
    FINDING = "finding"
    FINDING_BESIDE = "finding.beside"
    """What a team found and could not send before somebody else said what this visit found."""
    FINDINGS_SETTLED = "findings.settled"
    """A manager looked into findings of one visit that differ, and says what came of it; what stands stays."""
    KEY_CHANGED = "key.changed"
    STOP = "stop"
    LABELS_COLLECTED = "labels.collected"
    """Decisions became a data set: which flights, how many of each lesson, and the fingerprint of all."""
    MODEL_ADDED = "model.added"
    MODEL_PROMOTED = "model.promoted"
    MODEL_ROLLED_BACK = "model.rolled_back"
    STATEMENT_ISSUED = "statement.issued"
    """A manager issued a statement of coverage and absence; the subject is its district, the body names the file."""
    STATEMENT_WITHDRAWN = "statement.withdrawn"
    """A manager took a statement back: the subject is its district, the body names it, why, and what replaces it."""
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was done to ``subject``; ``person`` is None where the machine did it. ``body`` becomes JSON."""

    kind: Kind
    subject: str
    person: PersonId | None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An entry of the ledger; positions count from 1."""

    position: int
    at: datetime
    kind: str
    person: str | None
    subject: str
    body: str
    hash: str

    @property
    def content(self) -> bytes:
        """The bytes that are hashed."""
        what = [self.position, utc_text(self.at), self.kind, self.person, self.subject, self.body]
        return json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def said(self) -> dict[str, Any]:
        """The body; {} where somebody made it unreadable."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def rightful_hash(self) -> str:
        """What ``hash`` must be: sha256 of a zero byte and the content (RFC 9162, 2.1.1)."""
        return hashlib.sha256(b"\x00" + self.content).hexdigest()


def take_turn(connection: Connection) -> None:
    """Wait until nobody else is writing leaves; nobody does until this transaction ends.

    Who reads before they write their leaf, and must not be overtaken, takes the turn first; SQLite has one writer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})


def record(connection: Connection, entry: Entry, now: datetime) -> Leaf:
    """Append an entry. A clock that was set back is not followed: time never runs backwards in the ledger."""
    take_turn(connection)
    position, at = connection.execute(select(func.max(ledger.c.position), func.max(ledger.c.at))).one()
    leaf = Leaf(
        position=(position or 0) + 1,
        at=max(now, at) if at else utc_time(utc_text(now)),
        kind=entry.kind.value,
        person=entry.person,
        subject=entry.subject,
        body=canonical(entry.body),
        hash="",
    )
    values: dict[str, Any] = {"position": leaf.position, "at": leaf.at, "kind": leaf.kind, "person_id": leaf.person}
    values |= {"subject": leaf.subject, "body": leaf.body, "hash": leaf.rightful_hash}
    connection.execute(insert(ledger).values(values))
    return _leaf(values)


def leaves(connection: Connection, *, after: int = 0) -> Iterator[Leaf]:
    """The leaves behind position ``after``, in order; memory does not depend on how many there are."""
    chosen = select(ledger).order_by(ledger.c.position).limit(AT_ONCE)
    while rows := connection.execute(chosen.where(ledger.c.position > after)).mappings().all():
        yield from map(_leaf, rows)
        after = rows[-1]["position"]


def history(connection: Connection, subject: str) -> tuple[Leaf, ...]:
    """What was done to ``subject``, in order."""
    found = connection.execute(select(ledger).where(ledger.c.subject == subject).order_by(ledger.c.position))
    return tuple(_leaf(row) for row in found.mappings())


def histories(connection: Connection, subjects: Iterable[str]) -> dict[str, tuple[Leaf, ...]]:
    """What was done to each of some subjects, in order."""
    found = connection.execute(select(ledger).where(ledger.c.subject.in_(sorted(subjects))).order_by(ledger.c.position))
    told: dict[str, list[Leaf]] = {}
    for row in found.mappings():
        told.setdefault(row["subject"], []).append(_leaf(row))
    return {subject: tuple(of) for subject, of in told.items()}


def canonical(body: Mapping[str, Any]) -> str:
    """JSON that is the same for the same content; times are in UTC."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be part of a leaf")


def _leaf(row: RowMapping | dict[str, Any]) -> Leaf:
    return Leaf(
        position=row["position"],
        at=row["at"],
        kind=row["kind"],
        person=row["person_id"],
        subject=row["subject"],
        body=row["body"],
        hash=row["hash"],
    )
