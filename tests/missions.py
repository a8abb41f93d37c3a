"""Missions read back: the documents of a KMZ for DJI's aircraft, and where it flies."""

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import shapely

KML = "{http://www.opengis.net/kml/2.2}"
WPML = "{http://www.dji.com/wpmz/1.0.2}"


def documents(kmz: bytes) -> dict[str, ET.Element]:
    with zipfile.ZipFile(io.BytesIO(kmz)) as zipped:
        assert sorted(zipped.namelist()) == ["wpmz/template.kml", "wpmz/waylines.wpml"]
        return {
            name.removeprefix("wpmz/"): ET.fromstring(zipped.read(name))  # noqa: S314 our own
            for name in zipped.namelist()
        }


def ways(plan: bytes) -> Iterator[shapely.Geometry]:
    """The way of each mission of a plan's zip, in degrees, from the file that the aircraft flies by."""
    with zipfile.ZipFile(io.BytesIO(plan)) as zipped:
        for name in zipped.namelist():
            if name.startswith("mission-"):
                yield _way(documents(zipped.read(name))["waylines.wpml"])


def _way(wayline: ET.Element) -> shapely.Geometry:
    said = [mark.findtext(f"{KML}Point/{KML}coordinates", "") for mark in wayline.iter(f"{KML}Placemark")]
    points = [tuple(float(number) for number in one.strip().split(",")[:2]) for one in said]
    return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
