"""Decisions: given by signed-in reviewers, never edited. The laws decide; here they are asked, and the leaf is made."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Connection, RowMapping, func, insert, select

from pipeline.domain.decision import Decision, DecisionId, Evidence, Verdict
from pipeline.domain.flag import FlagId
from pipeline.domain.people import PersonId
from pipeline.errors import ConflictError
from pipeline.store.columns import new_id
from pipeline.store.flags import find_flag
from pipeline.store.leases import end_leases_of
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.sessions import Session
from pipeline.store.tables import decisions, redrawn_outlines

LEAF_COLUMNS = (
    "flag_id",
    "reader",
    "verdict",
    "reason",
    "note",
    "pictures_sha256",
    "model",
    "threshold",
    "seconds_looked",
    "supersedes",
    "outline_sha256",
)
"""What the leaf of a decision repeats of its row; id, person and time are the leaf's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawnOutline:
    """A part of what a reviewer drew, in degrees (EPSG:4326), and its size on the ground."""

    outline: shapely.Polygon
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a reviewer says. ``id`` may be made beforehand, so that a form sent twice is one decision.

    ``outlines`` is what the reviewer drew instead of the model's outline, several where one flag is several plots.
    ``corrects`` is an own decision on the same flag that this one supersedes.
    """

    flag: FlagId
    verdict: Verdict
    reason: str
    evidence: Evidence
    seconds_looked: float
    note: str = ""
    outlines: tuple[RedrawnOutline, ...] = ()
    corrects: DecisionId | None = None
    id: DecisionId = field(default_factory=lambda: DecisionId(new_id()))


def decide(connection: Connection, session: Session, ruling: Ruling, *, now: datetime) -> Decision:
    """Give a verdict. Where the flag stands follows from it in the same transaction.

    Raises:
        NotFoundError: The flag does not exist for this person.
        ConflictError: Another verdict was given under its id.
        NotAllowedError: A law forbids it; the message says which.
    """
    find_flag(connection, session.person, ruling.flag)
    given = _given(connection, ruling.id)
    if given is not None:
        if not _is_same(given, session, ruling):
            raise ConflictError("another verdict was given under this id; decisions are never altered")
        return given
    row = _row(connection, session, ruling)
    entry = Entry(kind=Kind.DECISION, subject=ruling.id, person=session.person.id, body=leaf_body(row))
    leaf = record(connection, entry, now)
    connection.execute(insert(decisions).values(row | {"leaf": leaf.position, "decided_at": leaf.at}))
    if ruling.outlines:
        connection.execute(insert(redrawn_outlines), _parts(ruling))
    end_leases_of(connection, session.person, ruling.flag, now=now)
    return _decision(connection.execute(select(decisions).where(decisions.c.id == ruling.id)).mappings().one())


def decisions_on(connection: Connection, flag: FlagId) -> tuple[Decision, ...]:
    """Every decision on a flag, superseded ones included, in the order in which they were given."""
    chosen = select(decisions).where(decisions.c.flag_id == flag).order_by(decisions.c.leaf)
    return tuple(_decision(row) for row in connection.execute(chosen).mappings())


def outlines_of(connection: Connection, decision: DecisionId) -> tuple[RedrawnOutline, ...]:
    """What the reviewer drew with a decision; () where the model's outline was left as it was."""
    chosen = select(redrawn_outlines).where(redrawn_outlines.c.decision_id == decision)
    rows = connection.execute(chosen.order_by(redrawn_outlines.c.part)).mappings()
    return tuple(RedrawnOutline(outline=shapely.from_wkb(row["outline"]), area_m2=row["area_m2"]) for row in rows)


def outlines_sha256(outlines: Iterable[bytes]) -> str | None:
    """The sha256 over the parts of an outline as WKB, each by its own sha256; None where there is none."""
    parts = [hashlib.sha256(outline).hexdigest() for outline in outlines]
    return hashlib.sha256("".join(parts).encode()).hexdigest() if parts else None


def leaf_body(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    """What the leaf of a decision says; ``audit`` compares it with the row. An outline is named where one was drawn."""
    body = {name: row[name] for name in LEAF_COLUMNS}
    return body if body["outline_sha256"] else {name: body[name] for name in LEAF_COLUMNS if name != "outline_sha256"}


def _given(connection: Connection, decision: DecisionId) -> Decision | None:
    row = connection.execute(select(decisions).where(decisions.c.id == decision)).mappings().first()
    return None if row is None else _decision(row)


def _is_same(given: Decision, session: Session, ruling: Ruling) -> bool:
    """Whether a ruling is the decision that was given already, sent once more."""
    sent = (session.person.id, ruling.flag, ruling.verdict, ruling.reason, ruling.note)
    return sent == (given.person, given.flag, given.verdict, given.reason, given.note)


def _row(connection: Connection, session: Session, ruling: Ruling) -> dict[str, Any]:
    readers = select(func.count()).where(decisions.c.flag_id == ruling.flag, decisions.c.supersedes.is_(None))
    corrected = None if ruling.corrects is None else _given(connection, ruling.corrects)
    return {
        "id": ruling.id,
        "flag_id": ruling.flag,
        "person_id": session.person.id,
        "session_id": session.id,
        "reader": corrected.reader if corrected else connection.execute(readers).scalar_one() + 1,
        "verdict": ruling.verdict.value,
        "reason": ruling.reason,
        "note": ruling.note,
        "pictures_sha256": ruling.evidence.pictures_sha256,
        "model": ruling.evidence.model,
        "threshold": float(ruling.evidence.threshold),
        "seconds_looked": float(ruling.seconds_looked),
        "supersedes": ruling.corrects,
        "outline_sha256": outlines_sha256(shapely.to_wkb(part.outline) for part in ruling.outlines),
    }


def _parts(ruling: Ruling) -> list[dict[str, Any]]:
    return [
        {"decision_id": ruling.id, "part": number, "outline": shapely.to_wkb(part.outline), "area_m2": part.area_m2}
        for number, part in enumerate(ruling.outlines, start=1)
    ]


def _decision(row: RowMapping) -> Decision:
    return Decision(
        id=DecisionId(row["id"]),
        flag=FlagId(row["flag_id"]),
        person=PersonId(row["person_id"]),
        reader=row["reader"],
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        note=row["note"],
        evidence=Evidence(pictures_sha256=row["pictures_sha256"], model=row["model"], threshold=row["threshold"]),
        seconds_looked=row["seconds_looked"],
        decided_at=row["decided_at"],
        supersedes=None if row["supersedes"] is None else DecisionId(row["supersedes"]),
    )
