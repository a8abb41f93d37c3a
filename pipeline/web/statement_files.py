"""Statements as files to take along: as JSON, on paper, and the ground that nobody has seen."""

import json
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from fastapi.responses import Response

from pipeline.web.flying_again import PRIVATE
from pipeline.workflow.issue_statement import gaps_in, written
from pipeline.workflow.tell_coverage import gaps_as_json, write_gaps

KINDS: Final = {
    "pdf": "application/pdf",
    "json": "application/json",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
}
Kind = Literal["pdf", "json", "gpkg", "geojson"]


def as_file(said: dict[str, Any], kind: Kind) -> bytes:
    """A statement as JSON, or the ground that nobody has seen as GeoJSON or a GeoPackage."""
    if kind == "json":
        return written(said)
    if kind == "geojson":
        return json.dumps(gaps_as_json(gaps_in(said))).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "uncovered.gpkg"
        write_gaps(path, gaps_in(said))
        return path.read_bytes()


def to_take_along(content: bytes, kind: str, name: str) -> Response:
    """A file that a browser saves."""
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, headers=headers, media_type=KINDS[kind])
