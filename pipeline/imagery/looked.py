"""Looked: which ground a scan assessed, and which it has imagery of, traced from the mosaic's own pixels.

``ground.json``, version 1, lies beside the results of a scan. Outlines are WKB in hexadecimal, in metres of EPSG:6933
(WGS 84, cylindrical equal-area): one plane for the whole globe in which an area is that on the ellipsoid, so that areas
of different flights, areas and districts add up; a local plane for each would not.

Outlines only ever hold less than the truth. They are made of blocks of pixels; a block is seen where *each* of its
pixels was assessed, and imaged where each is imagery. Ragged edges are made smoother from the inside. So the edge of
what counts lies at most ``BLOCK_M`` + 2 x ``SMOOTH_M`` inside that of the pixels, or three 8,000ths of a mosaic that is
larger than 2 km.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import shapes
from rasterio.windows import Window as PixelWindow

from pipeline.domain.coverage import GroundState
from pipeline.imagery.layers import bounded_cache
from pipeline.imagery.placing import moved_to_crs
from pipeline.imagery.whole import write_text

PLANE: Final = "EPSG:6933"
GROUND_NAME: Final = "ground.json"
VERSION: Final = 1
BLOCK_M: Final = 0.25
SMOOTH_M: Final = 0.25
MOST_BLOCKS: Final = 8192
"""Longest side of a mosaic in blocks."""
PLAIN: Final = 60
"""Rings of so few corners are kept as they are."""
STEP_M: Final = 10.0
"""A straight line of one reference system is bent in another; over 10 m by two thousandths of a millimetre."""
BENT_M: Final = 1e-6
"""Corners that a line does not bend at by more than that are not kept."""
AT_ONCE_PX: Final = 32 * 1024**2
# b = block row, c = block column


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The ground of a scan in metres of ``PLANE``; ``seen`` lies within ``imaged``."""

    seen: shapely.Geometry
    imaged: shapely.Geometry


def keep_looked(results: Path) -> Looked:
    """Trace the ground from the ``states.tif`` of a scan result, and keep it there."""
    looked = trace(results / "states.tif")
    said = {"version": VERSION, "plane": PLANE, "seen": _hex(looked.seen), "imaged": _hex(looked.imaged)}
    write_text(results / GROUND_NAME, json.dumps(said) + "\n")
    return looked


def kept_looked(results: Path) -> Looked:
    """What a scan kept of its ground; traced now, once, where it kept nothing that can be read."""
    try:
        said = json.loads((results / GROUND_NAME).read_text(encoding="utf-8"))
        if said["version"] != VERSION or said["plane"] != PLANE:
            return keep_looked(results)
        return Looked(seen=shapely.from_wkb(said["seen"]), imaged=shapely.from_wkb(said["imaged"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError, shapely.errors.ShapelyError):
        return keep_looked(results)


def trace(states: Path) -> Looked:
    """The ground that ``states.tif`` says was assessed, and that it has imagery of."""
    with bounded_cache(), rasterio.open(states) as raster:
        unit_m = float(raster.crs.linear_units_factor[1])
        block_px = _block_px(raster, unit_m)
        seen_bc, imaged_bc = _blocks(raster, block_px)
        grid = raster.transform * raster.transform.scale(block_px)
        bounds, crs = shapely.box(*raster.bounds), raster.crs.to_wkt()
    smooth = max(SMOOTH_M / unit_m, grid.a)
    seen, imaged = (_outline(found_bc, grid, bounds, smooth) for found_bc in (seen_bc, imaged_bc))
    imaged = shapely.union(imaged, seen)
    return Looked(seen=in_plane(seen, crs, STEP_M / unit_m), imaged=in_plane(imaged, crs, STEP_M / unit_m))


def in_plane(outline: shapely.Geometry, crs: str, step: float) -> shapely.Geometry:
    """An outline of ``crs`` in metres of ``PLANE``, with a corner at least every ``step`` units of ``crs``."""
    if outline.is_empty:
        return shapely.MultiPolygon()
    bent = shapely.transform(shapely.segmentize(outline, step), lambda points: moved_to_crs(points, crs, PLANE))
    bent = shapely.simplify(bent, BENT_M)
    return _polygons(bent if bent.is_valid else shapely.make_valid(bent))


def degrees_in_plane(outline: shapely.Geometry) -> shapely.Geometry:
    """An outline in degrees (EPSG:4326) in metres of ``PLANE``; its edges are straight in degrees."""
    return in_plane(outline, "EPSG:4326", STEP_M / 111_320)


def plane_in(outline: shapely.Geometry, crs: str) -> Any:
    """An outline of ``PLANE`` in another reference system."""
    return (
        shapely.transform(outline, lambda points: moved_to_crs(points, PLANE, crs)) if not outline.is_empty else outline
    )


def _block_px(raster: Any, unit_m: float) -> int:
    """How many pixels a block is wide and high."""
    by_size = int(BLOCK_M / (raster.transform.a * unit_m))
    longest_px = int(max(raster.width, raster.height))
    return max(1, by_size, math.ceil(longest_px / MOST_BLOCKS))


def _blocks(raster: Any, block_px: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which blocks were assessed as a whole, and which are imagery as a whole: bool [b, c] each."""
    starts = np.arange(0, raster.width, block_px)
    seen: list[npt.NDArray[np.bool_]] = []
    imaged: list[npt.NDArray[np.bool_]] = []
    for states_hw in _strips(raster, block_px):
        rows = np.arange(0, len(states_hw), block_px)
        assessed_hw = (states_hw == GroundState.CLEAR) | (states_hw == GroundState.FLAGGED)
        for found, kept in ((assessed_hw, seen), (states_hw != GroundState.NOT_FLOWN, imaged)):
            kept.append(np.logical_and.reduceat(np.logical_and.reduceat(found, starts, axis=1), rows, axis=0))
    return np.concatenate(seen), np.concatenate(imaged)


def _strips(raster: Any, block_px: int) -> Iterator[npt.NDArray[np.uint8]]:
    """States, uint8 [h, w], in strips of whole blocks from top to bottom."""
    least = 512 * block_px // math.gcd(512, block_px)
    height = max(block_px, min(least, AT_ONCE_PX // raster.width // block_px * block_px))
    for row in range(0, raster.height, height):
        yield raster.read(1, window=PixelWindow(0, row, raster.width, min(height, raster.height - row)))


def _outline(found_bc: npt.NDArray[np.bool_], grid: Any, bounds: shapely.Polygon, smooth: float) -> shapely.Geometry:
    """Blocks as one outline in the units of the raster; the last ones are cut where the raster ends."""
    pieces = [
        smoothed(shapely.intersection(shapely.geometry.shape(outline), bounds), smooth)
        for outline, _ in shapes(found_bc.astype(np.uint8), mask=found_bc, transform=grid)
    ]
    return _polygons(shapely.union_all(pieces)) if pieces else shapely.MultiPolygon()


def smoothed(outline: shapely.Geometry, smooth: float) -> shapely.Geometry:
    """The outline with fewer corners, never beyond its own edge; its rings of few corners stay as they are.

    Ground at least ``smooth`` inside the edge, its edge moved by at most ``smooth``, does not reach the edge again.
    """
    if shapely.get_num_coordinates(outline) <= PLAIN:
        return outline
    inner = shapely.union_all([_with_plain_rings(part, smooth) for part in shapely.get_parts(outline)])
    return inner if not inner.is_empty and outline.covers(inner) else outline


def _with_plain_rings(part: shapely.Polygon, smooth: float) -> shapely.Geometry:
    rings = shapely.polygons(shapely.get_rings(part))
    ragged = shapely.get_num_coordinates(rings) > PLAIN
    away = np.r_[-smooth, np.full(len(rings) - 1, smooth)]  # the rim moves in, holes grow
    rings[ragged] = shapely.simplify(shapely.buffer(rings[ragged], away[ragged], join_style="mitre"), smooth)
    return shapely.difference(rings[0], shapely.union_all(rings[1:]))


def _polygons(outline: shapely.Geometry) -> shapely.Geometry:
    """What of an outline has an area."""
    parts = [part for part in shapely.get_parts(outline) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def _hex(outline: shapely.Geometry) -> str:
    return str(shapely.to_wkb(outline, hex=True))
