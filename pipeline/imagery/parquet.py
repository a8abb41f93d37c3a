"""GeoParquet 1.1: outlines with fields as columns, for software that reads many at once (geoparquet.org).

Outlines are WKB in the column ``geometry``, in longitude and latitude (OGC:CRS84, the default of the specification);
``bbox`` has the box of each, so that a reader can leave out what lies elsewhere. Times are UTC. The same content gives
the same bytes. pyarrow, which is larger than all the rest, is an extra and loaded only here.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.errors import InvalidInputError
from pipeline.imagery.vectors import Outlines

VERSION: Final = "1.1.0"
GEOMETRY: Final = "geometry"
BOX: Final = "bbox"
SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
DEGREES: Final = frozenset({"EPSG:4326", "OGC:CRS84"})
NOT_INSTALLED: Final = (
    "GeoParquet needs pyarrow, which is not installed on this machine; add it with pip install 'plotwatch[geoparquet]' "
    "or choose another format"
)


def write_parquet(path: Path, outlines: Outlines) -> None:
    """Write a layer in longitude and latitude to ``path``.

    Raises:
        InvalidInputError: pyarrow is not installed, or the layer lies in another reference system.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 an extra
        from pyarrow import parquet  # noqa: PLC0415 an extra
    except ImportError as error:
        raise InvalidInputError(NOT_INSTALLED) from error
    if outlines.crs not in DEGREES:
        raise InvalidInputError("GeoParquet is written in longitude and latitude")
    drawn = shapely.orient_polygons(np.array(outlines.geometries, object))
    columns = {name: _column(pa, values) for name, values in outlines.fields.items()}
    columns[GEOMETRY] = pa.array([shapely.to_wkb(one) for one in drawn], pa.binary())
    boxes = shapely.bounds(drawn).reshape(-1, len(SIDES))
    columns[BOX] = pa.StructArray.from_arrays([pa.array(side) for side in boxes.T], names=list(SIDES))
    table = pa.table(columns).replace_schema_metadata({"geo": json.dumps(_geo(outlines.kind, drawn))})
    parquet.write_table(table, path, compression="zstd")


def _column(pa: Any, values: np.ndarray[Any, Any]) -> Any:
    """A column of texts, numbers, days or times, with nulls where nothing is known."""
    if values.dtype.kind == "M" and values.dtype != np.dtype("datetime64[D]"):
        return pa.array(values, pa.timestamp("ms", tz="UTC"))
    kind = pa.string() if values.dtype == object else None
    return pa.array(values, kind, from_pandas=True)


def _geo(kind: str, drawn: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What the file says of its geometry."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [kind],
        "orientation": "counterclockwise",
        "edges": "planar",
        "covering": {BOX: {side: [BOX, side] for side in SIDES}},
    }
    if len(drawn):
        column["bbox"] = [float(side) for side in shapely.total_bounds(drawn)]
    return {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
