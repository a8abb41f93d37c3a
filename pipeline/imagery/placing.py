"""Placing: where a trusted raster lies, and where its points are in another reference system, or in degrees."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioIOError
from rasterio.warp import transform

from pipeline.domain.geometry import Georeference, MapPoint, Size
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.pixels import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The size of a raster and where it lies; a picture without a georeference has none.

    ``turned`` says that EXIF asks viewers to turn or mirror the picture, which nothing here does.
    """

    size: Size
    georeference: Georeference | None
    turned: bool = False


def place_of(path: Path, *, flat: bool = False) -> Place:
    """The size and place of the raster at ``path``; a ``flat`` one is asked for its size alone.

    Raises:
        InvalidInputError: It is no raster, is rotated, or its coordinates are not lengths.
        NotFoundError: There is no such file.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    try:
        with without_placing_warnings(), rasterio.open(path) as raster:
            size = Size(width_px=raster.width, height_px=raster.height)
            turned = raster.tags().get("EXIF_Orientation", "1") not in {"0", "1"}
            return Place(size=size, georeference=None if flat else _georeference(raster, path.name), turned=turned)
    except RasterioIOError as error:
        raise InvalidInputError(f"{path.name} cannot be read as a raster") from error


def open_ground(path: Path, *, scale: float, fill_rgb: tuple[int, int, int]) -> Ground:
    """``Ground`` for a raster or a plain picture: that a picture lies nowhere is no reason to warn."""
    with without_placing_warnings():
        return Ground(path, scale=scale, fill_rgb=fill_rgb)


def same_crs(first: str, second: str) -> bool:
    """Whether two descriptions of a coordinate reference system (WKT or EPSG:N) mean the same one.

    Raises:
        InvalidInputError: One of them cannot be understood.
    """
    try:
        return bool(CRS.from_user_input(first) == CRS.from_user_input(second))
    except CRSError as error:
        raise InvalidInputError(f"coordinate reference system {first!r} or {second!r} cannot be understood") from error


def moved_to_crs(points: npt.NDArray[np.float64], crs: str, wanted: str) -> npt.NDArray[np.float64]:
    """Points [n, 2] (x, y) of ``crs`` in the reference system ``wanted``; infinite where they have no place in it.

    Raises:
        InvalidInputError: One of the reference systems cannot be understood.
    """
    try:
        xs, ys = transform(CRS.from_user_input(crs), CRS.from_user_input(wanted), points[:, 0], points[:, 1])
    except CRSError as error:
        raise InvalidInputError(f"coordinates cannot be turned from {crs!r} to {wanted!r}") from error
    return np.column_stack([xs, ys])


def crs_name(crs: str | None) -> str:
    """A short name for a coordinate reference system (WKT or EPSG:N), for messages."""
    if crs is None:
        return "no coordinate reference system"
    authority = CRS.from_user_input(crs).to_authority()
    return ":".join(authority) if authority else "a coordinate reference system without a code"


def longitude_latitude(place: Georeference, points: list[MapPoint]) -> list[MapPoint]:
    """``points`` of ``place``'s CRS in WGS 84: degrees east (x) and degrees north (y)."""
    if not points:
        return []
    east, north = transform(place.crs, "EPSG:4326", [p.x for p in points], [p.y for p in points])
    return [MapPoint(x, y) for x, y in zip(east, north, strict=True)]


def outline_in_degrees(place: Georeference, outline: shapely.Geometry) -> shapely.Geometry:
    """An outline of ``place``'s CRS in WGS 84, longitude first; outer rings run counterclockwise (RFC 7946)."""

    def to_degrees(points: npt.NDArray[np.float64]) -> object:
        return np.column_stack(transform(place.crs, "EPSG:4326", points[:, 0], points[:, 1]))

    return shapely.orient_polygons(shapely.make_valid(shapely.transform(outline, to_degrees)))


def epsg_code(place: Georeference) -> int | None:
    """The EPSG code of ``place``'s CRS; None where it has none."""
    code = CRS.from_wkt(place.crs).to_epsg()
    return None if code is None else int(code)


def without_placing_warnings() -> "warnings.catch_warnings[None]":
    """A ``with`` in which pictures without a georeference are not warned about."""
    return warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning)


def _georeference(raster: rasterio.DatasetReader, name: str) -> Georeference | None:
    """The georeference of an open raster, None for a picture that has neither CRS nor transform."""
    if raster.crs is None:
        return None
    transform = raster.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InvalidInputError(f"{name} is rotated or flipped; warp it to north-up first")
    if not raster.crs.is_projected:
        raise InvalidInputError(f"{name} is in degrees; warp it to a projected CRS (metres) first")
    return Georeference(
        crs=raster.crs.to_wkt(),
        left=transform.c,
        top=transform.f,
        pixel_width=transform.a,
        pixel_height=-transform.e,
        metres_per_unit=float(raster.crs.linear_units_factor[1]),
    )
