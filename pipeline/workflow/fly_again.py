"""Fly again: the ground that a team has to go back for, as files that a phone or a flight planner opens.

A scan keeps it beside its results: ``fly-again.geojson``, version 1 (RFC 7946): outlines in degrees with ``number``,
``why`` (not flown, not assessable) and ``area_m2``. Where somebody said what of a district is to be covered, nobody
goes back for what lies outside of it; areas come and go, so that is left out when it is asked for, not when it is kept.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.coverage import GroundState
from pipeline.domain.flight import Flight
from pipeline.imagery.patches import LEAST_M2, Patch, patches_to_fly_again
from pipeline.imagery.whole import write_text
from pipeline.store.areas import areas_of, has_areas
from pipeline.store.database import Database
from pipeline.workflow.kml import Placemarks

AGAIN_NAME: Final = "fly-again.geojson"
VERSION: Final = 1
WHY: Final = {GroundState.NOT_FLOWN: "not flown", GroundState.NOT_ASSESSABLE: "not assessable"}
STATES: Final = {why: state for state, why in WHY.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What to fly again, the largest first; ``outside_m2`` more would be, but lies outside the survey areas.

    None where the flight's district has no survey areas.
    """

    patches: tuple[Patch, ...]
    outside_m2: float | None = None


def again_of(database: Database, flight: Flight, results: Path) -> Again:
    """What of a scanned flight is to be flown again, inside the survey areas of its district where it has any."""
    patches = kept_patches(results)
    with database.snapshot() as connection:
        if not has_areas(connection, flight.district):
            return Again(patches=patches)
        areas = areas_of(connection, frozenset({flight.district}), within=flight.extent)
    return inside(patches, shapely.union_all([shapely.make_valid(area.outline) for area in areas]))


def inside(patches: Sequence[Patch], areas: BaseGeometry) -> Again:
    """The parts of patches inside ``areas`` (degrees) that somebody would fly again for."""
    shapely.prepare(areas)
    parts = [part for patch in patches for part in _parts(patch, areas)]
    total_m2, inside_m2 = (sum(patch.area_m2 for patch in these) for these in (patches, parts))
    kept = sorted((part for part in parts if part.area_m2 >= LEAST_M2), key=lambda part: -part.area_m2)
    return Again(patches=tuple(kept), outside_m2=max(0.0, total_m2 - inside_m2))


def _parts(patch: Patch, areas: BaseGeometry) -> Iterator[Patch]:
    """A patch is so small that its parts have its area in m2 as they have it in square degrees."""
    if areas.contains(patch.outline):
        yield patch
        return
    for part in shapely.get_parts(areas.intersection(patch.outline)):
        if isinstance(part, shapely.Polygon):
            yield replace(patch, outline=part, area_m2=patch.area_m2 * part.area / patch.outline.area)


def keep_patches(results: Path) -> tuple[Patch, ...]:
    """Trace what to fly again from the ``states.tif`` of a scan result, and keep it there."""
    patches = patches_to_fly_again(results / "states.tif")
    write_text(results / AGAIN_NAME, json.dumps({"version": VERSION, **json.loads(as_geojson(patches))}) + "\n")
    return patches


def kept_patches(results: Path) -> tuple[Patch, ...]:
    """What a scan kept of what to fly again, the largest first; traced now, once, where it kept nothing yet."""
    try:
        content = json.loads((results / AGAIN_NAME).read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            return keep_patches(results)
        return tuple(_patch(feature) for feature in content["features"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, shapely.errors.ShapelyError):
        return keep_patches(results)


def _patch(feature: dict[str, Any]) -> Patch:
    said = feature["properties"]
    return Patch(
        state=STATES[said["why"]],
        outline=shapely.geometry.shape(feature["geometry"]),
        area_m2=float(said["area_m2"]),
    )


def as_geojson(patches: Sequence[Patch]) -> str:
    """Outlines with ``number``, ``why`` and ``area_m2`` (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shapely.geometry.polygon.orient(patch.outline)),
            "properties": {"number": number, "why": WHY[patch.state], "area_m2": round(patch.area_m2, 1)},
        }
        for number, patch in enumerate(patches, start=1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))


def as_kml(patches: Sequence[Patch], title: str) -> str:
    """The same for handheld devices: KML 2.2, a placemark each."""
    marks = Placemarks(title)
    for number, patch in enumerate(patches, start=1):
        marks.mark(f"{number}: {WHY[patch.state]}, {patch.area_m2:.0f} m2", patch.outline)
    return marks.written().decode()
