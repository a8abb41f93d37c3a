"""Look: pictures of a plot for its readers, in the plane about its middle (``local_frame``).

A picture of the plot at full resolution, an overview of what lies around it, and tiles for a map that goes on from
there. Only rasters that this software wrote are opened. The same ground gives the same bytes, with nothing in them but
pixels.

Axes: b = band, h = row, w = column.
"""

import io
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rio_tiler.errors import RioTilerError
from rio_tiler.io import Reader

from pipeline.errors import InvalidInputError
from pipeline.imagery.layers import bounded_cache
from pipeline.imagery.local_frame import EARTH_M, LocalFrame
from pipeline.imagery.map_tiles import TILE_PX, Tile, TileAddress

AROUND: Final = 1.6
"""The picture of a plot shows so many times its size."""
LEAST_M: Final = 12.0
LEAST_PX: Final = 256
MOST_PX: Final = 1024
OVERVIEW: Final = 5.0
OVERVIEW_PX: Final = 768
UNKNOWN_GSD_M: Final = 0.01
"""That of a mosaic of which nobody wrote it down."""
PAPER: Final = (238, 238, 234)
"""What stands where nothing was flown."""
MOST_ZOOM: Final = 24
FARTHEST_M: Final = 5_000.0
"""Tiles farther from the plot are not drawn: the plane is good for so far, and a reader needs no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A square of the plane, ``half_m`` to each side of its middle in metres, drawn with ``side_px`` pixels a side."""

    east_m: float
    north_m: float
    half_m: float
    side_px: int

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """West, south, east and north, in metres."""
        return (
            self.east_m - self.half_m,
            self.north_m - self.half_m,
            self.east_m + self.half_m,
            self.north_m + self.half_m,
        )


def plot_view(outline: Any, gsd_m: float) -> View:
    """What the picture of a plot shows; ``outline`` is in metres, ``gsd_m`` that of the orthomosaic."""
    west, south, east, north = outline.bounds
    around_m = min(LEAST_M, MOST_PX * gsd_m)  # so much around it is shown as long as every pixel is
    side_m = max(AROUND * max(east - west, north - south), around_m, LEAST_PX * gsd_m)
    return View(east_m=0.0, north_m=0.0, half_m=side_m / 2, side_px=min(MOST_PX, math.ceil(side_m / gsd_m)))


def with_gsd(view: View, gsd_m: float) -> View:
    """The same ground with the pixels of another orthomosaic."""
    pixels = math.ceil(2 * view.half_m / gsd_m)
    return replace(view, side_px=min(MOST_PX, max(LEAST_PX, pixels)))


def overview_of(view: View) -> View:
    """What lies around it."""
    return View(east_m=0.0, north_m=0.0, half_m=view.half_m * OVERVIEW, side_px=OVERVIEW_PX)


def tile_view(address: TileAddress) -> View | None:
    """The square of a tile of Web Mercator whose 0, 0 is the middle of the plot; None far away from it."""
    side_m = 2 * math.pi * EARTH_M / 2**address.zoom
    west = address.column * side_m - math.pi * EARTH_M
    north = math.pi * EARTH_M - address.row * side_m
    view = View(east_m=west + side_m / 2, north_m=north - side_m / 2, half_m=side_m / 2, side_px=TILE_PX)
    near = math.hypot(max(0.0, abs(view.east_m) - view.half_m), max(0.0, abs(view.north_m) - view.half_m))
    return view if near <= FARTHEST_M and side_m <= 4 * FARTHEST_M else None


def deepest_zoom(gsd_m: float) -> int:
    """The zoom at which tiles show every pixel of a mosaic."""
    return min(MOST_ZOOM, max(0, math.ceil(math.log2(2 * math.pi * EARTH_M / (TILE_PX * gsd_m)))))


def picture(working: Path, frame: LocalFrame, view: View) -> Tile:
    """The ground in a square as JPEG; what was not flown is paper.

    Raises:
        InvalidInputError: The orthomosaic cannot be laid on the plane.
    """
    pixels_hwb, flown_hw = _ground(working, frame, view)
    pixels_hwb[~flown_hw] = PAPER
    return _encoded(Image.fromarray(pixels_hwb), "JPEG", quality=90)


def tile(working: Path, frame: LocalFrame, view: View) -> Tile | None:
    """The same for a map, see-through where nothing was flown; None where there is no ground at all.

    Raises:
        InvalidInputError: The orthomosaic cannot be laid on the plane.
    """
    pixels_hwb, flown_hw = _ground(working, frame, view)
    if not flown_hw.any():
        return None
    if flown_hw.all():
        return _encoded(Image.fromarray(pixels_hwb), "JPEG", quality=85)
    alpha_hw = flown_hw.astype(np.uint8) * 255
    return _encoded(Image.fromarray(np.dstack([pixels_hwb, alpha_hw])), "WEBP", quality=82, method=2)


def heat(scores: Path, frame: LocalFrame, view: View) -> Tile:
    """Scores of the cells in a square as PNG, the higher the darker; see-through where nothing was scored.

    Raises:
        InvalidInputError: The scores cannot be laid on the plane.
    """
    scores_bhw, scored_hw = read_bands(scores, frame, view, resampling="nearest", indexes=(1,))
    share_hw = scores_bhw[0].astype(np.float32) / 254
    painted = np.zeros((view.side_px, view.side_px, 4), np.uint8)
    painted[..., :3] = (94, 38, 126)
    painted[..., 3] = np.where(scored_hw & (scores_bhw[0] < 255), np.rint(share_hw * 200), 0)  # noqa: PLR2004 not assessed
    return _encoded(Image.fromarray(painted), "PNG", compress_level=3)


def shade(relief: Path, frame: LocalFrame, view: View) -> Tile:
    """The shade of the ground in a square as JPEG; paper where nothing is known.

    Raises:
        InvalidInputError: The relief cannot be laid on the plane.
    """
    bands_bhw, known_hw = read_bands(relief, frame, view, resampling="bilinear", indexes=(1,))
    grey_hw = np.where(known_hw & (bands_bhw[0] > 0), bands_bhw[0], PAPER[0]).astype(np.uint8)
    return _encoded(Image.fromarray(grey_hw), "JPEG", quality=85)


def slope_deg(relief: Path, frame: LocalFrame, view: View) -> int | None:
    """The median slope of the ground in a square, in whole degrees; None where less than half of it is known.

    Raises:
        InvalidInputError: The relief cannot be laid on the plane.
    """
    small = View(east_m=view.east_m, north_m=view.north_m, half_m=view.half_m, side_px=64)
    bands_bhw, known_hw = read_bands(relief, frame, small, resampling="nearest", indexes=(2,))
    slopes = bands_bhw[0][known_hw & (bands_bhw[0] > 0)]
    return int(np.median(slopes)) - 1 if 2 * slopes.size >= known_hw.size else None


def covers(working: Path, frame: LocalFrame, view: View) -> bool:
    """Whether an orthomosaic shows most of a square."""
    small = View(east_m=view.east_m, north_m=view.north_m, half_m=view.half_m, side_px=32)
    try:
        return bool(_ground(working, frame, small)[1].mean() > 0.5)  # noqa: PLR2004 most
    except InvalidInputError:
        return False


def _ground(working: Path, frame: LocalFrame, view: View) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Colours [h, w, 3] of a square, and what of it was flown [h, w]."""
    pixels_bhw, flown_hw = read_bands(working, frame, view, resampling="bilinear", indexes=(1, 2, 3))
    return np.ascontiguousarray(np.moveaxis(pixels_bhw, 0, 2)), flown_hw


def read_bands(
    path: Path, frame: LocalFrame, view: View, *, resampling: str, indexes: tuple[int, ...]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Bands of a raster of ours in a square [b, h, w], and where they are known [h, w].

    Raises:
        InvalidInputError: It cannot be laid on the plane.
    """
    plane = CRS.from_string(frame.crs)
    try:
        with bounded_cache(), Reader(str(path)) as source:
            image = source.part(
                view.bounds_m,
                dst_crs=plane,
                bounds_crs=plane,
                width=view.side_px,
                height=view.side_px,
                indexes=indexes,
                resampling_method=resampling,
                reproject_method="nearest",  # half a pixel off at most, and a quarter of the time of bilinear
            )
    except (RasterioError, RioTilerError, CPLE_BaseError) as error:
        raise InvalidInputError("this orthomosaic cannot be drawn") from error
    return image.data, image.mask > 0


def _encoded(image: Image.Image, kind: str, **options: int) -> Tile:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Tile(content=file.getvalue(), media_type=f"image/{kind.lower()}")
