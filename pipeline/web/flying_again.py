"""What to fly again, to be taken along: outlines for a map or a handheld, and missions for a drone."""

from typing import Annotated, Final, Literal

import shapely
from fastapi import APIRouter, Query
from fastapi.responses import Response

from pipeline.domain.camera import camera_named
from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.flight_plan import Overlap
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.flights import find_flight
from pipeline.web.services import Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow.fly_again import Again, again_of, as_geojson, as_kml
from pipeline.workflow.plan_flight import Wish, as_archive, plan_over

STATES_NAME: Final = "states.tif"
PRIVATE: Final = {"Cache-Control": "private, no-cache", "Vary": "Cookie"}
MOST_PLANNED: Final = 500
"""Of the largest: more of them, far apart, take the server longer than anybody waits."""
Centimetres = Annotated[float, Query(ge=0.2, le=20)]
Metres = Annotated[float, Query(ge=5, le=500)]

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
def show_plan(
    flight_id: str,
    reader: SignedIn,
    services: Served,
    camera: Literal["m3e", "m3m", "m30"] = "m3e",
    gsd_cm: Centimetres = 2.0,
    highest_m: Metres = 120.0,
) -> Response:
    """Missions over what to fly again: KML to look at, KMZ for DJI's aircraft. No-fly zones are not known here."""
    flight, again = _again(services, reader.person, flight_id)
    wish = Wish(camera=camera_named(camera), gsd_m=gsd_cm / 100, overlap=Overlap(), highest_m=highest_m)
    ground = shapely.union_all([patch.outline for patch in again.patches[:MOST_PLANNED]])
    planned = plan_over(ground, shapely.MultiPolygon(), wish)
    content = as_archive(planned, flight.name, now=services.now())
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
