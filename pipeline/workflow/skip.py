"""Skip: ground that was planned and could not be flown is a flight too, with its reason. It counts as uncovered."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.store.database import Database
from pipeline.store.flights import NewFlight, create_flight
from pipeline.workflow.cover import cover_skipped


class Cause(StrEnum):
    """Why ground could not be flown."""

    WEATHER = "weather"
    ACCESS = "access"
    AIRSPACE = "airspace"
    EQUIPMENT = "equipment"
    TERRAIN = "terrain"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Ground that could not be flown on the day it was planned for; ``area`` is the id of its survey area, if any."""

    name: str
    district: DistrictId
    planned_on: date
    cause: Cause
    details: str = ""
    area: str = ""

    def __post_init__(self) -> None:
        """Refuse a reason that says nothing.

        Raises:
            InvalidInputError: The cause is something else, and nobody said what.
        """
        if self.cause is Cause.OTHER and not self.details.strip():
            raise InvalidInputError("say what happened, when it is something else")


def skip(database: Database, person: Person, skipped: Skipped, *, now: datetime) -> Flight:
    """Record ``skipped``; the ledger has who did, and when.

    Raises:
        NotAllowedError: ``person`` is no surveyor.
        NotFoundError: The district is none of theirs, or has no such survey area.
        InvalidInputError: There is no name, or the day lies in the future.
    """
    if not person.has(Role.SURVEYOR):
        raise NotAllowedError("only surveyors record what could not be flown")
    person.must_see(skipped.district, "such district")
    reason = ": ".join(part for part in (skipped.cause.value, " ".join(skipped.details.split())) if part)
    new = NewFlight(
        district=skipped.district,
        name=skipped.name,
        uploaded_by=person.id,
        state=FlightState.NOT_FLOWN,
        flown_on=skipped.planned_on,
        reason=reason,
    )
    with database.transaction() as connection:
        flight = create_flight(connection, new, now=now)
        if skipped.area:
            cover_skipped(connection, flight, skipped.area)
        return flight
