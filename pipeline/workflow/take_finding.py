"""Take a finding that a device wrote down, without a signal perhaps: once however often it is sent, and never lost.

The device made the id. Of two findings of one visit the first to arrive stands; the other is written down beside it,
changes nothing, and both are shown. An id with other content than before is another finding of the same person.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from pipeline.domain.people import Person
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.store.database import Database, Transaction
from pipeline.store.files import Files
from pipeline.store.ledger import take_turn
from pipeline.store.visits import (
    Finding,
    Telling,
    VisitId,
    find_visit,
    record_beside,
    record_found,
    tellings_of,
)
from pipeline.workflow.visit import Report, as_finding, keep_photograph

IDENTITY: Final = re.compile(r"[0-9a-f]{32}")
MOST_BESIDE: Final = 20
"""So many findings may come after the one that stands; more are no conflict but a mistake."""
NO_ID: Final = "a finding that a device sends has an id of 32 characters, 0 to 9 and a to f"
OF_SOMEBODY_ELSE: Final = "this finding was sent before by somebody else; load the page again and write it down anew"
TOO_MANY_BESIDE: Final = "too many findings of this visit were sent; tell your manager"


class Came(StrEnum):
    """How a finding came."""

    FIRST = "first"
    """It is what the visit found."""
    BESIDE = "beside"
    """Another one stands; this one is written down beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A finding that is written down: ``mine`` as it was sent, and ``standing`` what the visit found."""

    came: Came
    mine: Telling
    standing: Telling


def take_finding(
    database: Database, files: Files, person: Person, visit: VisitId, report: Report, *, now: datetime
) -> Taken:
    """Write down what a device sends; sent again under the same id, saying the same, it is the same finding.

    Raises:
        InvalidInputError: Something of it cannot be so; the message says what.
        NotFoundError: There is no such visit for this person.
        NotAllowedError: The person goes to no field, the id is somebody else's, or too many came.
    """
    if not IDENTITY.fullmatch(report.id):
        raise InvalidInputError(NO_ID)
    finding, kept = as_finding(person, report)
    with database.transaction() as connection:
        take_turn(connection)
        open_still = find_visit(connection, person, visit).outcome is None
        told = tellings_of(connection, visit)
        mine = _known(told, person, finding)
        if mine is None:
            _write(connection, person, visit, finding, beside=not open_still, told=len(told), now=now)
            keep_photograph(files, kept)
            told = tellings_of(connection, visit)
            mine = told[-1]
    return Taken(came=Came.BESIDE if mine.beside else Came.FIRST, mine=mine, standing=told[0])


def _known(told: tuple[Telling, ...], person: Person, finding: Finding) -> Telling | None:
    """The finding as it was written down before, by whatever time of the device; None where it says something new.

    Raises:
        NotAllowedError: Somebody else wrote down something under its id.
    """
    under_its_id = [telling for telling in told if telling.finding.id == finding.id]
    if any(telling.person != person.id for telling in under_its_id):
        raise NotAllowedError(OF_SOMEBODY_ELSE)
    same = (one for one in under_its_id if replace(one.finding, made_at=finding.made_at) == finding)
    return next(same, None)


def _write(  # noqa: PLR0913 what is written, and how
    connection: Transaction,
    person: Person,
    visit: VisitId,
    finding: Finding,
    *,
    beside: bool,
    told: int,
    now: datetime,
) -> None:
    if not beside:
        record_found(connection, person, visit, finding, now=now)
        return
    if told > MOST_BESIDE:
        raise NotAllowedError(TOO_MANY_BESIDE)
    record_beside(connection, person, visit, finding, now=now)
