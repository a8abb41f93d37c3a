"""Doors of reviews: what waits for a reader, what they have seen, what they say of it. The page ``/review`` calls them.

All geometry is in the plane about the middle of the plot. Nothing here says which flight, where on Earth, which score,
why an item is asked, or what others said, but to whoever ends a dispute. An API token opens none of these doors: a
verdict is given by somebody who is signed in and looks.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final

import shapely
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.decision import DecisionId, Verdict
from pipeline.domain.people import Person, Role
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.imagery.local_frame import as_drawn, as_shown, frame_of
from pipeline.imagery.look import UNKNOWN_GSD_M, View, deepest_zoom, overview_of, plot_view
from pipeline.store.leases import LeaseId
from pipeline.store.readings import Reading
from pipeline.web.growers import collected
from pipeline.web.key import CLASSES
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Sender
from pipeline.workflow.judge import Judgement, judge, show, undo
from pipeline.workflow.offer import ONLY_READERS, give_back_all, offer, skip_reading
from pipeline.workflow.reveal import Revealed, reveal
from pipeline.workflow.surroundings import EarlierFlight, Surroundings, surroundings_of

NOTHING_KEPT: Final = {"Cache-Control": "private, no-store", "Vary": "Cookie"}
MILLIMETRE_DEGREES: Final = 1e-8
LEAST_ZOOM: Final = 15
SHALLOWER: Final = 7
"""Zooms above the deepest one at which tiles are still asked for."""
router = APIRouter(prefix="/review", tags=["review"], include_in_schema=False)
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Strict(BaseModel):
    """What is sent here has no other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(Strict):
    """How many items a reader wants in hand."""

    want: int = Field(default=1, ge=1, le=4)


class Seen(Strict):
    """The pictures that are on the screen, by their sha256."""

    picture: Hash
    overview: Hash


class Said(Strict):
    """A verdict. ``outline`` is GeoJSON in the plane of the item, where the reader drew one."""

    decision: str = Field(pattern=r"^[0-9a-f]{32}$")
    verdict: Verdict
    reason: str = Field(min_length=1, max_length=40)
    note: str = Field(default="", max_length=500)
    outline: dict[str, Any] | None = None


@router.post("/next")
def give_next(request: Request, wanted: Wanted, sender: Sender, services: Served, pages: Pages) -> Response:
    """Up to four items in hand: those that are there already, and the most urgent of what waits."""
    given = offer(
        services.database, sender.person, services.review, want=wanted.want, now=services.now(), today=services.today
    )
    return _json(
        {
            "readings": [
                reading_out(reading, _around(services, reading), partial(pages.say, request))
                for reading in given.readings
            ],
            "left": {"waiting": given.waiting, "mine_today": given.judged_today},
        }
    )


@router.post("/readings/{reading}/shown", status_code=204)
def note_that_shown(reading: str, seen: Seen, sender: Sender, services: Served) -> Response:
    """The pictures are before the reader's eyes: from now on the server counts."""
    _must_read(sender.person)
    seen_pair = (seen.picture, seen.overview)
    show(services.database, sender.session, LeaseId(reading), seen_pair, now=services.now())
    return Response(status_code=204, headers=NOTHING_KEPT)


@router.post("/readings/{reading}/verdict")
def take_verdict(reading: str, said: Said, sender: Sender, services: Served) -> Response:
    """A verdict; sent again under the same id it is the same one."""
    _must_read(sender.person)
    judgement = Judgement(
        decision=DecisionId(said.decision),
        verdict=said.verdict,
        reason=said.reason,
        note=said.note.strip(),
        drawn=drawn_parts(said.outline),
    )
    rules = services.review
    judged = judge(services.database, sender.session, LeaseId(reading), judgement, rules, now=services.now())
    return _json({"undo_until": _moment(judged.undo_until)})


@router.post("/readings/{reading}/undo", status_code=204)
def open_again(reading: str, sender: Sender, services: Served) -> Response:
    """The next verdict takes the place of the last one."""
    _must_read(sender.person)
    undo(services.database, sender.session, LeaseId(reading), now=services.now())
    return Response(status_code=204, headers=NOTHING_KEPT)


@router.post("/readings/{reading}/skip", status_code=204)
def give_back(reading: str, sender: Sender, services: Served) -> Response:
    """The item goes back; it comes to this reader again after everything else."""
    _must_read(sender.person)
    skip_reading(services.database, sender.person, LeaseId(reading), now=services.now())
    return Response(status_code=204, headers=NOTHING_KEPT)


@router.post("/readings/{reading}/reveal")
def show_opinion(reading: str, sender: Sender, services: Served) -> Response:
    """What the model makes of an item that one has judged; from now on the verdict stands."""
    _must_read(sender.person)
    return _json(revealed_out(reveal(services.database, sender.session, LeaseId(reading), now=services.now())))


@router.post("/release", status_code=204)
def give_all_back(sender: Sender, services: Served) -> Response:
    """Everything in hand goes back; sent while the page is left."""
    give_back_all(services.database, sender.person, now=services.now())
    return Response(status_code=204, headers=NOTHING_KEPT)


def reading_out(reading: Reading, around: Surroundings, say: Callable[[str], str]) -> dict[str, Any]:
    """An item as its reader's page gets it; ``say`` is their language."""
    lease, flag, flight = reading.lease, reading.flag, reading.flight
    outline = frame_of(flag.outline).flat(flag.outline)
    near, here = view_of(reading), f"/review/readings/{lease.id}"
    opinions = reading.opinions
    return {
        "id": lease.id,
        "asked": say(CLASSES.get(flag.class_name, flag.class_name)),
        "area_m2": round(flag.area_m2, 2),
        "gsd_m": round(gsd_of(reading), 4),
        "flown_on": _day(flight.flown_on),
        "expires_at": _moment(lease.expires_at),
        "shown": lease.shown_at is not None,
        "outline": _drawn(outline),
        "picture": {"url": f"{here}/picture", "bounds": bounds_of(near)},
        "overview": {"url": f"{here}/overview", "bounds": bounds_of(overview_of(near))},
        "tiles": tiles_out(here, gsd_of(reading)),
        "earlier": [earlier_out(here, one, near) for one in around.earlier],
        "growers": collected(around.growers, lambda ground: _drawn(frame_of(flag.outline).flat(ground)), say),
        "relief": None
        if around.slope_deg is None
        else {"url": f"{here}/relief", "bounds": bounds_of(near), "slope_deg": around.slope_deg},
        "opinions": None
        if opinions is None
        else [{"verdict": one.verdict.value, "reason": one.reason, "note": one.note} for one in opinions],
    }


def earlier_out(here: str, earlier: EarlierFlight, view: View) -> dict[str, Any]:
    """An earlier flight over the same ground, in the same plane; ``here`` is the address of the item."""
    there = f"{here}/earlier/{earlier.place}"
    return {
        "flown_on": _day(earlier.flight.flown_on),
        "tiles": tiles_out(there, earlier.flight.gsd_m or UNKNOWN_GSD_M),
        "picture": {"url": f"{there}/picture", "bounds": bounds_of(view)},
    }


def tiles_out(here: str, gsd_m: float) -> dict[str, Any]:
    """Where the tiles of an orthomosaic are, and at which zooms."""
    deepest = deepest_zoom(gsd_m)
    return {
        "url": f"{here}/tiles/{{z}}/{{x}}/{{y}}",
        "minzoom": max(LEAST_ZOOM, deepest - SHALLOWER),
        "maxzoom": deepest,
    }


def revealed_out(revealed: Revealed) -> dict[str, Any]:
    """The model's opinion as the page gets it."""
    share, reading = revealed.confirmed, revealed.reading
    return {
        "band": None
        if share is None
        else {"confirmed": share.hits, "read": share.n, "low": round(share.low, 4), "high": round(share.high, 4)},
        "heat": {"url": f"/review/readings/{reading.lease.id}/heat", "bounds": bounds_of(view_of(reading))},
        "feedback": None
        if revealed.control is None
        else {
            "hit": revealed.is_hit,
            "truth": revealed.control.truth.value,
            "outline": _drawn(frame_of(reading.flag.outline).flat(revealed.control.outline)),
            "picture": {"url": f"/review/readings/{reading.lease.id}/picture", "bounds": bounds_of(view_of(reading))},
        },
    }


def view_of(reading: Reading) -> View:
    """What the picture of an item shows."""
    return plot_view(frame_of(reading.flag.outline).flat(reading.flag.outline), gsd_of(reading))


def gsd_of(reading: Reading) -> float:
    """The ground sampling distance of an item's orthomosaic in metres; that of 1 cm where nobody wrote it down."""
    return reading.flight.gsd_m or UNKNOWN_GSD_M


def bounds_of(view: View) -> list[float]:
    """West, south, east and north of a view as the browser's map takes them."""
    west, south, east, north = as_shown(shapely.box(*view.bounds_m)).bounds
    return [round(side, 10) for side in (west, south, east, north)]


def drawn_parts(outline: dict[str, Any] | None) -> tuple[shapely.Polygon, ...]:
    """The polygons of GeoJSON that a reader drew, in metres.

    Raises:
        InvalidInputError: It is no GeoJSON of polygons.
    """
    if outline is None:
        return ()
    try:
        geometry = shapely.from_geojson(json.dumps(outline))
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise InvalidInputError("what was drawn is no outline; draw it again") from error
    parts = tuple(shapely.get_parts(geometry))
    if not parts or any(part.geom_type != "Polygon" or part.is_empty for part in parts):
        raise InvalidInputError("what was drawn is no outline; draw it again")
    return tuple(as_drawn(part) for part in parts)


def _drawn(outline: Any) -> dict[str, Any]:
    """An outline in metres as GeoJSON of the browser's map, to a millimetre.

    Rings begin and turn alike whatever made them: by the corner that came first a classifier told flags from disguises.
    """
    rounded = shapely.set_precision(as_shown(outline), MILLIMETRE_DEGREES, mode="pointwise")
    told: dict[str, Any] = shapely.geometry.mapping(shapely.normalize(rounded))
    return told


def _around(services: Services, reading: Reading) -> Surroundings:
    return surroundings_of(services.database, services.desk.files, reading, view_of(reading))


def _must_read(person: Person) -> None:
    if not person.has(Role.REVIEWER):
        raise NotAllowedError(ONLY_READERS)


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), media_type="application/json", headers=NOTHING_KEPT)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
