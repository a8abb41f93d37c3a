"""Exports: flags as a file for other software, as far as whoever asks may see them on the pages."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from pipeline.domain.format import Format
from pipeline.domain.people import DistrictId
from pipeline.web.problems import USUAL
from pipeline.web.scripts import Looker
from pipeline.web.services import Served
from pipeline.workflow.export_flags import WRITERS, export_flags

FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file", "content": {form.media_type: {} for form in WRITERS}}
}
WRITTEN: Final[dict[str, Any]] = {"enum": [form.value for form in WRITERS]}

router = APIRouter(prefix="/api/v1", tags=["flags"], responses=USUAL)


@router.get(
    "/flags",
    summary="Flags as a file: GeoPackage, GeoJSON, GeoParquet, KML or CSV",
    response_class=Response,
    responses=FILES,
)
def export(
    caller: Looker,
    services: Served,
    form: Annotated[Format, Query(alias="format", json_schema_extra=WRITTEN)] = Format.GEOJSON,
    district: Annotated[str, Query(max_length=80, description="The id of one of your districts; else all.")] = "",
) -> Response:
    """Candidates for verification that you may see on the pages, with what they rest on; never a score.

    Whoever only reads flags gets none, field teams those that were confirmed.
    """
    theirs = {DistrictId(district)} if district else caller.sees
    with tempfile.TemporaryDirectory(prefix="plotwatch-export-") as folder:
        path = Path(folder) / f"flags.{form.ending}"
        export_flags(services.database, caller, theirs, form, path)
        content = path.read_bytes()
    named = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return Response(content, headers=named, media_type=form.media_type)
