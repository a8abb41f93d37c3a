import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import rasterio
import shapely

from pipeline.domain.coverage import GroundState
from pipeline.imagery.patches import Patch
from pipeline.workflow.fly_again import AGAIN_NAME, as_geojson, as_kml, kept_patches
from pipeline.workflow.kml import KML

RING = shapely.box(111, 40, 111.001, 40.001) - shapely.box(111.0002, 40.0002, 111.0004, 40.0004)
PATCHES = (
    Patch(state=GroundState.NOT_ASSESSABLE, outline=RING, area_m2=9_000.04),
    Patch(state=GroundState.NOT_FLOWN, outline=shapely.box(111, 40, 111.0001, 40.0001), area_m2=90.0),
)


def test_geojson_has_an_outline_a_reason_and_an_area_each() -> None:
    one, two = json.loads(as_geojson(PATCHES))["features"]
    assert one["properties"] == {"number": 1, "why": "not assessable", "area_m2": 9000.0}
    assert two["properties"]["why"] == "not flown"
    outline = shapely.geometry.shape(one["geometry"])
    assert outline.equals(RING)
    assert outline.exterior.is_ccw, "RFC 7946 goes round outlines against the clock"


def test_kml_has_the_same_outlines_with_their_holes() -> None:
    root = ET.fromstring(as_kml(PATCHES, "Field <7> & wood"))  # noqa: S314 our own
    names = [element.text for element in root.iter(f"{{{KML}}}name")]
    assert names == ["Field <7> & wood", "1: not assessable, 9000 m2", "2: not flown, 90 m2"]
    rings = [element.text or "" for element in root.iter(f"{{{KML}}}coordinates")]
    assert len(rings) == 3
    corners = [tuple(map(float, corner.split(","))) for corner in rings[0].split()]
    assert shapely.Polygon(corners).equals(shapely.Polygon(RING.exterior))


def test_a_scan_keeps_what_to_fly_again_and_an_older_result_gets_it_once(tmp_path: Path) -> None:
    write_states(tmp_path / "states.tif")
    traced = kept_patches(tmp_path)
    assert [patch.state for patch in traced] == [GroundState.NOT_ASSESSABLE]
    (tmp_path / "states.tif").unlink()  # from now on what was kept is read
    kept = kept_patches(tmp_path)
    assert [(patch.state, patch.area_m2) for patch in kept] == [(patch.state, patch.area_m2) for patch in traced]
    assert all(one.outline.equals(other.outline) for one, other in zip(kept, traced, strict=True))


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 0, "features": []}', '{"version": 1}'])
def test_what_was_kept_and_cannot_be_read_is_traced_anew(tmp_path: Path, damage: str) -> None:
    write_states(tmp_path / "states.tif")
    (tmp_path / AGAIN_NAME).write_text(damage)
    assert len(kept_patches(tmp_path)) == 1
    assert json.loads((tmp_path / AGAIN_NAME).read_text())["version"] == 1


def write_states(path: Path) -> None:
    states_hw = np.ones((1, 40, 60), np.uint8)
    states_hw[:, 10:20, 10:30] = GroundState.NOT_ASSESSABLE
    profile = {"driver": "GTiff", "width": 60, "height": 40, "count": 1, "dtype": "uint8", "crs": "EPSG:32649"}
    with rasterio.open(path, "w", **profile, transform=rasterio.transform.from_origin(500_000, 4_500_000, 1, 1)) as out:
        out.write(states_hw)


def test_nothing_to_fly_again_is_an_empty_file_that_still_opens() -> None:
    assert json.loads(as_geojson(())) == {"type": "FeatureCollection", "features": []}
    assert ET.fromstring(as_kml((), "x")) is not None  # noqa: S314 our own
