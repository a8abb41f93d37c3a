"""Judge: a reader says what they see. The laws of the store decide whether it counts and what follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import shapely

from pipeline.domain.decision import Decision, DecisionId, Evidence, Verdict
from pipeline.domain.people import PersonId
from pipeline.domain.reason import must_be_reason
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.imagery.local_frame import LocalFrame, frame_of
from pipeline.settings import ReviewSettings
from pipeline.store.database import Database
from pipeline.store.decisions import RedrawnOutline, Ruling, decide, decisions_on
from pipeline.store.leases import Lease, LeaseId, hold_lease, note_shown, note_undone
from pipeline.store.ledger import take_turn
from pipeline.store.readings import Reading, reading_of
from pipeline.store.sessions import Session

MOST_PARTS: Final = 20
MOST_CORNERS: Final = 2_000
FARTHEST: Final = 10.0
"""A drawn outline lies within so many times the size of the model's, or within 100 m, of the middle."""
NEAR_M: Final = 100.0
NOT_SEEN: Final = "the pictures of this item were not on your screen yet; load the page again, nothing was decided"
OTHER_PICTURES: Final = "other pictures were sent for this item; load the page again, nothing was decided"
RUN_OUT: Final = "your time with this item is over and it went back; nothing was decided, take the next one"
JUDGED: Final = "you have judged this item already; take your verdict back first, while its time lasts"
NOT_JUDGED: Final = "you have given no verdict on this item"
STANDS: Final = "you have seen what the model makes of it: your verdict stands"
NO_UNDO: Final = "this verdict can no longer be taken back: the time with the item is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a reader sends. ``decision`` is made by the reader's page, so that what is sent twice counts once.

    ``drawn`` are polygons in metres about the middle of the item, in place of the model's outline.
    """

    decision: DecisionId
    verdict: Verdict
    reason: str
    note: str = ""
    drawn: tuple[shapely.Polygon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of it: the decision, and until when it may be taken back."""

    decision: Decision
    undo_until: datetime


def show(database: Database, session: Session, lease: LeaseId, seen: tuple[str, str], *, now: datetime) -> None:
    """Write down that the picture and the overview of an item, ``seen`` by their sha256, are before the reader's eyes.

    Raises:
        NotFoundError: There is no such item for them.
        ConflictError: Their time with it is over, or other pictures were sent for it.
    """
    with database.transaction() as connection:
        held = hold_lease(connection, session.person, lease)
        if not held.is_open(now):
            raise ConflictError(RUN_OUT)
        if (held.picture_sha256, held.overview_sha256) != seen:
            raise ConflictError(OTHER_PICTURES)
        note_shown(connection, held.id, now=now)


def judge(
    database: Database, session: Session, lease: LeaseId, said: Judgement, rules: ReviewSettings, *, now: datetime
) -> Judged:
    """Give a verdict on an item, or, after ``undo``, another one in place of one's own.

    Raises:
        NotFoundError: There is no such item for them.
        InvalidInputError: The reason does not belong to the verdict, or what was drawn is no outline of this plot.
        ConflictError: The pictures were not seen, the time is over, or a verdict was given that was not taken back.
        NotAllowedError: A law forbids it; the message says which.
    """
    must_be_reason(rules.reasons, said.verdict, said.reason)
    with database.transaction() as connection:
        take_turn(connection)  # sent twice at once, the second sees what became of the first
        held = hold_lease(connection, session.person, lease)
        reading, given = reading_of(connection, held), decisions_on(connection, held.flag)
        again = any(decision.id == said.decision for decision in given)
        corrects = None if again else _corrected(held, own_in_force(given, held.person), now)
        ruling = _ruling(reading, said, corrects, now)
        return Judged(decision=decide(connection, session, ruling, now=now), undo_until=held.expires_at)


def undo(database: Database, session: Session, lease: LeaseId, *, now: datetime) -> None:
    """Open an item again that one has judged: the next verdict takes the place of the last, and both are remembered.

    Raises:
        NotFoundError: There is no such item for them.
        ConflictError: It was not judged, the time is over, or the model's opinion was seen.
    """
    with database.transaction() as connection:
        held = hold_lease(connection, session.person, lease)
        mine = own_in_force(decisions_on(connection, held.flag), held.person)
        if mine is None:
            raise ConflictError(NOT_JUDGED)
        if held.revealed_at is not None:
            raise ConflictError(STANDS)
        if now >= held.expires_at:
            raise ConflictError(NO_UNDO)
        note_undone(connection, held.id, mine.id)


def own_in_force(given: Iterable[Decision], person: PersonId) -> Decision | None:
    """The verdict of a person that none of theirs supersedes, among the decisions on a flag."""
    mine = [decision for decision in given if decision.person == person]
    superseded = {decision.supersedes for decision in mine}
    return next((decision for decision in mine if decision.id not in superseded), None)


def drawn_outlines(frame: LocalFrame, drawn: tuple[shapely.Polygon, ...], around: Any) -> tuple[RedrawnOutline, ...]:
    """What was drawn, in degrees; ``around`` is the model's outline in metres.

    Raises:
        InvalidInputError: It is no polygon, too many, crosses itself, or lies elsewhere.
    """
    if len(drawn) > MOST_PARTS or sum(len(part.exterior.coords) for part in drawn) > MOST_CORNERS:
        raise InvalidInputError(f"an outline has at most {MOST_PARTS} parts and {MOST_CORNERS} corners")
    reach_m = max(NEAR_M, FARTHEST * max(abs(side) for side in around.bounds))
    for part in drawn:
        if not part.is_valid or part.area <= 0:
            raise InvalidInputError("what was drawn crosses itself or has no area; draw it again")
        if max(abs(side) for side in part.bounds) > reach_m:
            raise InvalidInputError(f"what was drawn lies more than {reach_m:.0f} m from the plot; draw it on the plot")
    return tuple(RedrawnOutline(outline=frame.on_earth(part), area_m2=float(part.area)) for part in drawn)


def _corrected(held: Lease, mine: Decision | None, now: datetime) -> DecisionId | None:
    """The verdict that a new one takes the place of; None where it is the reader's first on the item."""
    if held.shown_at is None:
        raise ConflictError(NOT_SEEN)
    if mine is None:
        if not held.is_open(now):
            raise ConflictError(RUN_OUT)
        return None
    if held.undone != mine.id:
        raise ConflictError(JUDGED)
    if now >= held.expires_at:
        raise ConflictError(NO_UNDO)
    return mine.id


def _ruling(reading: Reading, said: Judgement, corrects: DecisionId | None, now: datetime) -> Ruling:
    held, flag, frame = reading.lease, reading.flag, frame_of(reading.flag.outline)
    shown = held.shown_at or now
    return Ruling(
        id=said.decision,
        flag=flag.id,
        verdict=said.verdict,
        reason=said.reason,
        note=said.note,
        evidence=Evidence(pictures_sha256=held.pictures_sha256 or "", model=flag.model, threshold=flag.threshold),
        seconds_looked=(now - shown).total_seconds(),
        outlines=drawn_outlines(frame, said.drawn, frame.flat(flag.outline)),
        corrects=corrects,
    )
