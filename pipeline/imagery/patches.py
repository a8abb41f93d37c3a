"""Patches: ground that has to be flown again, as outlines on the globe.

That is imagery the model cannot be asked about, and gaps: ground without imagery wholly inside the flown ground. What
lies around a flight is no gap; only the survey area could say whether it is missing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.crs import CRS
from rasterio.features import shapes
from rasterio.warp import transform_geom

from pipeline.domain.coverage import GroundState
from pipeline.imagery.layers import bounded_cache

MOST_PX: Final = 1500
"""Longest side at which states are looked at: outlines are right to a 1,500th of the raster."""
LEAST_M2: Final = 4.0
"""Nobody flies again for less."""
WORLD: Final = CRS.from_epsg(4326)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A connected piece of ground in one state: its outline in degrees and its area as counted in coarse pixels."""

    state: GroundState
    outline: shapely.Polygon
    area_m2: float


def patches_to_fly_again(states: Path) -> tuple[Patch, ...]:
    """Pieces of 4 m2 and more, the largest first; ``states`` is the ``states.tif`` of a scan."""
    with bounded_cache(), rasterio.open(states) as raster:
        step = max(1.0, max(raster.width, raster.height) / MOST_PX)
        shape = (max(1, math.ceil(raster.height / step)), max(1, math.ceil(raster.width / step)))
        states_hw = raster.read(1, out_shape=shape)
        grid = raster.transform * raster.transform.scale(raster.width / shape[1], raster.height / shape[0])
        crs = raster.crs
    unit_m2 = crs.linear_units_factor[1] ** 2  # a working orthomosaic is projected
    found = [
        Patch(state=state, outline=_on_the_globe(outline, crs), area_m2=outline.area * unit_m2)
        for state, outline in _pieces(states_hw, grid)
        if outline.area * unit_m2 >= LEAST_M2
    ]
    return tuple(sorted(found, key=lambda patch: -patch.area_m2))


def _pieces(states_hw: npt.NDArray[np.uint8], grid: Any) -> Iterator[tuple[GroundState, shapely.Polygon]]:
    """Connected pieces in the units of the raster's reference system."""
    bounds = shapely.box(*rasterio.transform.array_bounds(*states_hw.shape, grid))
    for state in (GroundState.NOT_ASSESSABLE, GroundState.NOT_FLOWN):
        for shape, _ in shapes(states_hw, mask=states_hw == state, transform=grid):
            outline = shapely.geometry.shape(shape)
            if state is GroundState.NOT_ASSESSABLE or not outline.intersects(bounds.exterior):
                yield state, outline


def _on_the_globe(outline: shapely.Polygon, crs: CRS) -> shapely.Polygon:
    """Longitude and latitude, to 7 digits: about 1 cm."""
    there = shapely.geometry.shape(transform_geom(crs, WORLD, shapely.geometry.mapping(outline)))
    return shapely.set_precision(there, 1e-7, mode="pointwise")
