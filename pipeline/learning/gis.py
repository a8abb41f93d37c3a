"""Labels drawn in a GIS: GeoPackage, GeoJSON, shapefile (also zipped), or any other vector with a field ``class``."""

import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.domain.geometry import Georeference
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.placing import Place, crs_name, moved_to_crs, same_crs
from pipeline.learning.drawing import Drawing, Label

CLASS_FIELD: Final = "class"
LAYER: Final = "labels"


def read_drawn(path: Path, raster: Path, place: Place) -> Drawing:
    """The labels of the vector file at ``path``, in pixels of ``raster``, which lies at ``place``.

    Outlines in another reference system than the raster's are reprojected, exactly and with a note.

    Raises:
        InvalidInputError: The file is no vector, has several layers and none called ``labels``, no field ``class``, or
            a reference system that cannot be turned into the raster's.
        NotFoundError: There is no such file.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    crs, outlines, names = _read(path)
    notes = [] if len(outlines) else [f"{path.name} holds no labels: all of {raster.name} is taken to be clear."]
    has_height = int(shapely.has_z(outlines).sum())
    if has_height:
        notes.append(f"{has_height} of {len(outlines)} labels of {path.name} have heights, which were left out.")
        outlines = shapely.force_2d(outlines)
    if place.georeference is not None and len(outlines):
        outlines, note = _in_crs_of_raster(outlines, crs, place.georeference, f"{path.name} and {raster.name}")
        notes += [note] if note else []
        outlines = shapely.transform(outlines, _to_pixels(place.georeference))
    elif crs is not None and len(outlines):
        raise _no_common_crs(f"{path.name} and {raster.name}", crs, None)
    pairs = zip(outlines, names, strict=True)
    return Drawing(
        path=raster,
        labels=tuple(Label(outline=outline, class_name=name) for outline, name in pairs),
        notes=tuple(notes),
    )


def _read(path: Path) -> tuple[str | None, npt.NDArray[np.object_], list[str]]:
    """Reference system, outlines and class names of a vector file."""
    try:
        layer = _layer(path)
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, columns=[CLASS_FIELD])
        if not len(columns):
            fields = ", ".join(pyogrio.read_info(path, layer=layer)["fields"]) or "none"
            raise InvalidInputError(
                f"{path.name} has no field {CLASS_FIELD!r} that says what a label is; its fields are: {fields}"
            )
        outlines = np.asarray(shapely.from_wkb(wkb), object)
    except (DataSourceError, DataLayerError, shapely.errors.ShapelyError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"{path.name} cannot be read as labels") from error
    return meta["crs"], outlines, [_name(value) for value in columns[0]]


def _layer(path: Path) -> str:
    """The layer called ``labels``, or the only one."""
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if LAYER in names:
        return LAYER
    if len(names) != 1:
        raise InvalidInputError(
            f"{path.name} has {len(names)} layers ({', '.join(names) or 'none'}); call that of the labels {LAYER!r}"
        )
    return names[0]


def _name(value: Any) -> str:
    """A class name as text, empty where there is none; classes may be numbers."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else str(value)


def _in_crs_of_raster(
    outlines: npt.NDArray[np.object_], crs: str | None, place: Georeference, files: str
) -> tuple[npt.NDArray[np.object_], str]:
    """Outlines in the raster's reference system, and a note where they had to be turned into it."""
    if crs is None:
        raise _no_common_crs(files, crs, place.crs)
    if same_crs(crs, place.crs):
        return outlines, ""
    turned = shapely.transform(outlines, lambda points: moved_to_crs(points, crs, place.crs))
    lost = sum(not np.isfinite(shapely.get_coordinates(outline)).all() for outline in turned)
    if lost:
        raise InvalidInputError(
            f"{files}: {lost} of {len(outlines)} labels in {crs_name(crs)} have no place in {crs_name(place.crs)}; "
            "are their coordinates in the system that the file names?"
        )
    return turned, f"{len(outlines)} labels were reprojected from {crs_name(crs)} to {crs_name(place.crs)}."


def _no_common_crs(files: str, labels: str | None, raster: str | None) -> InvalidInputError:
    """Why labels and raster cannot be laid over each other."""
    return InvalidInputError(
        f"{files}: the labels are in {crs_name(labels)} and the raster in {crs_name(raster)}; "
        "write the missing one into its file (for a shapefile, the .prj beside it)"
    )


def _to_pixels(georeference: Georeference) -> Any:
    """A function from map coordinates [n, 2] to pixel coordinates [n, 2]."""
    corner = np.array([georeference.left, georeference.top])
    step = np.array([georeference.pixel_width, -georeference.pixel_height])
    return lambda points: (points - corner) / step
