"""Report: a scan for people, as one self-contained page in English and Simplified Chinese.

A district manager reads it: where to look, how much ground is in which state, with what it was found, and what may not
be concluded from it. Nothing in it is fetched from elsewhere; it prints.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.domain.coverage import HECTARE_M2, area_in_words
from pipeline.domain.flag import Flag
from pipeline.domain.geometry import Georeference, MapPoint
from pipeline.domain.model import Manifest
from pipeline.imagery.pictures import Album, Crop, Picture
from pipeline.imagery.placing import longitude_latitude
from pipeline.imagery.whole import write_text
from pipeline.scanning.results import ScanRecord

TEMPLATE: Final = "report.html.jinja"
MOST_PICTURED: Final = 300
"""More flags than this are listed without pictures, or the page would not open on a small machine."""
NUMBERED: Final = 150
"""More flags than this are marked on the overview without their numbers."""
LEAST_MARK_PX: Final = 9.0
NEAR_PX: Final = 400
FAR_PX: Final = 3000
"""The least ground a chip shows, in pixels of the mosaic: the plot itself, and what lies around it."""
STATES: Final = ("flagged", "clear", "not_assessable", "not_flown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """All that the report is made of."""

    record: ScanRecord
    flags: tuple[Flag, ...]
    place: Georeference
    working: Path
    model: Manifest


def write_report(path: Path, scanned: Scanned) -> None:
    """Write the page to ``path``, whole or not at all."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["picture"] = _data_uri
    environment.filters["area"] = area_in_words
    with Album(scanned.working) as album:
        content = _content(scanned, album)
    write_text(path, environment.get_template(TEMPLATE).render(content))


def _content(scanned: Scanned, album: Album) -> dict[str, Any]:
    """What the template names."""
    record = scanned.record
    whole = album.overview()
    return {
        "record": record,
        "model": scanned.model,
        "date": record.scanned_at[:10],
        "shares": _shares(record),
        "overview": whole,
        "bar_of_overview": _bar(whole, scanned.place),
        "marks": [_mark(flag, whole, scanned.place) for flag in scanned.flags],
        "numbered": len(scanned.flags) <= NUMBERED,
        "cards": _cards(scanned, album),
        "most_pictured": MOST_PICTURED,
    }


def _shares(record: ScanRecord) -> list[dict[str, Any]]:
    """Hectares and percent of each state, most urgent first; widths in percent add to 100."""
    total = record.area_total_m2
    return [
        {
            "state": state,
            "m2": record.area_m2[state],
            "hectares": record.area_m2[state] / HECTARE_M2,
            "percent": 100 * record.area_m2[state] / total,
        }
        for state in STATES
    ]


def _mark(flag: Flag, picture: Picture, place: Georeference) -> dict[str, Any]:
    """Where a flag is on a picture: its centre, and a ring that is never too small to see."""
    left, bottom, right, top = flag.plot.outline.bounds
    x, y = _on(picture, place, MapPoint((left + right) / 2, (top + bottom) / 2))
    radius = max(right - left, top - bottom) / 2 / place.pixel_width * picture.scale
    return {"id": flag.id, "x": x, "y": y, "radius": max(LEAST_MARK_PX, radius * 1.3)}


def _cards(scanned: Scanned, album: Album) -> list[dict[str, Any]]:
    """One entry a flag: what is known of it, where it is, and its two pictures."""
    centres = [MapPoint(*flag.plot.outline.centroid.coords[0]) for flag in scanned.flags]
    degrees = longitude_latitude(scanned.place, centres)
    return [
        {
            "flag": flag,
            "centre": centre,
            "degrees": degree,
            "views": _views(flag, scanned.place, album) if number < MOST_PICTURED else [],
        }
        for number, (flag, centre, degree) in enumerate(zip(scanned.flags, centres, degrees, strict=True))
    ]


def _views(flag: Flag, place: Georeference, album: Album) -> list[dict[str, Any]]:
    """The plot close up, and with what lies around it."""
    near = _around(flag, place, factor=1.6, least_px=NEAR_PX)
    far = _around(flag, place, factor=5.0, least_px=FAR_PX)
    return [_view(flag, place, album.chip(crop)) for crop in (near, far)]


def _view(flag: Flag, place: Georeference, picture: Picture) -> dict[str, Any]:
    """A picture with the flag's outline and a scale bar."""
    return {"picture": picture, "outline": _path(flag, picture, place), "bar": _bar(picture, place)}


def _around(flag: Flag, place: Georeference, *, factor: float, least_px: int) -> Crop:
    """A square of ground with a flag in its middle."""
    left, bottom, right, top = flag.plot.outline.bounds
    side = max(factor * max(right - left, top - bottom), least_px * place.pixel_width)
    return Crop(
        left_px=((left + right - side) / 2 - place.left) / place.pixel_width,
        top_px=(place.top - (top + bottom + side) / 2) / place.pixel_height,
        width_px=side / place.pixel_width,
        height_px=side / place.pixel_height,
    )


def _path(flag: Flag, picture: Picture, place: Georeference) -> str:
    """The flag's outline as an SVG path in picture pixels."""
    outline = flag.plot.outline
    polygons = outline.geoms if hasattr(outline, "geoms") else [outline]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return " ".join(_ring([_on(picture, place, MapPoint(*point[:2])) for point in ring.coords]) for ring in rings)


def _ring(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def _on(picture: Picture, place: Georeference, point: MapPoint) -> tuple[float, float]:
    """A place in picture pixels, right and down from the upper left corner."""
    column = (point.x - place.left) / place.pixel_width - picture.crop.left_px
    row = (place.top - point.y) / place.pixel_height - picture.crop.top_px
    return column * picture.scale, row * picture.scale


def _bar(picture: Picture, place: Georeference) -> dict[str, float]:
    """A scale bar of a round number of metres, at most a quarter of the picture."""
    pixel_m = place.pixel_width * place.metres_per_unit / picture.scale
    most_m = picture.size.width_px * pixel_m / 4
    metres = max(round_m for round_m in _round_lengths() if round_m <= max(most_m, 0.01))
    return {"metres": metres, "px": metres / pixel_m}


def _round_lengths() -> list[float]:
    return [step * 10.0**power for power in range(-2, 5) for step in (1, 2, 5)]


def _data_uri(picture: Picture) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode("ascii")
