"""Controls: ground of known truth, and the items by which readers are asked about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NewType

import shapely
from sqlalchemy import Connection, exists, func, insert, select, update

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin, FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.domain.people import DistrictId, Person, PersonId
from pipeline.domain.watching import Truth, is_hit
from pipeline.errors import NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.flags import RaisedFlag, StoredFlag, get_flag, insert_flags
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.queue import OPEN
from pipeline.store.scans import Scan, scans_of
from pipeline.store.tables import audit_items, control_items, controls, decisions, flags, flights

OPEN_NOW: Final = 1_000_000
"""How often a control counts as asked about while an item of it waits."""
MOST_ANSWERED: Final = 60
"""Of so many answered controls a reader is shown what they were."""
ControlId = NewType("ControlId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Ground of known truth in a scanned flight: ``outline`` in degrees (EPSG:4326).

    Within ``room_m`` metres of its middle everything is assessable; ``score`` is the model's highest there. ``flag`` is
    the flag whose visit told the truth, where one did.
    """

    id: ControlId
    flight: FlightId
    truth: Truth
    outline: shapely.Polygon | shapely.MultiPolygon
    room_m: float
    score: float
    source: str
    source_sha256: str
    flag: FlagId | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedPlace:
    """A place drawn at random from clear ground, disguised as a flag: one of ``drawn`` of a stratum's ``cells``."""

    raised: RaisedFlag
    stratum: int
    cells: int
    drawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A control that somebody has answered: the item by which they were asked, and their first verdict on it."""

    decision: str
    item: StoredFlag
    control: Control
    verdict: Verdict
    at: datetime

    @property
    def is_hit(self) -> bool:
        """Whether the verdict was right."""
        return is_hit(self.control.truth, self.verdict)


def add_controls(
    connection: Connection, added: Iterable[Control], *, by: PersonId | None, now: datetime
) -> tuple[ControlId, ...]:
    """Put ground of known truth among what readers are asked; each has its leaf."""
    made = []
    for control in added:
        body = {"flight": control.flight, "truth": control.truth.value, "source_sha256": control.source_sha256}
        leaf = record(connection, Entry(kind=Kind.CONTROL_ADDED, subject=control.id, person=by, body=body), now)
        values: dict[str, Any] = {
            "id": control.id,
            "flight_id": control.flight,
            "truth": control.truth.value,
            "outline": shapely.to_wkb(control.outline),
            "room_m": control.room_m,
            "score": control.score,
            "source": control.source,
            "source_sha256": control.source_sha256,
            "flag_id": control.flag,
            "added_by": by,
            "added_at": leaf.at,
        }
        connection.execute(insert(controls).values(values))
        made.append(control.id)
    return tuple(made)


def new_control_id() -> ControlId:
    """An identity that nobody can guess."""
    return ControlId(new_id())


def retire_control(connection: Connection, control: ControlId, *, by: PersonId | None, now: datetime) -> None:
    """Ask nobody any more about a piece of known ground; what was said of it still counts.

    Raises:
        NotFoundError: There is no such control in use.
    """
    in_use = (controls.c.id == control, controls.c.retired_at.is_(None))
    if connection.execute(select(controls.c.id).where(*in_use)).scalar() is None:
        raise NotFoundError("there is no such control in use")
    leaf = record(connection, Entry(kind=Kind.CONTROL_RETIRED, subject=control, person=by), now)
    connection.execute(update(controls).where(*in_use).values(retired_at=leaf.at))


def controls_of(connection: Connection, district: DistrictId, *, retired: bool = False) -> tuple[Control, ...]:
    """The controls of a district, those in use only unless ``retired`` ones are wanted too."""
    chosen = select(controls).join(flights, flights.c.id == controls.c.flight_id)
    chosen = chosen.where(flights.c.district_id == district).order_by(controls.c.added_at, controls.c.id)
    if not retired:
        chosen = chosen.where(controls.c.retired_at.is_(None))
    return tuple(_control(row) for row in connection.execute(chosen).mappings())


def open_items(connection: Connection, district: DistrictId) -> tuple[int, dict[ControlId, int]]:
    """How many items wait in a district in all, and how often each control is asked about, now or ever.

    A control that is open counts ``OPEN_NOW`` times: nobody is asked twice about a place at the same time.
    """
    here = select(func.count()).select_from(flags.join(flights, flights.c.id == flags.c.flight_id))
    waiting = connection.execute(here.where(flights.c.district_id == district, flags.c.status.in_(OPEN))).scalar_one()
    asked: dict[ControlId, int] = {}
    rows = select(control_items.c.control_id, flags.c.status).join(flags, flags.c.id == control_items.c.flag_id)
    for row in connection.execute(rows):
        control = ControlId(row.control_id)
        asked[control] = asked.get(control, 0) + (OPEN_NOW if row.status in OPEN else 1)
    return int(waiting), asked


def insert_control_item(
    connection: Connection, control: Control, raised: RaisedFlag, *, now: datetime, second_read: float
) -> None:
    """Ask about a control as if the last scan of its flight had raised it."""
    scan = scans_of(connection, control.flight)[0]
    insert_flags(connection, scan, [raised], now=now, second_read=second_read, origin=FlagOrigin.CONTROL)
    item = {"flag_id": f"{scan.id}-{raised.label}", "control_id": control.id}
    connection.execute(insert(control_items).values(item))


def insert_audit(
    connection: Connection, scan: Scan, places: Sequence[AuditedPlace], *, now: datetime, second_read: float
) -> None:
    """Ask about places that the model called clear as if a scan had raised them."""
    raised = [place.raised for place in places]
    insert_flags(connection, scan, raised, now=now, second_read=second_read, origin=FlagOrigin.AUDIT)
    held = set(connection.execute(select(audit_items.c.flag_id)).scalars()) if places else set()
    rows = [
        {
            "flag_id": f"{scan.id}-{place.raised.label}",
            "stratum": place.stratum,
            "stratum_cells": place.cells,
            "stratum_drawn": place.drawn,
        }
        for place in places
        if f"{scan.id}-{place.raised.label}" not in held
    ]
    if rows:
        connection.execute(insert(audit_items), rows)


def visited_without_control(connection: Connection, district: DistrictId) -> tuple[StoredFlag, ...]:
    """Flags of a district whose visit told what grows there, and that are no control yet."""
    told = sorted({FlagStatus.VERIFIED.value, FlagStatus.ABSENT.value, FlagStatus.LOOK_ALIKE.value})
    held = exists().where(controls.c.flag_id == flags.c.id)
    chosen = select(flags.c.id).join(flights, flights.c.id == flags.c.flight_id)
    chosen = chosen.where(flights.c.district_id == district, flags.c.status.in_(told), ~held).order_by(flags.c.id)
    return tuple(get_flag(connection, FlagId(flag)) for flag in connection.execute(chosen).scalars())


def truth_of(connection: Connection, flag: FlagId) -> Control | None:
    """The control behind an item; None where it is none."""
    chosen = select(controls).join(control_items, control_items.c.control_id == controls.c.id)
    row = connection.execute(chosen.where(control_items.c.flag_id == flag)).mappings().first()
    return None if row is None else _control(row)


def readings_of_controls(
    connection: Connection,
    districts: frozenset[DistrictId],
    person: PersonId | None = None,
    *,
    until: datetime | None = None,
) -> dict[PersonId, list[tuple[Truth, Verdict]]]:
    """The first verdict of each reader on each control, before ``until``: corrections do not make it better."""
    chosen = (
        select(decisions.c.person_id, controls.c.truth, decisions.c.verdict)
        .join(control_items, control_items.c.flag_id == decisions.c.flag_id)
        .join(controls, controls.c.id == control_items.c.control_id)
        .join(flights, flights.c.id == controls.c.flight_id)
        .where(decisions.c.supersedes.is_(None), flights.c.district_id.in_(sorted(districts)))
    )
    if person is not None:
        chosen = chosen.where(decisions.c.person_id == person)
    if until is not None:
        chosen = chosen.where(decisions.c.decided_at < until)
    found: dict[PersonId, list[tuple[Truth, Verdict]]] = {}
    for row in connection.execute(chosen):
        found.setdefault(PersonId(row.person_id), []).append((Truth(row.truth), Verdict(row.verdict)))
    return found


def answered_controls(
    connection: Connection, reader: Person, *, until: datetime, decision: str | None = None
) -> tuple[Answered, ...]:
    """The latest controls that ``reader`` has answered before ``until``, or the one of a decision, latest first.

    Their ground is never put before this reader again: what they learn of it tells nothing of what is to come.
    """
    chosen = (
        select(
            decisions.c.id.label("decision"),
            decisions.c.verdict,
            decisions.c.decided_at,
            decisions.c.flag_id.label("item"),
            *controls.c,
        )
        .join(control_items, control_items.c.flag_id == decisions.c.flag_id)
        .join(controls, controls.c.id == control_items.c.control_id)
        .join(flights, flights.c.id == controls.c.flight_id)
        .where(decisions.c.person_id == reader.id, decisions.c.supersedes.is_(None), decisions.c.decided_at < until)
        .where(flights.c.district_id.in_(sorted(reader.sees)))
        .order_by(decisions.c.decided_at.desc(), decisions.c.id)
        .limit(MOST_ANSWERED)
    )
    if decision is not None:
        chosen = chosen.where(decisions.c.id == decision)
    return tuple(
        Answered(
            decision=row["decision"],
            item=get_flag(connection, FlagId(row["item"])),
            control=_control(row),
            verdict=Verdict(row["verdict"]),
            at=row["decided_at"],
        )
        for row in connection.execute(chosen).mappings().all()
    )


def _control(row: Any) -> Control:
    return Control(
        id=ControlId(row["id"]),
        flight=FlightId(row["flight_id"]),
        truth=Truth(row["truth"]),
        outline=shapely.from_wkb(row["outline"]),
        room_m=row["room_m"],
        score=row["score"],
        source=row["source"],
        source_sha256=row["source_sha256"],
        flag=None if row["flag_id"] is None else FlagId(row["flag_id"]),
        retired_at=row["retired_at"],
    )
