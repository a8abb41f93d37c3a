"""Coverage: the managers' map of what was seen and what was not, its table, and the same for scripts.

The table is written by the server alone; the map shows its rows again where the pointer is, so that both agree.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipeline.domain.camera import CAMERAS
from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.people import District, DistrictId, Person, Role
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.districts import list_districts
from pipeline.store.ground import Region, regions_of
from pipeline.store.no_fly import Airspace
from pipeline.web.flying_again import PRIVATE
from pipeline.web.languages import marked
from pipeline.web.overview import FOUND
from pipeline.web.planning import MOST_PLANNED, USUAL_CM, airspaces_here
from pipeline.web.problems import USUAL
from pipeline.web.scripts import Looker
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import SignedIn
from pipeline.workflow import draw_marks
from pipeline.workflow.draw_coverage import MOST_GROUND_ZOOM, MOST_ZOOM, OUTLINED_FROM, days
from pipeline.workflow.draw_imagery import IMAGERY_FROM
from pipeline.workflow.see_coverage import Sight, see
from pipeline.workflow.tell_coverage import as_rows, gaps_as_json, gaps_of, window_of

ONLY_MANAGERS: Final = marked("only managers see the coverage of a district")
ZOOMS: Final = {
    "areas": (0, MOST_ZOOM),
    "ground": (0, MOST_GROUND_ZOOM),
    "flags": (0, MOST_ZOOM),
    "marks": (0, draw_marks.MOST_ZOOM),
    "imagery": (IMAGERY_FROM, 20),
}
"""Between which zooms there are tiles of each layer of the map; beyond the last one it enlarges them."""
STAGES: Final = {FlagStatus.VISIT_PLANNED: marked("Planned"), **FOUND}
"""What a visit is on the map, in the order of its legend."""

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see, as an address has it; an empty field is left open."""

    district: str
    first: str
    last: str


def asked_for(
    district: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[str, Query(alias="from", max_length=20)] = "",
    last: Annotated[str, Query(alias="to", max_length=20)] = "",
) -> Asked:
    """What the address of a request asks for."""
    return Asked(district=district, first=first, last=last)


Wanted = Annotated[Asked, Depends(asked_for)]


@router.get("/coverage", include_in_schema=False)
def show_coverage(request: Request, reader: SignedIn, asked: Wanted, services: Served, pages: Pages) -> Response:
    """The map and its table."""
    sight, districts = _sight(services, reader.person, asked)
    plan: dict[str, Any] = {
        "cameras": CAMERAS,
        "most_planned": MOST_PLANNED,
        "plan_gsd_cm": USUAL_CM,
        "airspaces": _airspaces(services, sight, districts),
    }
    return pages.show(request, "coverage.html.jinja", **_content(services, asked, sight, districts), **plan)


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
    region, district, window = region_asked_for(services, reader.person, asked, area)
    gaps = gaps_of(services.database, region, district, window)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="uncovered-{window.last}.geojson"'}
    return Response(json.dumps(gaps_as_json(gaps)), headers=headers, media_type="application/geo+json")


@router.get("/api/v1/coverage", tags=["coverage"], summary="What was seen of survey areas", responses=USUAL)
def read_coverage(caller: Looker, asked: Wanted, services: Served) -> dict[str, Any]:
    """Areas in m2 and the share that was seen, in a window of days, for managers.

    `district` is an id, `from` and `to` are local days. The four states sum to `total_m2`; `seen_m2` is rounded down.
    """
    sight, _ = _sight(services, caller, asked)
    return {"version": 1, "areas": as_rows(sight.told, sight.window)}


def region_asked_for(services: Services, person: Person, asked: Asked, area: str) -> tuple[Region, District, Window]:
    """A survey area, or the whole of a district, by its id, its district, and the window of days.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: None of their districts has it.
    """
    theirs = districts_of(person, asked)
    with services.database.snapshot() as connection:
        named = {one.id: one for one in list_districts(connection)}
        region = next((one for one in regions_of(connection, theirs) if one.id == area), None)
    if region is None:
        raise NotFoundError("the district has no such survey area")
    first, last = day_of(asked.first), day_of(asked.last)
    window = window_of(services.database, theirs, first=first, last=last, today=services.today)
    return region, named[region.district], window


def _sight(services: Services, person: Person, asked: Asked) -> tuple[Sight, tuple[District, ...]]:
    theirs = districts_of(person, asked)
    first, last = day_of(asked.first), day_of(asked.last)
    window = window_of(services.database, theirs, first=first, last=last, today=services.today)
    with services.database.snapshot() as connection:
        named = tuple(one for one in list_districts(connection) if one.id in person.sees)
    return see(services.database, theirs, window, today=services.today, zone=services.zone), named


def districts_of(person: Person, asked: Asked) -> frozenset[DistrictId]:
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


def _content(services: Services, asked: Asked, sight: Sight, districts: tuple[District, ...]) -> dict[str, Any]:
    query = urlencode({"district": asked.district} if asked.district else {})
    window = sight.window
    return {
        "sight": sight,
        "districts": districts,
        "district": asked.district,
        "today": services.today,
        "slider": {"first": days(sight.known.first), "last": days(services.today), "value": days(window.last)},
        "stages": STAGES,
        "map": {
            "tiles": {layer: f"/coverage/tiles/{layer}/{{z}}/{{x}}/{{y}}?{query}" for layer in ZOOMS},
            "zooms": ZOOMS | {"outlined": OUTLINED_FROM},
            "table": f"/coverage/table?{query}",
            "bounds": sight.bounds,
            "from": days(window.first),
            "to": days(window.last),
        },
    }


def _airspaces(services: Services, sight: Sight, districts: tuple[District, ...]) -> dict[str, Airspace]:
    """What is known of the no-fly zones of each district that is shown, by its name."""
    told = {one.district for one in sight.told}
    shown = {one.id: one.name for one in districts if one.name in told}
    known = airspaces_here(services, shown)
    return {name: known[district] for district, name in shown.items()}


def day_of(said: str) -> date | None:
    """The day that an address has, None for an open one.

    Raises:
        InvalidInputError: It is no date.
    """
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise InvalidInputError(f"{said!r} is no date; write it as 2026-11-26") from error
