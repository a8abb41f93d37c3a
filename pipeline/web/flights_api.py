"""Flights for scripts: the same list and the same refusals as on the pages, as JSON."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import DistrictId
from pipeline.store.flight_list import Listed, listed_flight
from pipeline.web.flight_questions import Asked, answer_to
from pipeline.web.problems import USUAL
from pipeline.web.scripts import Looker, Uploader
from pipeline.web.services import Served
from pipeline.workflow.skip import Cause, Skipped, skip

router = APIRouter(prefix="/api/v1", tags=["flights"], responses=USUAL)


class FlightOut(BaseModel):
    """A flight as scripts see it. Times are UTC; ``bounds`` are west, south, east, north in degrees (EPSG:4326)."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    district: str
    state: FlightState
    reason: str = Field(description="Why, where the state needs a reason.")
    note: str
    flown_on: date | None
    received_at: datetime
    changed_at: datetime
    bounds: tuple[float, float, float, float] | None
    area_m2: float | None
    gsd_m: float | None = Field(description="Ground sampling distance: metres a pixel.")
    mine: bool
    flags: int = Field(description="Questions that the scan raised; none of them is a finding.")
    open_flags: int = Field(description="Flags that wait for a reviewer.")


class FlightsOut(BaseModel):
    """One page of a list of flights."""

    model_config = ConfigDict(frozen=True)

    total: int
    page: int
    pages: int
    flights: list[FlightOut]


class NotFlownIn(BaseModel):
    """Ground that could not be flown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=120)
    district: str = Field(description="The id of one of your districts.")
    planned_on: date
    cause: Cause
    details: str = Field(default="", max_length=1000, description="About the ground and the flight only.")
    area: str = Field(default="", max_length=80, description="The id of the survey area, if none of it was flown.")


@router.get("/flights", summary="List flights")
def list_all(caller: Looker, asked: Asked, services: Served) -> FlightsOut:
    """Flights of your districts, 50 a page: by default those that need you first, then yours, then the newest."""
    found = answer_to(services.database, caller, asked)
    return FlightsOut(
        total=found.total, page=found.page, pages=found.pages, flights=[flight_out(row) for row in found.rows]
    )


@router.get("/flights/{flight_id}", summary="Read a flight")
def read_one(flight_id: str, caller: Looker, services: Served) -> FlightOut:
    """One flight. 404 where there is none, or it belongs to a district that is not yours."""
    with services.database.snapshot() as connection:
        return flight_out(listed_flight(connection, caller, FlightId(flight_id)))


@router.post("/flights/not-flown", status_code=201, summary="Record ground that could not be flown")
def record_not_flown(given: NotFlownIn, caller: Uploader, services: Served) -> FlightOut:
    """It becomes a flight of its own, with its reason, and counts as uncovered."""
    skipped = Skipped(
        name=given.name,
        district=DistrictId(given.district),
        planned_on=given.planned_on,
        cause=given.cause,
        details=given.details,
        area=given.area,
    )
    flight = skip(services.database, caller, skipped, now=services.now())
    with services.database.snapshot() as connection:
        return flight_out(listed_flight(connection, caller, flight.id))


def flight_out(row: Listed) -> FlightOut:
    """A row of the list as scripts see it."""
    flight: Flight = row.flight
    place = flight.extent
    return FlightOut(
        id=flight.id,
        name=flight.name,
        district=row.district_name,
        state=flight.state,
        reason=flight.reason,
        note=flight.note,
        flown_on=flight.flown_on,
        received_at=flight.received_at,
        changed_at=flight.changed_at,
        bounds=(place.west, place.south, place.east, place.north) if place else None,
        area_m2=flight.area_m2,
        gsd_m=flight.gsd_m,
        mine=row.is_mine,
        flags=row.flags,
        open_flags=row.open_flags,
    )
