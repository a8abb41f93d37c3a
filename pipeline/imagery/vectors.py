"""Vector layers: outlines with fields, written so that the same content gives the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyogrio
import shapely
from pyogrio.raw import write

NO_DATE: Final = "1970-01-01T00:00:00Z"
"""A GeoPackage stores when it was written; here the record beside it says when, and equal content gives equal bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """A layer of ``geometries`` in ``crs``; each of ``fields`` holds one value for each geometry."""

    layer: str
    crs: str
    kind: str
    geometries: Sequence[shapely.Geometry]
    fields: dict[str, np.ndarray[Any, Any]]


def write_outlines(path: Path, outlines: Outlines, **options: str) -> None:
    """Write a layer to ``path``; ``options`` are the driver and what it is told. No outlines give an empty layer."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": NO_DATE})
    write(
        path,
        geometry=np.array([shapely.to_wkb(geometry) for geometry in outlines.geometries], object),
        field_data=list(outlines.fields.values()),
        fields=np.array(list(outlines.fields), object),
        layer=outlines.layer,
        geometry_type=outlines.kind,
        crs=outlines.crs,
        **options,
    )
