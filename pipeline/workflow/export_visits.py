"""A route as files that other tools open (``domain.format``), with coordinates in several systems.

Each stop is a candidate for verification, with the verdicts it rests on and the licensed growers there, and nothing of
any person. Positions are WGS 84; only what is named GCJ-02 is displaced.
"""

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from pipeline.domain.coordinates import CGCS2000, degrees_minutes_seconds, gauss_kruger_zone, gcj02, utm_zone
from pipeline.domain.format import Format
from pipeline.domain.route import Point
from pipeline.imagery.parquet import write_parquet
from pipeline.imagery.placing import moved_to_crs
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.store.errands import Stop
from pipeline.workflow.kml import Placemarks, printable
from pipeline.workflow.spreadsheet import as_csv
from pipeline.workflow.visit import Route

WORLD: Final = "EPSG:4326"
CANDIDATE: Final = "candidate for verification"
Describe = Callable[[Stop, dict[str, Any]], str]
"""Says a stop, and its row, in lines of text."""
GPX: Final = "http://www.topografix.com/GPX/1/1"
OUTLINE: Final = "ff3fd2ff"
"""The yellow of the outlines on our maps, as KML writes it: opacity, blue, green, red."""


def as_bytes(route: Route, wanted: Format, describe: Describe | None = None) -> bytes:
    """The file of a route; the same route gives the same bytes.

    ``describe`` says what a stop is, in the language of whoever asks; it is the text that GPX and KML show of a place.

    Raises:
        InvalidInputError: The format cannot be written on this machine.
    """
    rows = as_rows(route)
    texts = [(describe or said)(stop, row) for stop, row in zip(route.stops, rows, strict=True)]
    if wanted is Format.GPX:
        return _gpx(rows, texts)
    if wanted is Format.KML:
        return _kml(route, rows, texts)
    if wanted is Format.CSV:
        return as_csv(list(rows[0]) if rows else ["place"], (row.values() for row in rows)).encode()
    writers = {Format.GPKG: _gpkg, Format.GEOJSON: _geojson, Format.GEOPARQUET: _columns}
    return writers[wanted](route, rows)


def as_rows(route: Route) -> list[dict[str, Any]]:
    """A route, a row a stop in the order of travel; units and reference systems are in the names of the columns."""
    return [
        _about(place, stop, leg_m) | coordinates(stop.point)
        for place, (stop, leg_m) in enumerate(zip(route.stops, route.legs_m, strict=True), start=1)
    ]


def coordinates(point: Point) -> dict[str, Any]:
    """A point of WGS 84 in the systems of the field, metres to a tenth; "" where one has no place for it.

    CGCS2000 and WGS 84 are taken for the same, which holds to some decimetres.
    """
    longitude, latitude = point
    zone, system = utm_zone(point)
    east_m, north_m = _moved(point, system)
    china = _moved(point, CGCS2000)
    strip = gauss_kruger_zone(point)
    strip_m = [round(metres, 1) for metres in _moved(point, strip[1])] if strip else ["", ""]
    displaced = gcj02(point)
    return {
        "latitude": round(latitude, 7),
        "longitude": round(longitude, 7),
        "dms": degrees_minutes_seconds(point),
        "utm_zone": zone,
        "utm_east_m": round(east_m, 1),
        "utm_north_m": round(north_m, 1),
        "cgcs2000_latitude": round(china[1], 7),
        "cgcs2000_longitude": round(china[0], 7),
        "cgcs2000_gk3_zone": strip[0] if strip else "",
        "cgcs2000_gk3_east_m": strip_m[0],
        "cgcs2000_gk3_north_m": strip_m[1],
        "gcj02_latitude": round(displaced[1], 6) if displaced else "",
        "gcj02_longitude": round(displaced[0], 6) if displaced else "",
        **links(point),
    }


def links(point: Point) -> dict[str, str]:
    """Links that open a navigation app: a geo: URI, and one for AMap in GCJ-02, "" where maps are not displaced."""
    displaced = gcj02(point)
    amap = ""
    if displaced:
        amap = f"https://uri.amap.com/marker?position={displaced[0]:.6f},{displaced[1]:.6f}&coordinate=gaode"
    return {"geo_uri": f"geo:{point[1]:.7f},{point[0]:.7f}", "amap_gcj02": amap}


def _about(place: int, stop: Stop, leg_m: float) -> dict[str, Any]:
    verdicts = "; ".join(
        f"{given.verdict.value} ({given.reason}) {given.decided_at.date().isoformat()}" for given in stop.readings
    )
    return {
        "place": place,
        "name": f"{place}. {stop.flight.name} {stop.flag.label}",
        "what": CANDIDATE,
        "visit": stop.visit.id,
        "number": stop.visit.number,
        "flag": stop.flag.label,
        "class": stop.flag.class_name,
        "area_m2": round(stop.flag.area_m2, 1),
        "flown_on": stop.flight.flown_on.isoformat() if stop.flight.flown_on else "",
        "verdicts": verdicts,
        "licensed_growers": "; ".join(stop.kinds),
        "leg_m": round(leg_m),
    }


def _moved(point: Point, system: str) -> tuple[float, float]:
    east, north = moved_to_crs(np.array([point]), WORLD, system)[0]
    return float(east), float(north)


def _geojson(route: Route, rows: list[dict[str, Any]]) -> bytes:
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(stop.flag.outline), "properties": row}
        for stop, row in zip(route.stops, rows, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def said(stop: Stop, row: dict[str, Any]) -> str:
    """What a stop is, in lines, by the names of the columns."""
    del stop
    names = ("what", "class", "area_m2", "verdicts", "licensed_growers", "dms", "geo_uri", "amap_gcj02")
    return "\n".join(f"{name}: {row[name]}" for name in names if row[name] != "")


def _gpx(rows: list[dict[str, Any]], texts: list[str]) -> bytes:
    """Points to steer to, and a route through them, whose points say no more than their names."""
    root = ET.Element("gpx", {"version": "1.1", "creator": "Plotwatch", "xmlns": GPX})
    for row, text in zip(rows, texts, strict=True):
        ET.SubElement(_stop(root, "wpt", row), "desc").text = printable(text)
    way = ET.SubElement(root, "rte")
    for row in rows:
        _stop(way, "rtept", row)
    return _written(root)


def _stop(parent: ET.Element, tag: str, row: dict[str, Any]) -> ET.Element:
    where = {"lat": f"{row['latitude']:.7f}", "lon": f"{row['longitude']:.7f}"}
    point = ET.SubElement(parent, tag, where)
    ET.SubElement(point, "name").text = printable(row["name"])
    return point


def _kml(route: Route, rows: list[dict[str, Any]], texts: list[str]) -> bytes:
    """A point and an outline a stop; the ground under an outline is seen."""
    marks = Placemarks(line=OUTLINE)
    for stop, row, text in zip(route.stops, rows, texts, strict=True):
        point = shapely.Point(row["longitude"], row["latitude"])
        marks.mark(row["name"], point, stop.flag.outline, said=text, known_as=f"visit-{row['visit']}")
    return marks.written()


def _written(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _gpkg(route: Route, rows: list[dict[str, Any]]) -> bytes:
    """One layer of outlines, as QField wants it."""
    return _file(partial(write_outlines, outlines=_layer(route, rows), driver="GPKG"), "visits.gpkg")


def _columns(route: Route, rows: list[dict[str, Any]]) -> bytes:
    return _file(partial(write_parquet, outlines=_layer(route, rows)), "visits.parquet")


def _layer(route: Route, rows: list[dict[str, Any]]) -> Outlines:
    return Outlines(
        layer="visits",
        crs=WORLD,
        kind="MultiPolygon",
        geometries=[shapely.MultiPolygon(list(shapely.get_parts(stop.flag.outline))) for stop in route.stops],
        fields={name: _column([row[name] for row in rows]) for name in (rows[0] if rows else ())},
    )


def _file(write: Callable[[Path], None], name: str) -> bytes:
    """What ``write`` leaves at a path of this name."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def _column(values: list[Any]) -> np.ndarray[Any, Any]:
    if all(isinstance(value, int) for value in values):
        return np.array(values, np.int64)
    if all(isinstance(value, int | float) for value in values):
        return np.array(values, np.float64)
    return np.array([str(value) for value in values], object)
