"""Coverage: the managers' map of what was seen and what was not, its table, its tiles, and the same for scripts.

The table is written by the server alone; the map shows its rows again where the pointer is, so that both agree.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from threading import Lock
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipeline.domain.people import District, DistrictId, Person, Role
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.imagery.map_tiles import TileAddress
from pipeline.imagery.vector_tiles import MEDIA_TYPE
from pipeline.store.districts import list_districts
from pipeline.store.ground import regions_of
from pipeline.store.ground_map import flags_version, ground_version
from pipeline.web.flying_again import PRIVATE
from pipeline.web.languages import marked
from pipeline.web.problems import USUAL
from pipeline.web.scripts import Looker
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow.draw_coverage import MOST_ZOOM, days, flags_tile, ground_tile
from pipeline.workflow.see_coverage import Sight, see
from pipeline.workflow.tell_coverage import as_rows, gaps_as_json, gaps_of, window_of

ONLY_MANAGERS: Final = marked("only managers see the coverage of a district")
LOOK: Final = 1
"""Changes whenever tiles are drawn in another way."""
MOST_BYTES: Final = 64 * 1024**2

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see, as an address has it; an empty field is left open."""

    district: str
    first: str
    last: str


def _asked(
    district: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[str, Query(alias="from", max_length=20)] = "",
    last: Annotated[str, Query(alias="to", max_length=20)] = "",
) -> Asked:
    return Asked(district=district, first=first, last=last)


Wanted = Annotated[Asked, Depends(_asked)]


class Drawn:
    """Tiles that were drawn, the ones used last, up to ``MOST_BYTES``; of use to all who may see the same districts."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        """The tile that was kept under ``key``."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def keep(self, key: str, tile: bytes) -> None:
        """Keep a tile, and let those go that were not used for longest."""
        with self._lock:
            self._bytes += len(tile) - len(self._tiles.pop(key, b""))
            self._tiles[key] = tile
            while self._bytes > MOST_BYTES:
                self._bytes -= len(self._tiles.popitem(last=False)[1])


@router.get("/coverage", include_in_schema=False)
def show_coverage(request: Request, reader: SignedIn, asked: Wanted, services: Served, pages: Pages) -> Response:
    """The map and its table."""
    sight, districts = _sight(services, reader.person, asked)
    return pages.show(request, "coverage.html.jinja", **_content(services, asked, sight, districts))


@router.get("/coverage/table", include_in_schema=False)
def show_table(request: Request, reader: SignedIn, asked: Wanted, services: Served, pages: Pages) -> Response:
    """The table alone, for another window of days."""
    sight, districts = _sight(services, reader.person, asked)
    return pages.show(request, "coverage_table.jinja", **_content(services, asked, sight, districts))


@router.get("/coverage/uncovered.geojson", include_in_schema=False)
def show_uncovered(
    reader: SignedIn, asked: Wanted, services: Served, area: Annotated[str, Query(max_length=80)]
) -> Response:
    """The ground of a survey area that nobody has seen in a window of days, and why, for plotwatch plan."""
    theirs = _districts(reader.person, asked)
    with services.database.snapshot() as connection:
        named = {one.id: one for one in list_districts(connection)}
        region = next((one for one in regions_of(connection, theirs) if one.id == area), None)
    if region is None:
        raise NotFoundError("the district has no such survey area")
    first, last = _day(asked.first), _day(asked.last)
    window = window_of(services.database, theirs, first=first, last=last, today=services.today)
    gaps = gaps_of(services.database, region, named[region.district], window)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="uncovered-{window.last}.geojson"'}
    return Response(json.dumps(gaps_as_json(gaps)), headers=headers, media_type="application/geo+json")


@router.get("/coverage/tiles/{layer}/{zoom}/{column}/{row}", include_in_schema=False)
def show_tile(  # noqa: PLR0913, PLR0917 the address of a tile has four parts
    request: Request,
    layer: Literal["ground", "flags"],
    zoom: int,
    column: int,
    row: int,
    reader: SignedIn,
    asked: Wanted,
    services: Served,
) -> Response:
    """A vector tile; nothing where there is nothing to draw. Browsers ask again each time, with the tag they have."""
    theirs = _districts(reader.person, asked)
    address = TileAddress(zoom=zoom, column=column, row=row)
    key = _key(services, layer, address, frozenset(theirs))
    tag = f'"{sha256(key.encode()).hexdigest()[:32]}"'
    headers = PRIVATE | {"ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    tiles: Drawn = request.app.state.coverage
    tile = tiles.get(key)
    if tile is None:
        tile = (ground_tile if layer == "ground" else flags_tile)(services.database, theirs, address)
        tiles.keep(key, tile)
    return (
        Response(tile, headers=headers, media_type=MEDIA_TYPE) if tile else Response(status_code=204, headers=headers)
    )


@router.get("/api/v1/coverage", tags=["coverage"], summary="What was seen of survey areas", responses=USUAL)
def read_coverage(caller: Looker, asked: Wanted, services: Served) -> dict[str, Any]:
    """Areas in m2 and the share that was seen, in a window of days, for managers.

    `district` is an id, `from` and `to` are local days. The four states sum to `total_m2`; `seen_m2` is rounded down.
    """
    sight, _ = _sight(services, caller, asked)
    return {"version": 1, "areas": as_rows(sight.told, sight.window)}


def _sight(services: Services, person: Person, asked: Asked) -> tuple[Sight, tuple[District, ...]]:
    theirs = _districts(person, asked)
    first, last = _day(asked.first), _day(asked.last)
    window = window_of(services.database, theirs, first=first, last=last, today=services.today)
    with services.database.snapshot() as connection:
        named = tuple(one for one in list_districts(connection) if one.id in person.sees)
    return see(services.database, theirs, window, today=services.today), named


def _districts(person: Person, asked: Asked) -> frozenset[DistrictId]:
    """The districts that are asked for, of those that the person manages.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: The district is none of theirs.
    """
    if not person.has(Role.MANAGER):
        raise NotAllowedError(ONLY_MANAGERS)
    if not asked.district:
        return person.sees
    person.must_see(DistrictId(asked.district), "such district")
    return frozenset({DistrictId(asked.district)})


def _key(services: Services, layer: str, address: TileAddress, districts: frozenset[DistrictId]) -> str:
    """Another one whenever the tile would be another one."""
    with services.database.snapshot() as connection:
        version = ground_version(connection, districts) if layer == "ground" else flags_version(connection)
    place = f"{address.zoom}/{address.column}/{address.row}"
    return f"{LOOK} {layer} {place} {version} {' '.join(sorted(districts))}"


def _content(services: Services, asked: Asked, sight: Sight, districts: tuple[District, ...]) -> dict[str, Any]:
    query = urlencode({"district": asked.district} if asked.district else {})
    window = sight.window
    return {
        "sight": sight,
        "districts": districts,
        "district": asked.district,
        "today": services.today,
        "slider": {"first": days(sight.known.first), "last": days(services.today), "value": days(window.last)},
        "map": {
            "ground": f"/coverage/tiles/ground/{{z}}/{{x}}/{{y}}?{query}",
            "flags": f"/coverage/tiles/flags/{{z}}/{{x}}/{{y}}?{query}",
            "table": f"/coverage/table?{query}",
            "bounds": sight.bounds,
            "mostZoom": MOST_ZOOM,
            "from": days(window.first),
            "to": days(window.last),
        },
    }


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise InvalidInputError(f"{said!r} is no date; write it as 2026-11-26") from error
