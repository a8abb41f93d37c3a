"""What the page of a flight loads and offers: map tiles, a picture, and flags.

Every answer belongs to one person: browsers ask again each time, with the tag of what they have, and shared caches keep
nothing.
"""

import json
from functools import partial
from pathlib import Path
from typing import Final, Literal

import shapely
from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.imagery.map_tiles import Tile, TileAddress, flown_tile, orthomosaic_tile, states_tile
from pipeline.imagery.pictures import Album
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.flags import flags_of_flight
from pipeline.store.flights import find_flight
from pipeline.store.growers import kinds_at
from pipeline.web.flight_flags import flags_shown
from pipeline.web.flying_again import PRIVATE, STATES_NAME
from pipeline.web.growers import collected, growers_of_flight
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import SignedIn

LOOK: Final = 1
"""Changes whenever tiles are drawn in another way."""

router = APIRouter(prefix="/flights/{flight_id}", include_in_schema=False)


@router.get("/tiles/{layer}/{zoom}/{column}/{row}")
def show_tile(  # noqa: PLR0913, PLR0917 the address of a tile has four parts
    request: Request,
    flight_id: str,
    layer: Literal["orthomosaic", "ground"],
    zoom: int,
    column: int,
    row: int,
    reader: SignedIn,
    services: Served,
) -> Response:
    """A tile of 512 px; nothing where there is nothing to draw."""
    flight = _flight(services, reader.person, flight_id)
    address = TileAddress(zoom=zoom, column=column, row=row)
    working, states = _working(services, flight), services.desk.files.results(flight.id) / STATES_NAME
    scanned = flight.state is FlightState.SCANNED and states.is_file()
    source = states if layer == "ground" and scanned else working
    tag = tag_of(source, layer)
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=PRIVATE | {"ETag": tag})
    return _answer(_draw(layer, source, address, scanned=scanned), tag)


@router.get("/picture")
def show_picture(request: Request, flight_id: str, reader: SignedIn, services: Served) -> Response:
    """The whole orthomosaic small, for browsers without a map."""
    working = _working(services, _flight(services, reader.person, flight_id))
    tag = tag_of(working, "picture")
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=PRIVATE | {"ETag": tag})
    with Album(working) as album:
        picture = Tile(content=album.overview(longest_px=1200).jpeg, media_type="image/jpeg")
    return _answer(picture, tag)


@router.get("/flags.geojson")
def show_flags(flight_id: str, reader: SignedIn, services: Served) -> Response:
    """Outlines of the flags that the reader may see, with the licences that hold there: no scores, no verdicts."""
    with services.database.snapshot() as connection:
        flight = find_flight(connection, reader.person, FlightId(flight_id))
        stored = flags_of_flight(connection, flight.id) if flight.state is FlightState.SCANNED else ()
    growers = growers_of_flight(services.database, reader.person, flight)
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(flag.outline),
            "properties": {
                "id": flag.label,
                "area_m2": round(flag.area_m2, 1),
                "status": flag.status.value,
                "licensed": list(kinds_at(flag.outline, growers)),
            },
        }
        for flag in flags_shown(stored, reader.person)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
    return Response(text, headers=PRIVATE, media_type="application/geo+json")


@router.get("/growers.geojson")
def show_growers(request: Request, flight_id: str, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """Licensed growers on a flight: outlines and kinds, no numbers."""
    flight = _flight(services, reader.person, flight_id)
    growers = growers_of_flight(services.database, reader.person, flight)
    content = collected(growers, shapely.geometry.mapping, partial(pages.say, request))
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    headers = PRIVATE | {"Vary": "Cookie, Accept-Language"}
    return Response(text, headers=headers, media_type="application/geo+json")


def tag_of(path: Path, what: str) -> str:
    """The entity tag of something drawn from the file at ``path``: files appear whole, and change with their time."""
    stat = path.stat()
    return f'"{what}-{LOOK}-{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def _draw(layer: str, source: Path, address: TileAddress, *, scanned: bool) -> Tile | None:
    if layer == "orthomosaic":
        return orthomosaic_tile(source, address)
    return states_tile(source, address) if scanned else flown_tile(source, address)


def _answer(tile: Tile | None, tag: str) -> Response:
    headers = PRIVATE | {"ETag": tag}
    if tile is None:
        return Response(status_code=204, headers=headers)
    return Response(tile.content, headers=headers, media_type=tile.media_type)


def _flight(services: Services, person: Person, flight_id: str) -> Flight:
    with services.database.snapshot() as connection:
        return find_flight(connection, person, FlightId(flight_id))


def _working(services: Services, flight: Flight) -> Path:
    path = services.desk.files.working(flight.id) / WORKING_NAME
    if not path.is_file():
        raise NotFoundError("this flight has no working orthomosaic")
    return path
