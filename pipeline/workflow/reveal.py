"""Reveal: the model's opinion, after the reader's own. From then on the verdict stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.domain.interval import Share, wilson
from pipeline.domain.watching import is_hit
from pipeline.errors import ConflictError
from pipeline.store.bands import Band, band_of
from pipeline.store.controls import Control, truth_of
from pipeline.store.database import Database
from pipeline.store.decisions import decisions_on
from pipeline.store.leases import LeaseId, hold_lease, note_revealed
from pipeline.store.readings import Reading, reading_of
from pipeline.store.sessions import Session

LEAST_READ: Final = 30
"""Of fewer flags no share is told: it would say nothing."""
NOT_YET: Final = "what the model makes of it is shown after your own verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """What the model made of an item: how many flags of such a score two readers confirmed; None of too few.

    ``control`` is the known ground behind it, where it was one, and ``is_hit`` whether the first verdict was right.
    """

    reading: Reading
    band: Band
    confirmed: Share | None
    control: Control | None = None
    is_hit: bool = False


def reveal(database: Database, session: Session, lease: LeaseId, *, now: datetime) -> Revealed:
    """Show it, and write down that it was shown.

    Raises:
        NotFoundError: There is no such item for them.
        ConflictError: They have not judged it yet.
    """
    with database.transaction() as connection:
        held = hold_lease(connection, session.person, lease)
        mine = [decision for decision in decisions_on(connection, held.flag) if decision.person == held.person]
        if not mine:
            raise ConflictError(NOT_YET)
        note_revealed(connection, held.id, now=now)
        reading = reading_of(connection, held)
        band = band_of(connection, reading.flag)
        control = truth_of(connection, held.flag)
    confirmed = wilson(band.confirmed, band.read) if band.read >= LEAST_READ else None
    hit = control is not None and is_hit(control.truth, mine[0].verdict)
    return Revealed(reading=reading, band=band, confirmed=confirmed, control=control, is_hit=hit)
