"""Grid: where an upload lies, and the grid that it is laid into where plots cannot be measured as it lies."""

import math
from dataclasses import dataclass
from typing import Final

from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform, transform_bounds

from pipeline.domain.geometry import Georeference, Size
from pipeline.errors import InvalidInputError
from pipeline.imagery.header import LONGEST_CRS, Header
from pipeline.settings import IntakeLimits

WORLD: Final = CRS.from_epsg(4326)
SEMI_MAJOR_M: Final = 6_378_137.0
ECCENTRICITY_2: Final = 6.694379990141e-3
"""WGS 84 (NIMA TR8350.2, 2000)."""
MOST_DISTORTION: Final = 0.01
"""A projection whose metres differ by more from metres on the ground is left for UTM."""
MOST_OBLONG: Final = 1.1
UTM_NORTH: Final = 84.0
OUTSIDE: Final = "the picture's coordinates lie outside its coordinate reference system; export it again"
MOST_GROWTH: Final = 3.0
"""A raster laid into UTM has more pixels for the corners that its turn leaves empty; a quarter turn doubles them."""
EXPORT_PROJECTED: Final = "export it in a projected system in metres, e.g. UTM or EPSG:4546"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the raster lies as it came, and the grid it must be laid into if it cannot stay as it is."""

    given: Georeference
    target: Georeference | None = None
    target_size: Size | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Centre:
    """The middle of a raster on the globe, and metres on the ground of one CRS unit east and north there."""

    lon: float
    lat: float
    east_m: float
    north_m: float


def place(header: Header, limits: IntakeLimits) -> Placement:
    """Where the raster lies.

    Raises:
        InvalidInputError: It has no usable coordinate reference system, or lies where no survey can.
    """
    crs = _usable_crs(header)
    left, top = header.transform[2], header.transform[5]
    wide, high = header.transform[0], -header.transform[4]
    units = crs.linear_units_factor[1] if crs.is_projected else 1.0
    given = Georeference(
        crs=crs.to_wkt(), left=left, top=top, pixel_width=wide, pixel_height=high, metres_per_unit=units
    )
    centre = _centre(crs, given, header.size)
    _check_gsd(wide * centre.east_m, high * centre.north_m, limits)
    if crs.is_projected and all(
        abs(metres / units - 1) <= MOST_DISTORTION for metres in (centre.east_m, centre.north_m)
    ):
        return Placement(given=given)
    return _in_utm(crs, given, header.size, centre)


def _usable_crs(header: Header) -> CRS:
    """The raster's coordinate reference system, if it is one of the Earth's."""
    if not header.crs:
        raise InvalidInputError(f"the picture has no coordinate reference system; {EXPORT_PROJECTED}")
    if len(header.crs) > LONGEST_CRS:
        raise InvalidInputError(f"the picture's coordinate reference system is not a plausible one; {EXPORT_PROJECTED}")
    try:
        crs = CRS.from_wkt(header.crs)
        usable = crs.is_geographic or crs.is_projected
    except CRSError as error:
        raise InvalidInputError(
            f"the picture's coordinate reference system is not known; {EXPORT_PROJECTED}"
        ) from error
    if not usable:
        raise InvalidInputError(f"the picture's coordinate reference system is a local one; {EXPORT_PROJECTED}")
    return crs


def _centre(crs: CRS, given: Georeference, size: Size) -> _Centre:
    """The middle of the raster; refuses rasters that lie off the globe, at a pole or across the date line."""
    right, bottom = given.point(col_px=size.width_px, row_px=size.height_px)
    middle = given.point(col_px=size.width_px / 2, row_px=size.height_px / 2)
    step = 1e-3 if crs.is_geographic else 100 / given.metres_per_unit
    xs = [middle.x, middle.x + step, middle.x, given.left, right, given.left, right]
    ys = [middle.y, middle.y, middle.y + step, given.top, given.top, bottom, bottom]
    lons, lats = _on_the_globe(crs, xs, ys)
    if not all(-90 < lat < 90 for lat in lats) or not all(-540 < lon < 540 for lon in lons):  # noqa: PLR2004
        raise InvalidInputError(OUTSIDE)
    if max(lons) - min(lons) > 180 or min(lons) < -180 or max(lons) > 180:  # noqa: PLR2004 - half the globe, the date line
        raise InvalidInputError("the picture crosses the 180 degree meridian; cut it there and give the two parts")
    if max(abs(lat) for lat in lats) > UTM_NORTH:
        raise InvalidInputError("the picture lies at a pole; only ground between 84 degrees north and south is taken")
    lon_m, lat_m = metres_per_degree(lats[0])
    return _Centre(
        lon=lons[0],
        lat=lats[0],
        east_m=math.hypot((lons[1] - lons[0]) * lon_m, (lats[1] - lats[0]) * lat_m) / step,
        north_m=math.hypot((lons[2] - lons[0]) * lon_m, (lats[2] - lats[0]) * lat_m) / step,
    )


def _on_the_globe(crs: CRS, xs: list[float], ys: list[float]) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes in degrees; not finite where there are none."""
    try:
        lons, lats = transform(crs, WORLD, xs, ys)
    except (RasterioError, CPLE_BaseError, ValueError) as error:
        raise InvalidInputError(OUTSIDE) from error
    return lons, lats


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres on the ground of one degree of longitude and of latitude at a latitude in degrees (WGS 84)."""
    sine = math.sin(math.radians(lat))
    across = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY_2 * sine**2)
    along = across * (1 - ECCENTRICITY_2) / (1 - ECCENTRICITY_2 * sine**2)
    return math.radians(across * math.cos(math.radians(lat))), math.radians(along)


def _check_gsd(wide_m: float, high_m: float, limits: IntakeLimits) -> None:
    """Refuse pixels that no drone makes."""
    finest, coarsest = min(wide_m, high_m), max(wide_m, high_m)
    if not (limits.finest_gsd_m <= finest and coarsest <= limits.coarsest_gsd_m):
        raise InvalidInputError(
            f"a pixel covers {wide_m:.6g} x {high_m:.6g} m of ground; only {limits.finest_gsd_m:g} m to "
            f"{limits.coarsest_gsd_m:g} m are taken, so check the coordinate reference system and the export"
        )


def _in_utm(crs: CRS, given: Georeference, size: Size, centre: _Centre) -> Placement:
    """The grid of the same ground in its UTM zone with square pixels of the same area."""
    zone = min(int((centre.lon + 180) // 6) + 1, 60)
    utm = CRS.from_epsg((32600 if centre.lat >= 0 else 32700) + zone)
    gsd_m = math.sqrt(given.pixel_width * centre.east_m * given.pixel_height * centre.north_m)
    left, top, wide_m, high_m = _bounds_in(utm, crs, given, size)
    if not wide_m * high_m < MOST_GROWTH * size.pixels * gsd_m**2:
        raise InvalidInputError(f"the picture covers too much of the globe for one UTM zone; {EXPORT_PROJECTED}")
    name = f"UTM zone {zone}{'N' if centre.lat >= 0 else 'S'}"
    why = "degrees" if crs.is_geographic else "a projection whose metres are not metres on the ground here"
    return Placement(
        given=given,
        target=Georeference(crs=utm.to_wkt(), left=left, top=top, pixel_width=gsd_m, pixel_height=gsd_m),
        target_size=Size(
            width_px=max(1, math.ceil(wide_m / gsd_m - 1e-6)), height_px=max(1, math.ceil(high_m / gsd_m - 1e-6))
        ),
        note=f"The original is in {why}; it was laid into {name} with pixels of {gsd_m:.4f} m.",
    )


def _bounds_in(utm: CRS, crs: CRS, given: Georeference, size: Size) -> tuple[float, float, float, float]:
    """Left, top, width and height of the raster's ground in metres of a UTM zone."""
    right, bottom = given.point(col_px=size.width_px, row_px=size.height_px)
    try:
        west, south, east, north = transform_bounds(crs, utm, given.left, bottom, right, given.top, densify_pts=21)
    except (RasterioError, CPLE_BaseError, ValueError) as error:
        raise InvalidInputError(OUTSIDE) from error
    return west, north, east - west, north - south
