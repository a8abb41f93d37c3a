"""A sheet: the open visits of a district on paper, with coordinates in several systems and room to write."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from pipeline.domain.people import DistrictId
from pipeline.store.districts import list_districts
from pipeline.web.key import CLASSES
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import SignedIn
from pipeline.web.visits import KIND_NAMES, OUTCOMES, Start
from pipeline.workflow.export_visits import coordinates
from pipeline.workflow.keep_visits import MOST_KEPT
from pipeline.workflow.visit import has_picture, place_said, travel

router = APIRouter(prefix="/visits", include_in_schema=False)


@router.get("/sheet")
def show_sheet(
    request: Request,
    reader: SignedIn,
    services: Served,
    pages: Pages,
    district: Annotated[str, Query(max_length=80)],
    start: Start = "",
) -> Response:
    """The next visits of the way, as many as a phone takes along, each in a block that no page breaks."""
    route = travel(services.database, reader.person, DistrictId(district), place_said(start))
    with services.database.snapshot() as connection:
        name = next(one.name for one in list_districts(connection) if one.id == district)
    stops = [
        (stop, leg_m, coordinates(stop.point), has_picture(services.desk.files, stop))
        for stop, leg_m in zip(route.stops[:MOST_KEPT], route.legs_m, strict=False)
    ]
    return pages.show(
        request,
        "visit_sheet.html.jinja",
        district=district,
        name=name,
        start=start,
        route=route,
        stops=stops,
        made_at=services.now(),
        class_names=CLASSES,
        kinds=KIND_NAMES,
        outcomes=OUTCOMES,
    )
