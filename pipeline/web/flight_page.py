"""The page of a flight: can it be used, how far is the work, where is what, what to fly again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.camera import CAMERAS
from pipeline.domain.flight import RUNNING, Flight, FlightId, FlightState, StepProgress
from pipeline.domain.people import Person
from pipeline.domain.retention import ends_at
from pipeline.domain.sight import may_compare
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.map_tiles import map_extent
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.districts import list_districts
from pipeline.store.earlier import flights_before
from pipeline.store.flags import flags_of_flight
from pipeline.store.flights import find_flight
from pipeline.store.removals import removed_at
from pipeline.store.scans import orthomosaic_of, scans_of
from pipeline.store.steps import steps_of
from pipeline.web.flight_flags import FlagShown, flags_shown
from pipeline.web.flying_again import to_fly_again
from pipeline.web.growers import growers_of_flight
from pipeline.web.planning import MOST_PLANNED, USUAL_CM, airspaces_here
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Sender, SignedIn
from pipeline.workflow.appraise import Appraisal, Glance, appraise, glance
from pipeline.workflow.fly_again import Again
from pipeline.workflow.halt import halt
from pipeline.workflow.retry import retry

router = APIRouter(include_in_schema=False)

RETRIED: Final = frozenset({FlightState.FAILED, FlightState.CANCELLED, FlightState.UNUSABLE})
Reason = Annotated[str, Form(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the record knows of a flight."""

    flight: Flight
    district: str
    steps: tuple[StepProgress, ...]
    appraisal: Appraisal | None
    glance: Glance | None
    notes: tuple[str, ...]
    flags: tuple[FlagShown, ...]
    removed_at: datetime | None
    """When its imagery was let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagery:
    """When the imagery of a flight was let go, or until when it is kept at least, and whether that time is over."""

    removed_at: datetime | None = None
    until: datetime | None = None
    is_over: bool = False


@router.get("/flights/{flight_id}")
def show_flight(request: Request, flight_id: str, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """All of it."""
    known = look_up(services, reader.person, flight_id)
    laid, why_no_map = _map(services, reader.person, known.flight)
    again = to_fly_again(services, known.flight) or Again(patches=())
    content: dict[str, Any] = {
        "map": laid,
        "no_map": why_no_map,
        "again": again.patches,
        "again_m2": sum(patch.area_m2 for patch in again.patches),
        "again_outside_m2": again.outside_m2,
        "cameras": CAMERAS,
        "most_planned": MOST_PLANNED,
        "plan_gsd_cm": _wished_cm(known),
        "airspace": airspaces_here(services, {known.flight.district})[known.flight.district],
        "flags": known.flags if known.flight.state is FlightState.SCANNED else None,
        "notes": known.notes,
        "catalogued": known.flight.state is FlightState.SCANNED,
        "comparable": _has_before(services, reader.person, known.flight),
        "imagery": _imagery(services, known),
    }
    return pages.show(request, "flight.html.jinja", **_progress(known, reader.person), **content)


@router.get("/flights/{flight_id}/progress")
def show_progress(
    request: Request, flight_id: str, reader: SignedIn, services: Served, pages: Pages, *, has_map: bool = False
) -> Response:
    """The part of the page that changes while work goes on; when there is more to show, the whole page comes anew."""
    known = look_up(services, reader.person, flight_id)
    page = pages.show(request, "flight_progress.jinja", **_progress(known, reader.person), map=has_map)
    came = not has_map and (services.desk.files.working(known.flight.id) / WORKING_NAME).is_file()
    if known.flight.state not in RUNNING or came:
        page.headers["HX-Refresh"] = "true"
    return page


@router.post("/flights/{flight_id}/cancel")
def cancel_flight(flight_id: str, sender: Sender, services: Served, reason: Reason) -> RedirectResponse:
    """Stop the work on a flight."""
    flight = halt(services.database, sender.person, FlightId(flight_id), reason=reason, now=services.now())
    return RedirectResponse(f"/flights/{flight.id}", 303)


@router.post("/flights/{flight_id}/retry")
def retry_flight(flight_id: str, sender: Sender, services: Served, reason: Reason) -> RedirectResponse:
    """Take up the work on a flight again."""
    flight = retry(services.database, sender.person, FlightId(flight_id), reason=reason, now=services.now())
    return RedirectResponse(f"/flights/{flight.id}", 303)


def look_up(services: Services, person: Person, flight_id: str) -> Known:
    """What is known of a flight, as far as it exists for ``person``.

    Raises:
        NotFoundError: It does not.
    """
    with services.database.snapshot() as connection:
        flight = find_flight(connection, person, FlightId(flight_id))
        names = {district.id: district.name for district in list_districts(connection)}
        scans = scans_of(connection, flight.id)
        try:
            notes = orthomosaic_of(connection, flight.id).notes
        except NotFoundError:
            notes = ()
        return Known(
            flight=flight,
            district=names[flight.district],
            steps=steps_of(connection, flight.id),
            appraisal=appraise(scans[0].record) if scans and flight.state is FlightState.SCANNED else None,
            glance=glance(services.desk.files.working(flight.id)),
            notes=notes,
            flags=flags_shown(flags_of_flight(connection, flight.id), person),
            removed_at=removed_at(connection, flight.id),
        )


def _progress(known: Known, person: Person) -> dict[str, Any]:
    """What the part of the page that changes is written from."""
    state, tends = known.flight.state, person.tends_flights
    return {
        "flight": known.flight,
        "district": known.district,
        "steps": known.steps,
        "appraisal": known.appraisal,
        "glance": known.glance,
        "working": state in RUNNING,
        "may_cancel": tends and state in RUNNING,
        "may_retry": tends and state in RETRIED and not known.removed_at,
    }


def _wished_cm(known: Known) -> float:
    """As fine as the flight was, and never finer than is quick to fly; finer than it, where it was too coarse."""
    flown_cm = 100 * (known.flight.gsd_m or USUAL_CM / 100)
    return USUAL_CM if known.appraisal and known.appraisal.too_coarse else min(max(round(flown_cm, 1), 1.0), 5.0)


def _imagery(services: Services, known: Known) -> Imagery | None:
    """How long the imagery of a flight is kept; None where there never was any, or it is kept for good."""
    days = services.retention.imagery_days
    if known.removed_at is not None:
        return Imagery(removed_at=known.removed_at)
    if known.flight.state is FlightState.NOT_FLOWN or not days:
        return None
    until = ends_at(known.flight, days=days)
    return Imagery(until=until, is_over=until <= services.now())


def _has_before(services: Services, person: Person, flight: Flight) -> bool:
    """Whether there is an earlier flight whose box meets this one's, and ``person`` may know of change."""
    if flight.state is not FlightState.SCANNED or not may_compare(role for role in person.roles if person.has(role)):
        return False
    with services.database.snapshot() as connection:
        return bool(flights_before(connection, flight))


def _map(services: Services, person: Person, flight: Flight) -> tuple[dict[str, Any] | None, str]:
    """What the map is drawn from; None and why, where there is none."""
    working = services.desk.files.working(flight.id) / WORKING_NAME
    if not working.is_file():
        return None, ""
    try:
        extent = map_extent(working)
    except InvalidInputError:
        return None, "local"
    here = f"/flights/{flight.id}"
    scanned = flight.state is FlightState.SCANNED
    return {
        "bounds": [extent.west, extent.south, extent.east, extent.north],
        "leastZoom": extent.least_zoom,
        "mostZoom": extent.most_zoom,
        "orthomosaic": f"{here}/tiles/orthomosaic/{{z}}/{{x}}/{{y}}",
        "ground": f"{here}/tiles/ground/{{z}}/{{x}}/{{y}}",
        "flags": f"{here}/flags.geojson" if scanned else None,
        "again": f"{here}/again.geojson" if scanned else None,
        "growers": f"{here}/growers.geojson" if growers_of_flight(services.database, person, flight) else None,
    }, ""
