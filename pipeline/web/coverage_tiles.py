"""Tiles of the managers' map of coverage: survey areas, ground, flags, marks, and the last flight's imagery.

Every answer belongs to one person's districts: browsers ask again each time, with the tag of what they have.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from pipeline.domain.people import DistrictId
from pipeline.imagery import ground_grid, vector_tiles
from pipeline.imagery.map_tiles import TileAddress
from pipeline.store.ground_map import areas_version, flags_version, ground_version
from pipeline.web.coverage import Wanted, day_of, districts_of
from pipeline.web.flight_files import tag_of
from pipeline.web.flying_again import PRIVATE
from pipeline.web.services import Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow import draw_marks
from pipeline.workflow.draw_coverage import areas_tile, flags_tile, ground_tile
from pipeline.workflow.draw_imagery import imagery_of, imagery_tile
from pipeline.workflow.draw_marks import KeptMarks, marks_tile, read_marks
from pipeline.workflow.tell_coverage import window_of

LOOK: Final = 3
"""Changes whenever tiles are drawn in another way."""
MOST_BYTES: Final = 64 * 1024**2
MEDIA_TYPES: Final = {
    "areas": vector_tiles.MEDIA_TYPE,
    "flags": vector_tiles.MEDIA_TYPE,
    "ground": ground_grid.MEDIA_TYPE,
    "marks": draw_marks.MEDIA_TYPE,
}
Draw = Callable[[], bytes]

router = APIRouter(prefix="/coverage/tiles", include_in_schema=False)


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


def _addressed(zoom: int, column: int, row: int) -> TileAddress:
    return TileAddress(zoom=zoom, column=column, row=row)


Addressed = Annotated[TileAddress, Depends(_addressed)]


@router.get("/imagery/{zoom}/{column}/{row}")  # noqa: FAST003 they are parts of Addressed
def show_imagery(request: Request, address: Addressed, reader: SignedIn, asked: Wanted, services: Served) -> Response:
    """What the newest flight of a window of days has of each place; nothing from afar, or where nobody flew."""
    theirs = districts_of(reader.person, asked)
    first, last = day_of(asked.first), day_of(asked.last)
    window = window_of(services.database, theirs, first=first, last=last, today=services.today)
    workings = imagery_of(services.database, services.desk.files, theirs, window, address)
    tag = _tag(f"{LOOK} {' '.join(tag_of(path, str(path)) for path in workings)}")
    if request.headers.get("If-None-Match") == tag:
        return _unchanged(tag)
    tile = imagery_tile(workings, address)
    return _answer(tile.content if tile else b"", tile.media_type if tile else "", tag)


@router.get("/{layer}/{zoom}/{column}/{row}")  # noqa: FAST003 they are parts of Addressed
def show_tile(
    request: Request,
    layer: Literal["areas", "ground", "flags", "marks"],
    address: Addressed,
    reader: SignedIn,
    asked: Wanted,
    services: Served,
) -> Response:
    """A tile of all days; nothing where there is nothing to draw."""
    theirs = districts_of(reader.person, asked)
    key = _key(services, layer, address, theirs)
    tag = _tag(key)
    if request.headers.get("If-None-Match") == tag:
        return _unchanged(tag)
    tiles: Drawn = request.app.state.coverage
    tile = tiles.get(key)
    if tile is None:
        tile = _drawing(services, request.app.state.marks, theirs, address)[layer]()
        tiles.keep(key, tile)
    return _answer(tile, MEDIA_TYPES[layer], tag, packed=layer == "ground")


def _drawing(
    services: Services, kept: KeptMarks, theirs: frozenset[DistrictId], address: TileAddress
) -> Mapping[str, Draw]:
    database = services.database

    def marks() -> bytes:
        with database.snapshot() as connection:
            key = f"{flags_version(connection)} {' '.join(sorted(theirs))}"
        return marks_tile(kept.get(key, lambda: read_marks(database, theirs, services.zone)), address)

    return {
        "areas": lambda: areas_tile(database, theirs, address),
        "ground": lambda: ground_tile(database, theirs, address),
        "flags": lambda: flags_tile(database, theirs, address, services.today),
        "marks": marks,
    }


def _key(services: Services, layer: str, address: TileAddress, districts: frozenset[DistrictId]) -> str:
    """Another one whenever the tile would be another one."""
    within = vector_tiles.extent_of(address)
    with services.database.snapshot() as connection:
        if layer == "ground":
            version = ground_version(connection, districts, within)
        elif layer == "areas":
            version = areas_version(connection, districts, within)
        else:
            version = f"{flags_version(connection)} {services.today}"
    place = f"{address.zoom}/{address.column}/{address.row}"
    return f"{LOOK} {layer} {place} {version} {' '.join(sorted(districts))}"


def _tag(key: str) -> str:
    return f'"{sha256(key.encode()).hexdigest()[:32]}"'


def _unchanged(tag: str) -> Response:
    return Response(status_code=304, headers=PRIVATE | {"ETag": tag})


def _answer(tile: bytes, media_type: str, tag: str, *, packed: bool = False) -> Response:
    headers = PRIVATE | {"ETag": tag}
    if not tile:
        return Response(status_code=204, headers=headers)
    return Response(tile, headers=headers | ({"Content-Encoding": "gzip"} if packed else {}), media_type=media_type)
