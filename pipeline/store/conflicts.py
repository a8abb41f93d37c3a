"""Conflicts: visits of which teams found different things, until a manager says what came of it.

What arrived first stands, and nothing here changes that. A conflict is settled by a leaf about its visit; a finding
that differs and arrives after it opens it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError
from pipeline.store.ledger import Entry, Kind, Leaf, histories, history, record, take_turn
from pipeline.store.tables import districts, flags, flights, ledger, visits
from pipeline.store.visits import Telling, VisitId, find_visit, tellings_in

LONGEST_NOTE: Final = 500
"""Of what came of it, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a manager wrote down of findings that differ."""

    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A visit with what stands, and ``others``, which say something else and of which nothing was said yet."""

    visit: VisitId
    label: str
    flight: str
    district: str
    standing: Telling
    others: tuple[Telling, ...]

    @property
    def since(self) -> datetime:
        """When the first of the others arrived."""
        return self.others[0].at


def open_conflicts(connection: Connection, seen: Iterable[DistrictId]) -> tuple[Conflict, ...]:
    """The conflicts of some districts that nobody settled, the one that waits longest first."""
    chosen = (
        select(visits.c.id, flags.c.label, flights.c.name, districts.c.name.label("district"))
        .select_from(visits.join(flags, flags.c.id == visits.c.flag_id).join(flights).join(districts))
        .join(ledger, ledger.c.subject == visits.c.id)
        .where(ledger.c.kind == Kind.FINDING_BESIDE.value, flights.c.district_id.in_(sorted(seen)))
        .distinct()
    )
    rows = connection.execute(chosen).all()
    told = histories(connection, [row.id for row in rows])
    found = []
    for row in rows:
        standing, others = _open(told[row.id])
        if others:
            named = {"visit": VisitId(row.id), "label": row.label, "flight": row.name, "district": row.district}
            found.append(Conflict(**named, standing=standing, others=others))
    return tuple(sorted(found, key=lambda one: (one.since, one.visit)))


def settle(connection: Connection, manager: Person, visit: VisitId, note: str, *, now: datetime) -> Leaf:
    """Write down what came of findings that differ.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is no such visit, or it is of a district that is not theirs.
        InvalidInputError: The note is none.
        ConflictError: Nothing differs there, or it was settled before.
    """
    if not manager.has(Role.MANAGER):
        raise NotAllowedError("only managers settle findings that differ")
    told = " ".join(note.split())
    if not (0 < len(told) <= LONGEST_NOTE and told.isprintable()):
        raise InvalidInputError(f"say what came of it in at most {LONGEST_NOTE} characters")
    take_turn(connection)
    find_visit(connection, manager, visit)
    if not is_open(connection, visit):
        raise ConflictError("no findings of this visit differ that were not settled")
    entry = Entry(kind=Kind.FINDINGS_SETTLED, subject=visit, person=manager.id, body={"note": told})
    return record(connection, entry, now)


def is_open(connection: Connection, visit: VisitId) -> bool:
    """Whether findings of a visit differ, and nobody said yet what came of it."""
    told = history(connection, visit)
    return any(leaf.kind == Kind.FINDING for leaf in told) and bool(_open(told)[1])


def settlements(connection: Connection, visit: VisitId) -> tuple[Settled, ...]:
    """What managers wrote down of findings of a visit that differ, in order."""
    return _settled(history(connection, visit))


def _settled(leaves: Iterable[Leaf]) -> tuple[Settled, ...]:
    found = (leaf for leaf in leaves if leaf.kind == Kind.FINDINGS_SETTLED)
    return tuple(Settled(note=str(leaf.said.get("note", "")), at=leaf.at) for leaf in found)


def _open(leaves: Sequence[Leaf]) -> tuple[Telling, tuple[Telling, ...]]:
    """What stands, and what differs from it and arrived after the last settlement."""
    standing, *others = tellings_in(leaves)
    settled = max((one.at for one in _settled(leaves)), default=None)
    return standing, tuple(
        one for one in others if one.finding.differs_from(standing.finding) and (settled is None or one.at > settled)
    )
