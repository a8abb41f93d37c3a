"""Pictures of an item for its reader, and for nobody else: the plot, what lies around it, tiles, at last the scores.

Tags are the sha256 of the bytes; nothing in an answer tells which flight it is, or how old a file. What was served is
written on the lease: a verdict is good for these pictures only.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.domain.people import Role
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.look import UNKNOWN_GSD_M, heat, overview_of, picture, shade, tile, tile_view, with_gsd
from pipeline.imagery.map_tiles import Tile, TileAddress
from pipeline.imagery.relief import RELIEF_NAME
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.leases import NO_READING, LeaseId, note_served
from pipeline.store.readings import Reading
from pipeline.web.readings import NOTHING_KEPT, view_of
from pipeline.web.services import Served, Services
from pipeline.web.sessions import Reader, SignedIn
from pipeline.workflow.offer import find_reading
from pipeline.workflow.surroundings import find_earlier

SCORES_NAME: Final = "scores.tif"
NO_GROUND: Final = "the ground of this item cannot be drawn; skip it, and tell your manager"

router = APIRouter(prefix="/review/readings/{reading}", include_in_schema=False)


@router.get("/picture")
def show_picture(request: Request, reading: str, reader: SignedIn, services: Served) -> Response:
    """The plot and a little around it, at full resolution."""
    found = _find(services, reader, reading)
    drawn = _drawn(services, found, overview=False)
    sha256 = hashlib.sha256(drawn.content).hexdigest()
    with services.database.transaction() as connection:
        note_served(connection, found.lease.id, picture_sha256=sha256, now=services.now())
    return _answer(request, drawn, sha256)


@router.get("/overview")
def show_overview(request: Request, reading: str, reader: SignedIn, services: Served) -> Response:
    """What lies around it."""
    found = _find(services, reader, reading)
    drawn = _drawn(services, found, overview=True)
    sha256 = hashlib.sha256(drawn.content).hexdigest()
    with services.database.transaction() as connection:
        note_served(connection, found.lease.id, overview_sha256=sha256, now=services.now())
    return _answer(request, drawn, sha256)


@router.get("/tiles/{zoom}/{column}/{row}")
def show_tile(  # noqa: PLR0913, PLR0917 the address of a tile has four parts
    request: Request, reading: str, zoom: int, column: int, row: int, reader: SignedIn, services: Served
) -> Response:
    """A tile of the map about the plot; nothing where nothing was flown."""
    found = _find(services, reader, reading)
    return _tile(request, _working(services, found), found, TileAddress(zoom=zoom, column=column, row=row))


@router.get("/relief")
def show_relief(request: Request, reading: str, reader: SignedIn, services: Served) -> Response:
    """Slope and shade of the ground around the plot, where its flight has a surface model."""
    found = _find(services, reader, reading)
    relief = services.desk.files.working(found.flight.id) / RELIEF_NAME
    if not relief.is_file():
        raise NotFoundError(NO_READING)
    try:
        drawn = shade(relief, frame_of(found.flag.outline), view_of(found))
    except InvalidInputError as error:
        raise NotFoundError(NO_READING) from error
    return _answer(request, drawn, hashlib.sha256(drawn.content).hexdigest())


@router.get("/earlier/{place}/picture")
def show_earlier_picture(request: Request, reading: str, place: int, reader: SignedIn, services: Served) -> Response:
    """The same square of ground on an earlier flight, as that flight lies."""
    found = _find(services, reader, reading)
    earlier = find_earlier(services.database, services.desk.files, found, place)
    view = with_gsd(view_of(found), earlier.flight.gsd_m or UNKNOWN_GSD_M)
    drawn = picture(earlier.working, frame_of(found.flag.outline), view)
    return _answer(request, drawn, hashlib.sha256(drawn.content).hexdigest())


@router.get("/earlier/{place}/tiles/{zoom}/{column}/{row}")
def show_earlier_tile(  # noqa: PLR0913, PLR0917 the address of a tile has five parts
    request: Request, reading: str, place: int, zoom: int, column: int, row: int, reader: SignedIn, services: Served
) -> Response:
    """A tile of an earlier flight; nothing where it saw nothing."""
    found = _find(services, reader, reading)
    earlier = find_earlier(services.database, services.desk.files, found, place)
    return _tile(request, earlier.working, found, TileAddress(zoom=zoom, column=column, row=row))


@router.get("/heat")
def show_heat(request: Request, reading: str, reader: SignedIn, services: Served) -> Response:
    """The scores of the cells, to whoever has judged the item and asked what the model makes of it."""
    found = _find(services, reader, reading)
    scores = services.desk.files.results(found.flight.id) / SCORES_NAME
    if found.lease.revealed_at is None or not scores.is_file():
        raise NotFoundError(NO_READING)
    drawn = heat(scores, frame_of(found.flag.outline), view_of(found))
    return _answer(request, drawn, hashlib.sha256(drawn.content).hexdigest())


def _find(services: Services, reader: Reader, reading: str) -> Reading:
    """An item of this reader, while its time lasts; there is nothing for anybody else, or afterwards.

    Raises:
        NotFoundError: There is none.
    """
    if not reader.person.has(Role.REVIEWER):
        raise NotFoundError(NO_READING)
    found = find_reading(services.database, reader.person, LeaseId(reading))
    if _is_over(found, services.now()):
        raise NotFoundError(NO_READING)
    return found


def _is_over(found: Reading, now: datetime) -> bool:
    return now >= found.lease.expires_at


def _drawn(services: Services, found: Reading, *, overview: bool) -> Tile:
    view = view_of(found)
    try:
        return picture(_working(services, found), frame_of(found.flag.outline), overview_of(view) if overview else view)
    except InvalidInputError as error:
        raise NotFoundError(NO_GROUND) from error


def _tile(request: Request, working: Path, found: Reading, address: TileAddress) -> Response:
    view = tile_view(address)
    drawn = None if view is None else tile(working, frame_of(found.flag.outline), view)
    if drawn is None:
        return Response(status_code=204, headers=NOTHING_KEPT)
    return _answer(request, drawn, hashlib.sha256(drawn.content).hexdigest())


def _working(services: Services, found: Reading) -> Path:
    path = services.desk.files.working(found.flight.id) / WORKING_NAME
    if not path.is_file():
        raise NotFoundError(NO_GROUND)
    return path


def _answer(request: Request, drawn: Tile, sha256: str) -> Response:
    headers = NOTHING_KEPT | {"ETag": f'"{sha256}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(drawn.content, headers=headers, media_type=drawn.media_type)
