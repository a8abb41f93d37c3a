"""Positions in longitude and latitude, for people with a telephone in a field."""

import rasterio.warp

from pipeline.domain.geometry import Georeference, MapPoint


def longitude_latitude(place: Georeference, points: list[MapPoint]) -> list[MapPoint]:
    """``points`` of ``place``'s CRS in WGS 84: degrees east (x) and degrees north (y)."""
    if not points:
        return []
    east, north = rasterio.warp.transform(place.crs, "EPSG:4326", [p.x for p in points], [p.y for p in points])
    return [MapPoint(x, y) for x, y in zip(east, north, strict=True)]
