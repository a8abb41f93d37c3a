"""KML 2.2, as phones, handhelds and flight planners read it: placemarks of what lies on the ground, in degrees."""

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

import shapely
from shapely.geometry.base import BaseGeometry

KML: Final = "http://www.opengis.net/kml/2.2"


class Placemarks:
    """A document that is filled mark by mark; the same marks give the same bytes."""

    def __init__(self, title: str = "", line: str = "") -> None:
        """Begin a document; without a title it has none.

        With the colour of a ``line`` (aabbggrr), polygons are outlines of 3 px in it and hide no ground.
        """
        ET.register_namespace("", KML)
        self._root = ET.Element(_kml("kml"))
        self._document = ET.SubElement(self._root, _kml("Document"))
        if title:
            _add(self._document, "name", title)
        self._style = _outlined(self._document, line) if line else ""

    def mark(self, name: str, *shapes: BaseGeometry, said: str = "", known_as: str = "") -> None:
        """Add a placemark of points, lines and polygons, or of collections of them; ``said`` is its description."""
        mark = ET.SubElement(self._document, _kml("Placemark"), {"id": known_as} if known_as else {})
        _add(mark, "name", name)
        if said:
            _add(mark, "description", said)
        if self._style:
            _add(mark, "styleUrl", f"#{self._style}")
        parts = [part for shape in shapes for part in shapely.get_parts(shape)]
        parent = mark if len(parts) == 1 else _add(mark, "MultiGeometry")
        for part in parts:
            _draw(parent, part)

    def written(self) -> bytes:
        """The document in UTF-8."""
        return bytes(ET.tostring(self._root, encoding="utf-8", xml_declaration=True))


def printable(text: str) -> str:
    """``text`` without what XML has no place for."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")


def _outlined(document: ET.Element, line: str) -> str:
    """A style of outlines without a filling; its name."""
    style = ET.SubElement(document, _kml("Style"), {"id": "outline"})
    drawn = _add(style, "LineStyle")
    _add(drawn, "color", line)
    _add(drawn, "width", "3")
    _add(_add(style, "PolyStyle"), "fill", "0")
    return "outline"


def _draw(parent: ET.Element, part: BaseGeometry) -> None:
    if not isinstance(part, shapely.Polygon):
        _coordinates(_add(parent, "Point" if isinstance(part, shapely.Point) else "LineString"), part.coords)
        return
    polygon = _add(parent, "Polygon")
    for side, ring in (("outer", part.exterior), *(("inner", hole) for hole in part.interiors)):
        _coordinates(_add(_add(polygon, f"{side}BoundaryIs"), "LinearRing"), ring.coords)


def _coordinates(parent: ET.Element, points: Iterable[tuple[float, ...]]) -> None:
    """To 8 digits: about a millimetre."""
    _add(parent, "coordinates", " ".join(f"{x:.8f},{y:.8f}" for x, y, *_ in points))


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, _kml(name))
    element.text = None if text is None else printable(text)
    return element


def _kml(name: str) -> str:
    return f"{{{KML}}}{name}"
