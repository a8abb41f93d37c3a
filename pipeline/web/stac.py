"""STAC: a search of the scanned flights' Items (STAC API 1.0, core), for other software.

Items are those of ``/api/v1/flights/{flight_id}/stac``: hrefs of assets are beside the results on the server.
"""

import logging
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.people import Person
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.search import Search, count_flights, flights_found
from pipeline.web.place_and_time import After, BBox, DateTime, Limit, must_know, search_for
from pipeline.web.problems import described
from pipeline.web.scripts import Geographer
from pipeline.web.services import Served, Services
from pipeline.workflow.catalogue import Entry, stac_item

LOG = logging.getLogger(__name__)
GEOJSON: Final = "application/geo+json"
COLLECTION: Final = "flights"
USUAL: Final = 10
MOST: Final = 50
"""Items a page: each has the checksums of all its files read."""
CONFORMS: Final = ["https://api.stacspec.org/v1.0.0/core"]
"""Not item-search: that class asks for ``ids`` and ``intersects`` too."""
ASKED: Final = frozenset({"bbox", "datetime", "limit", "after", "collections"})

router = APIRouter(
    prefix="/stac",
    tags=["STAC"],
    responses=described(
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY
    ),
)


class Wanted(BaseModel):
    """A search in the body of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bbox: list[float] = Field(default_factory=list, max_length=6)
    datetime: str = Field(default="", max_length=100)
    limit: int = USUAL
    collections: list[str] = Field(default_factory=list, max_length=100)
    after: str = ""


def _asked(
    request: Request, bbox: BBox = "", when: DateTime = "", limit: Limit = "", after: After = "", collections: str = ""
) -> tuple[Search, str]:
    must_know(request.query_params, ASKED)
    return search_for(bbox=bbox, when=when, limit=limit or str(USUAL), after=after), collections


@router.get("", summary="Where to begin")
def land(request: Request, _: Geographer) -> dict[str, Any]:
    """The catalogue, and the way to its search."""
    here = _here(request)
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "plotwatch",
        "title": "Plotwatch",
        "description": "Scanned flights of drone orthomosaics, as far as you may see them.",
        "conformsTo": CONFORMS,
        "links": [
            {"rel": "self", "href": here, "type": "application/json"},
            {"rel": "root", "href": here, "type": "application/json"},
            {"rel": "service-desc", "href": f"{_root(request)}/api/v1/openapi.json", "type": "application/json"},
            {"rel": "search", "href": f"{here}/search", "type": GEOJSON, "method": "GET"},
            {"rel": "search", "href": f"{here}/search", "type": GEOJSON, "method": "POST"},
        ],
    }


@router.get("/search", summary="Search scanned flights", response_class=JSONResponse)
def search(
    request: Request, caller: Geographer, asked: Annotated[tuple[Search, str], Depends(_asked)], services: Served
) -> JSONResponse:
    """A page of Items: by place, days, and `collections`, of which `flights` is the only one."""
    wanted, collections = asked
    content, after = _found(services, caller, wanted, collections.split(",") if collections else [])
    if after:
        query = urlencode(dict(request.query_params) | {"after": after})
        content["links"] = [{"rel": "next", "href": f"{_here(request)}/search?{query}", "type": GEOJSON}]
    return JSONResponse(content, media_type=GEOJSON)


@router.post("/search", summary="Search scanned flights, with a body", response_class=JSONResponse)
def search_by_body(request: Request, caller: Geographer, wanted: Wanted, services: Served) -> JSONResponse:
    """The same, asked in JSON."""
    asked = search_for(
        bbox=",".join(map(str, wanted.bbox)), when=wanted.datetime, limit=str(wanted.limit), after=wanted.after
    )
    content, after = _found(services, caller, asked, wanted.collections)
    if after:
        body = wanted.model_dump(exclude_unset=True) | {"after": after}
        link = {"rel": "next", "href": f"{_here(request)}/search", "type": GEOJSON, "method": "POST", "body": body}
        content["links"] = [link]
    return JSONResponse(content, media_type=GEOJSON)


def _found(services: Services, person: Person, search: Search, collections: list[str]) -> tuple[dict[str, Any], str]:
    """Items, and the id after which the next page begins, "" for none."""
    theirs = person.sees if not collections or COLLECTION in collections else frozenset()
    limit = min(search.limit, MOST)
    with services.database.snapshot() as connection:
        wanted = Search(within=search.within, window=search.window, after=search.after, limit=limit + 1)
        found = flights_found(connection, theirs, wanted, FlightState.SCANNED)
        total = count_flights(connection, theirs, wanted, FlightState.SCANNED)
    flights = [one.flight for one in found[:limit]]
    items = [item for item in (_item(services, flight) for flight in flights) if item]
    content = {"type": "FeatureCollection", "features": items, "links": [], "numberReturned": len(items)}
    return content | {"numberMatched": total}, flights[-1].id if len(found) > limit else ""


def _item(services: Services, flight: Flight) -> dict[str, Any] | None:
    """The Item of a flight; None where its files are gone or damaged: one flight must not hide the others."""
    files = services.desk.files
    entry = Entry(
        results=files.results(flight.id), working=files.working(flight.id), id=flight.id, flown_on=flight.flown_on
    )
    try:
        return stac_item(entry)
    except (NotFoundError, InvalidInputError) as error:
        LOG.warning("flight %s has no STAC Item: %s", flight.id, error)
        return None


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _here(request: Request) -> str:
    return f"{_root(request)}/stac"
