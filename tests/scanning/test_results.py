"""What a scan leaves can be read by anyone's tools."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from pyogrio.raw import read
from rasters import LEFT, TOP, place
from shapely import box, from_wkb
from shapely.geometry import shape

from pipeline.domain.flag import Flag, raise_flags
from pipeline.domain.geometry import MapPoint
from pipeline.domain.plot import CandidatePlot
from pipeline.imagery.placing import longitude_latitude
from pipeline.scanning import results


def two_flags() -> tuple[Flag, ...]:
    outlines = [box(LEFT, TOP - 2, LEFT + 2, TOP), box(LEFT + 9, TOP - 10, LEFT + 10, TOP - 9)]
    plots = tuple(
        CandidatePlot(outline=outline, class_name="red", score=0.81234, area_m2=outline.area, cells=3)
        for outline in outlines
    )
    return raise_flags(plots, model="red-things", threshold=0.7)


def test_flags_are_one_layer_in_the_mosaics_crs_with_every_field(tmp_path: Path) -> None:
    results.write_flags(tmp_path, two_flags(), place())
    assert pyogrio.list_layers(tmp_path / "flags.gpkg").tolist() == [["flags", "MultiPolygon"]]
    meta, _, geometry, fields = read(tmp_path / "flags.gpkg")
    assert meta["crs"] == "EPSG:32649"
    assert tuple(meta["fields"]) == results.FIELDS
    row = {name: column[0] for name, column in zip(results.FIELDS, fields, strict=True)}
    assert row == {
        "id": "F00001", "class": "red", "score": 0.8123, "area_m2": 4.0, "cells": 3,
        "model": "red-things", "threshold": 0.7, "status": "unreviewed",
    }  # fmt: skip
    assert from_wkb(geometry[0]).area == pytest.approx(4.0)


def test_geojson_is_longitude_and_latitude_with_counter_clockwise_rings(tmp_path: Path) -> None:
    results.write_flags(tmp_path, two_flags(), place())
    collection = json.loads((tmp_path / "flags.geojson").read_text())
    assert "crs" not in collection
    first = shape(collection["features"][0]["geometry"])
    (corner,) = longitude_latitude(place(), [MapPoint(LEFT, TOP)])
    assert first.bounds[0] == pytest.approx(corner.x, abs=1e-6)
    assert first.bounds[3] == pytest.approx(corner.y, abs=1e-6)
    assert first.geoms[0].exterior.is_ccw


def test_no_flags_give_layers_without_features(tmp_path: Path) -> None:
    results.write_flags(tmp_path, (), place())
    meta, _, geometry, _ = read(tmp_path / "flags.gpkg")
    assert len(geometry) == 0
    assert tuple(meta["fields"]) == results.FIELDS
    assert json.loads((tmp_path / "flags.geojson").read_text())["features"] == []


def test_the_same_flags_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        results.write_flags(tmp_path / folder, two_flags(), place())
    for name in ("flags.gpkg", "flags.geojson"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_nothing_half_written_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(results, "write_outlines", fail)
    with pytest.raises(OSError, match="no space left"):
        results.write_flags(tmp_path, two_flags(), place())
    assert list(tmp_path.iterdir()) == []


def test_positions_are_degrees_east_and_north() -> None:
    assert longitude_latitude(place(), []) == []
    (point,) = longitude_latitude(place(), [MapPoint(500_000.0, 4_500_000.0)])
    np.testing.assert_allclose(point, (111.0, 40.65), atol=0.01)
