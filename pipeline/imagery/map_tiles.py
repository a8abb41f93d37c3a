"""Map tiles: squares of 512 px of a working orthomosaic, and of the state of its ground, in web mercator.

Only rasters that this software wrote are opened here, never an upload: rio-tiler warps through GDAL's VRT driver.

Axes: b = band, h = row, w = column.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import morecantile
import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.features import geometry_mask
from rasterio.transform import from_bounds
from rasterio.warp import transform_geom
from rio_tiler.errors import TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from pipeline.domain.coverage import GroundState
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.layers import bounded_cache

TILE_PX: Final = 512
MOST_ZOOM: Final = 24
"""A pixel of 1 cm at the equator has 23."""
PERIOD_PX: Final = 16
"""Patterns repeat after this; it divides the side of a tile, so that they run on from one to the next."""
EDGES: Final = 64
"""Parts into which the rim of a raster is cut before it is laid on the map: straight lines bend there."""
WORLD: Final = CRS.from_epsg(4326)
MERCATOR: Final = CRS.from_epsg(3857)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileAddress:
    """A square of the world as slippy maps count them: columns to the east, rows to the south, 2^zoom of each."""

    zoom: int
    column: int
    row: int

    def __post_init__(self) -> None:
        """Refuse squares that the world does not have.

        Raises:
            NotFoundError: There is no such square.
        """
        in_range = 0 <= self.zoom <= MOST_ZOOM and all(0 <= number < 2**self.zoom for number in (self.column, self.row))
        if not in_range:
            raise NotFoundError(f"there is no tile {self.zoom}/{self.column}/{self.row}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapExtent:
    """Where a raster lies, in degrees, and the zooms between which its tiles say something new."""

    west: float
    south: float
    east: float
    north: float
    least_zoom: int
    most_zoom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The bytes of a picture and what kind it is."""

    content: bytes
    media_type: str


def map_extent(path: Path) -> MapExtent:
    """Where the raster at ``path`` lies.

    Raises:
        InvalidInputError: Its reference system is not known, so that no map can show it.
    """
    with _reading(path) as source:
        west, south, east, north = source.get_geographic_bounds(WORLD)
        # rio-tiler counts zooms in tiles of 256 px; ours show twice as much
        most = max(0, min(MOST_ZOOM, source.maxzoom) - 1)
        least = max(0, min(most, source.minzoom - 1))
    return MapExtent(west=west, south=south, east=east, north=north, least_zoom=least, most_zoom=most)


def orthomosaic_tile(working: Path, address: TileAddress) -> Tile | None:
    """The imagery there, see-through where nothing was flown; None where there is none.

    Raises:
        InvalidInputError: Its reference system is not known.
    """
    image = _read(working, address, indexes=(1, 2, 3), resampling="bilinear")
    return None if image is None else _pictured(np.ascontiguousarray(np.moveaxis(image.data, 0, 2)), image.mask)


def newest_tile(workings: Iterable[Path], address: TileAddress) -> Tile | None:
    """Imagery of several flights, the one named first on top; None where there is none. Asks for no more than it needs.

    A raster that cannot be laid on a map is passed over.
    """
    pixels_hwb = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
    mask_hw = np.zeros((TILE_PX, TILE_PX), np.uint8)
    for working in workings:
        try:
            image = _read(working, address, indexes=(1, 2, 3), resampling="bilinear")
        except InvalidInputError:
            continue
        if image is not None:
            new_hw = (image.mask > 0) & (mask_hw == 0)
            pixels_hwb[new_hw] = np.moveaxis(image.data, 0, 2)[new_hw]
            mask_hw[new_hw] = image.mask[new_hw]
        if mask_hw.all():
            break
    return _pictured(pixels_hwb, mask_hw)


def states_tile(states: Path, address: TileAddress) -> Tile | None:
    """The ``GroundState`` of the ground there as patterns; None where no raster is or all is clear.

    Raises:
        InvalidInputError: Its reference system is not known.
    """
    image = _read(states, address, indexes=1, resampling="nearest")
    return None if image is None else _patterned(image.data[0], image.mask > 0)


def flown_tile(working: Path, address: TileAddress) -> Tile | None:
    """What was not flown, as a pattern, of a mosaic that was not scanned; None where there is nothing to draw.

    Raises:
        InvalidInputError: Its reference system is not known.
    """
    image = _read(working, address, indexes=(1,), resampling="nearest")
    if image is None:
        return None
    with _reading(working) as source:
        inside_hw = _inside(source, address)
    states_hw = np.where(image.mask > 0, np.uint8(GroundState.CLEAR), np.uint8(GroundState.NOT_FLOWN))
    return _patterned(states_hw, inside_hw)


def _inside(source: Reader, address: TileAddress) -> npt.NDArray[np.bool_]:
    """Which pixels of a tile lie in the raster's rectangle, bool [h, w]; its mask does not tell that from not flown."""
    box = shapely.box(*source.bounds)
    rectangle = shapely.segmentize(box, box.length / EDGES)
    outline = shapely.geometry.shape(transform_geom(source.crs, MERCATOR, shapely.geometry.mapping(rectangle)))
    bounds = source.tms.xy_bounds(morecantile.Tile(address.column, address.row, address.zoom))
    grid = from_bounds(*bounds, TILE_PX, TILE_PX)
    rim = outline.buffer(-grid.a)  # pixels of the rim may be half outside
    if rim.is_empty:
        return np.zeros((TILE_PX, TILE_PX), bool)
    return np.asarray(geometry_mask([rim], (TILE_PX, TILE_PX), grid, invert=True))


def _read(path: Path, address: TileAddress, *, indexes: int | tuple[int, ...], resampling: str) -> ImageData | None:
    with _reading(path) as source:
        try:
            return source.tile(
                address.column,
                address.row,
                address.zoom,
                tilesize=TILE_PX,
                indexes=indexes,
                resampling_method=resampling,
                reproject_method="nearest",  # half a pixel off at most, and a quarter of the time of bilinear
            )
        except TileOutsideBounds:
            return None


@contextmanager
def _reading(path: Path) -> Iterator[Reader]:
    """The raster at ``path``, if maps can show it."""
    try:
        with bounded_cache(), Reader(str(path)) as source:
            if not source.crs or not (source.crs.is_geographic or source.crs.is_projected):
                raise InvalidInputError("the reference system of this orthomosaic is not known: no map can show it")
            yield source
    except (RasterioError, CPLE_BaseError) as error:
        raise InvalidInputError("this orthomosaic cannot be laid on a map") from error


def _pictured(pixels_hwb: npt.NDArray[np.uint8], mask_hw: npt.NDArray[np.uint8]) -> Tile | None:
    if not mask_hw.any():
        return None
    if mask_hw.all():
        return _encoded(Image.fromarray(pixels_hwb), "JPEG", quality=85)
    return _encoded(Image.fromarray(np.dstack([pixels_hwb, mask_hw])), "WEBP", quality=82, method=2)


def _encoded(image: Image.Image, kind: str, **options: int) -> Tile:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Tile(content=file.getvalue(), media_type=f"image/{kind.lower()}")


def _patterned(states_hw: npt.NDArray[np.uint8], inside_hw: npt.NDArray[np.bool_]) -> Tile | None:
    """States as patterns on nothing, so that the imagery shows through."""
    shown_hw = np.where(inside_hw, states_hw, np.uint8(GroundState.CLEAR))
    if (shown_hw == GroundState.CLEAR).all():
        return None
    rows, columns = np.indices(shown_hw.shape) % PERIOD_PX
    return _encoded(Image.fromarray(_patterns()[shown_hw, rows, columns]), "PNG", compress_level=3)


def _patterns() -> npt.NDArray[np.uint8]:
    """How each state looks, uint8 [state, 16, 16, 4]: told apart by the run of their lines as well as by colour.

    Not flown: wide strokes rising to the right. Not assessable: a close lattice. Flagged: upright strokes.
    """
    y, x = np.indices((PERIOD_PX, PERIOD_PX))
    patterns = np.zeros((len(GroundState), PERIOD_PX, PERIOD_PX, 4), np.uint8)
    rising, falling = (x + y) % PERIOD_PX, (x - y) % PERIOD_PX
    _paint(patterns[GroundState.NOT_FLOWN], rising < 3, (60, 66, 74, 210), (236, 237, 233, 120))  # noqa: PLR2004 px
    lattice = ((rising % 8) < 2) | ((falling % 8) < 2)  # noqa: PLR2004 px
    _paint(patterns[GroundState.NOT_ASSESSABLE], lattice, (74, 40, 110, 220), (230, 222, 240, 110))
    _paint(patterns[GroundState.FLAGGED], (x % 8) < 2, (213, 94, 0, 190), (255, 176, 102, 50))  # noqa: PLR2004 px
    return patterns


def _paint(
    pattern: npt.NDArray[np.uint8],
    lines: npt.NDArray[np.bool_],
    line: tuple[int, int, int, int],
    between: tuple[int, int, int, int],
) -> None:
    pattern[:] = between
    pattern[lines] = line
