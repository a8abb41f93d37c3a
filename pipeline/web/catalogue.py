"""Catalogue: a scanned flight as a STAC Item, for other software."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipeline.domain.flight import FlightId, FlightState
from pipeline.errors import NotFoundError
from pipeline.store.flights import find_flight
from pipeline.web.scripts import Looker
from pipeline.web.services import Served
from pipeline.workflow.catalogue import Entry, stac_item

GEOJSON: Final = "application/geo+json"

router = APIRouter(prefix="/api/v1", tags=["flights"])


@router.get("/flights/{flight_id}/stac", summary="A flight as a STAC Item")
def read_item(flight_id: str, caller: Looker, services: Served) -> JSONResponse:
    """What was flown where, from which bytes, by which model, with a checksum of every file; 404 before the scan."""
    with services.database.snapshot() as connection:
        flight = find_flight(connection, caller, FlightId(flight_id))
    if flight.state is not FlightState.SCANNED:
        raise NotFoundError("this flight has not been scanned")
    files = services.desk.files
    entry = Entry(
        results=files.results(flight.id), working=files.working(flight.id), id=flight.id, flown_on=flight.flown_on
    )
    item: dict[str, Any] = stac_item(entry)
    return JSONResponse(item, media_type=GEOJSON)
