"""What to fly again, to be taken along: outlines for a map or a handheld, and missions for a drone."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.flights import find_flight
from pipeline.web.planning import ToPlan, Wished, archive_of
from pipeline.web.services import Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow.fly_again import Again, again_of, as_geojson, as_kml

STATES_NAME: Final = "states.tif"
PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Cookie"}

router = APIRouter(prefix="/flights/{flight_id}", include_in_schema=False)


@router.get("/again.geojson")
def show_again(flight_id: str, reader: SignedIn, services: Served) -> Response:
    """What to fly again, as GeoJSON."""
    flight, again = _again(services, reader.person, flight_id)
    text = as_geojson(again.patches)
    return Response(text, headers=_named(flight, "again", "geojson"), media_type="application/geo+json")


@router.get("/again.kml")
def show_again_kml(flight_id: str, reader: SignedIn, services: Served) -> Response:
    """What to fly again, as KML for handheld devices."""
    flight, again = _again(services, reader.person, flight_id)
    text = as_kml(again.patches, flight.name)
    return Response(text, headers=_named(flight, "again", "kml"), media_type="application/vnd.google-earth.kml+xml")


@router.get("/plan.zip")
def show_plan(flight_id: str, reader: SignedIn, services: Served, wish: Wished) -> Response:
    """Missions over what to fly again, outside no-fly zones: KML to look at, KMZ for DJI's aircraft."""
    flight, again = _again(services, reader.person, flight_id)
    outlines = [patch.outline for patch in again.patches]
    what = ToPlan(outlines=outlines, district=flight.district, title=flight.name)
    content = archive_of(services, what, wish)
    return Response(content, headers=_named(flight, "plan", "zip"), media_type="application/zip")


def to_fly_again(services: Services, flight: Flight) -> Again | None:
    """What of a flight is to be flown again; None before it was scanned."""
    results = services.desk.files.results(flight.id)
    if flight.state is not FlightState.SCANNED or not (results / STATES_NAME).is_file():
        return None
    return again_of(services.database, flight, results)


def _again(services: Services, person: Person, flight_id: str) -> tuple[Flight, Again]:
    with services.database.snapshot() as connection:
        flight = find_flight(connection, person, FlightId(flight_id))
    again = to_fly_again(services, flight)
    if again is None:
        raise NotFoundError("this flight has not been scanned")
    return flight, again


def _named(flight: Flight, what: str, ending: str) -> dict[str, str]:
    """A download under a name that says what it is; the flight's own name stands inside the file."""
    return PRIVATE | {"Content-Disposition": f'attachment; filename="fly-{what}-{flight.id[:8]}.{ending}"'}
