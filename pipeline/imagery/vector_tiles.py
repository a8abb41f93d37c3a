"""Vector tiles (Mapbox Vector Tile 2.1): outlines in a square of the web mercator map, made simple for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.geometry import Extent
from pipeline.imagery.map_tiles import TileAddress

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
HALF_M: Final = math.pi * 6_378_137.0
"""From the middle of the web mercator map to its edge."""
UNITS: Final = 4096
EDGE_UNITS: Final = 64
"""How far outlines go on beyond a tile, so that their cut edges are not seen."""
SIMPLE_UNITS: Final = 4.0
"""Half a pixel of a tile of 512."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Outlines of one kind in metres of EPSG:3857, and what is said of all of them."""

    outlines: Sequence[BaseGeometry]
    said: Mapping[str, str | int]


def bounds_m(address: TileAddress) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a tile in metres of EPSG:3857."""
    side = 2 * HALF_M / 2**address.zoom
    left, top = address.column * side - HALF_M, HALF_M - address.row * side
    return left, top - side, left + side, top


def extent_of(address: TileAddress, *, edge_units: int = EDGE_UNITS) -> Extent:
    """The box of a tile and of ``edge_units`` beyond it, in degrees."""
    left, bottom, right, top = bounds_m(address)
    edge = (right - left) * edge_units / UNITS
    west, east = (min(max(x / HALF_M * 180, -180), 180) for x in (left - edge, right + edge))
    south, north = (_latitude(y) for y in (bottom - edge, top + edge))
    return Extent(west=west, south=south, east=east, north=north)


def places_in(
    address: TileAddress, longitudes: npt.NDArray[np.float64], latitudes: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where places in degrees lie in a tile: from 0 to 1 to the east, and to the south."""
    side = 2**address.zoom
    y = np.log(np.tan(np.pi / 4 + np.radians(latitudes) / 2)) / np.pi
    return (longitudes / 360 + 0.5) * side - address.column, (0.5 - y / 2) * side - address.row


def in_mercator(outlines: Sequence[BaseGeometry]) -> Any:
    """Outlines in degrees in metres of EPSG:3857."""

    def turned(points: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> Any:
        y = np.log(np.tan(np.pi / 4 + np.radians(points[:, 1]) / 2)) / np.pi * HALF_M
        return np.column_stack([points[:, 0] / 180 * HALF_M, y])

    return shapely.transform(np.array(outlines, object), turned)


def vector_tile(address: TileAddress, layers: Mapping[str, Sequence[Feature]]) -> bytes:
    """The tile, b"" where nothing lies in it."""
    box = bounds_m(address)
    drawn = [{"name": name, "features": [*_features(features, box)]} for name, features in layers.items()]
    drawn = [layer for layer in drawn if layer["features"]]
    if not drawn:
        return b""
    return bytes(mapbox_vector_tile.encode(drawn, default_options={"extents": UNITS, "check_winding_order": False}))


def _features(features: Sequence[Feature], box: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    unit = (box[2] - box[0]) / UNITS
    edge = EDGE_UNITS * unit
    outer = (box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge)
    found = []
    for feature in features:
        inside = shapely.clip_by_rect(np.array(feature.outlines, object), *outer)
        inside = inside[~shapely.is_empty(inside)]
        simple = shapely.simplify(inside, SIMPLE_UNITS * unit, preserve_topology=False)
        inside = np.where(shapely.is_empty(simple), shapely.envelope(inside), simple)
        inside = np.array([_without_specks(outline, (SIMPLE_UNITS * unit) ** 2) for outline in inside], object)
        if len(inside):
            in_units = shapely.transform(_together(inside), lambda points: np.rint((points - box[:2]) / unit))
            in_units = shapely.orient_polygons(in_units, exterior_cw=True)
            found.append({"geometry": in_units, "properties": dict(feature.said)})
    return found


def _without_specks(outline: BaseGeometry, least: float) -> BaseGeometry:
    """An outline without the holes that nobody could see in this tile."""
    if shapely.get_num_interior_rings(outline) == 0 or outline.geom_type != "Polygon":
        return outline
    holes = np.array(outline.interiors, object)
    return shapely.polygons(outline.exterior, holes[shapely.area(shapely.polygons(holes)) >= least])


def _together(outlines: Any) -> BaseGeometry:
    """Points as one, or areas as one; they may lie over each other."""
    parts = shapely.get_parts(outlines)
    if shapely.get_type_id(parts[0]) == shapely.GeometryType.POINT:
        return shapely.multipoints(parts)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _latitude(y: float) -> float:
    return math.degrees(2 * math.atan(math.exp(max(min(y, HALF_M), -HALF_M) / HALF_M * math.pi)) - math.pi / 2)
