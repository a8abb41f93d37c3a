"""Plans of flights over the ground of a survey area that nobody has seen, for managers."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from pipeline.imagery.patches import LEAST_M2
from pipeline.web.coverage import Wanted, region_asked_for
from pipeline.web.flying_again import PRIVATE
from pipeline.web.planning import ToPlan, Wished, archive_of
from pipeline.web.services import Served
from pipeline.web.sessions import SignedIn
from pipeline.workflow.tell_coverage import gaps_of, pieces_of

router = APIRouter(include_in_schema=False)


@router.get("/coverage/plan.zip")
def show_plan(
    reader: SignedIn, asked: Wanted, services: Served, wish: Wished, area: Annotated[str, Query(max_length=80)]
) -> Response:
    """Missions over the largest pieces of what nobody saw of a survey area in a window, outside no-fly zones."""
    region, district, window = region_asked_for(services, reader.person, asked, area)
    outlines = pieces_of(gaps_of(services.database, region, district, window), least_m2=LEAST_M2)
    what = ToPlan(outlines=outlines, district=district.id, title=region.area or district.name)
    content = archive_of(services, what, wish)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="fly-uncovered-{window.last}.zip"'}
    return Response(content, headers=headers, media_type="application/zip")
