"""What changed since an earlier flight over the same ground: a page, and the two pictures that it draws on.

For those who see all flags of a flight. Both pictures show the same square of ground, the earlier one moved as it was
found to lie, so that an outline stands on the same place in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import shapely
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipeline.domain.change import Change, Word
from pipeline.domain.flight import FlightId
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.imagery.look import View, picture
from pipeline.store.growers import kinds_at
from pipeline.web.flight_files import tag_of
from pipeline.web.flying_again import PRIVATE
from pipeline.web.growers import KINDS, growers_of_flight
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow.compare_flights import Comparison, Laid, compare, earlier_of, lay

KIND_NAMES: Final = {kind.value: words for kind, words in KINDS.items()}
SIDE_PX: Final = 1000
CLOSE_M: Final = 8.0
"""Half of the side of what is shown of one plot, or twice the plot where that is more."""
MOST_NUMBERED: Final = 60
"""More numbers on one picture cannot be read."""

router = APIRouter(prefix="/flights/{flight_id}", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to see: the change since one of the earlier flights, and which plot of the list; 0 is all."""

    other: FlightId | None
    plot: int


def _wish(
    other: Annotated[str, Query(alias="with", max_length=80)] = "",
    plot: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Wish:
    return Wish(other=FlightId(other) if other else None, plot=plot)


Asked = Annotated[Wish, Depends(_wish)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A change as the page lists it; ``path`` is its outline in pixels of the pictures."""

    number: int
    change: Change
    licensed: tuple[str, ...]
    path: str
    place: tuple[float, float]


@router.get("/change")
def show_change(
    request: Request, flight_id: str, reader: SignedIn, services: Served, pages: Pages, asked: Asked
) -> Response:
    """New, still there, vanished, and not seen by both; or why nothing is said."""
    database, files = services.database, services.desk.files
    flight, before = earlier_of(database, files, reader.person, FlightId(flight_id))
    content: dict[str, Any] = {"flight": flight, "before": before, "compared": None, "lines": (), "plot": asked.plot}
    if before:
        compared = compare(database, files, reader.person, flight.id, asked.other or before[0].flight.id)
        view = _view(compared, asked.plot)
        lines = tuple(_lines(services, reader.person, compared, view))
        content |= {
            "compared": compared,
            "laid": compared.laid,
            "lines": lines,
            "drawn": lines if len(lines) <= MOST_NUMBERED or asked.plot else (),
            "side_px": SIDE_PX,
            "kinds": KIND_NAMES,
            "shown_m": 2 * view.half_m,
            "query": f"with={compared.laid.earlier.flight.id}&plot={asked.plot}",
            "counts": {word: sum(line.change.word is word for line in lines) for word in Word},
        }
    return pages.show(request, "flight_change.html.jinja", **content)


@router.get("/change/picture")
def show_picture(
    request: Request,
    flight_id: str,
    reader: SignedIn,
    services: Served,
    asked: Asked,
    when: Literal["now", "then"] = "now",
) -> Response:
    """One of the two pictures, as JPEG."""
    database, files, flight = services.database, services.desk.files, FlightId(flight_id)
    if asked.plot:
        compared = compare(database, files, reader.person, flight, asked.other)
        laid, view = compared.laid, _view(compared, asked.plot)
    else:
        laid = lay(database, files, reader.person, flight, asked.other)
        view = _whole(laid)
    source = laid.now if when == "now" else laid.then
    shift = laid.registration
    if when == "then" and shift.doubt is None:
        view = replace(view, east_m=view.east_m - shift.east_m, north_m=view.north_m - shift.north_m)
    square = f"{view.east_m:.2f}-{view.north_m:.2f}-{view.half_m:.1f}"
    tag = tag_of(source, f"change-{when}-{laid.earlier.flight.id}-{square}")
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=PRIVATE | {"ETag": tag})
    drawn = picture(source, laid.frame, view)
    return Response(drawn.content, headers=PRIVATE | {"ETag": tag}, media_type=drawn.media_type)


def _whole(laid: Laid) -> View:
    return replace(laid.ground, half_m=laid.ground.half_m * 1.02, side_px=SIDE_PX)


def _view(compared: Comparison, plot: int) -> View:
    """The square that the pictures show: all that both saw, or what lies about a plot by its number in the list."""
    whole = _whole(compared.laid)
    if not plot:
        return whole
    changes = compared.changes or ()
    if plot > len(changes):
        raise NotFoundError("there is no such plot in the list")
    west, south, east, north = changes[plot - 1].plots[0].outline.bounds
    half_m = max(CLOSE_M, 2 * (east - west), 2 * (north - south))
    return replace(whole, east_m=(west + east) / 2, north_m=(south + north) / 2, half_m=half_m)


def _lines(services: Services, person: Person, compared: Comparison, view: View) -> Iterator[Line]:
    growers = growers_of_flight(services.database, person, compared.laid.flight)
    for number, change in enumerate(compared.changes or (), start=1):
        outline = change.plots[0].outline
        kinds = kinds_at(compared.laid.frame.on_earth(outline), growers)
        east, north = outline.centroid.coords[0]
        yield Line(
            number=number,
            change=change,
            licensed=tuple(kinds),
            path=_path(outline, view),
            place=_px(east, north, view),
        )


def _path(outline: Any, view: View) -> str:
    """An outline as SVG writes paths."""
    rings = shapely.get_rings(shapely.get_parts(outline))
    corners = ([_px(east, north, view) for east, north in ring.coords] for ring in rings)
    return " ".join(f"M{' L'.join(f'{x:.1f},{y:.1f}' for x, y in ring)} Z" for ring in corners)


def _px(east: float, north: float, view: View) -> tuple[float, float]:
    """A place of the plane in pixels from the upper left corner of a picture."""
    metre_px = SIDE_PX / (2 * view.half_m)
    return (east - view.east_m + view.half_m) * metre_px, (view.north_m + view.half_m - north) * metre_px
