"""Survey areas from a GIS: three formats, any reference system, and nothing that pretends to be one."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio.raw import write

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.areas import Area, read_areas

UTM = "EPSG:32647"
SQUARE = shapely.box(500_000.0, 2_800_000.0, 500_100.0, 2_800_100.0)


def drawn(path: Path, outlines: list[object], *, field: str = "name", driver: str = "GPKG") -> Path:
    write(
        path,
        geometry=np.array([shapely.to_wkb(outline) for outline in outlines], object),
        field_data=[np.array([f"东坡 {number}" for number in range(len(outlines))], object)],
        fields=np.array([field], object),
        layer="areas",
        geometry_type="Unknown" if driver == "GPKG" else "Polygon",
        crs=UTM,
        driver=driver,
    )
    return path


def zipped(folder: Path, *, without: str = "") -> Path:
    (folder / "shape").mkdir()
    drawn(folder / "shape" / "东坡.shp", [SQUARE], driver="ESRI Shapefile")
    with zipfile.ZipFile(folder / "areas.zip", "w") as archive:
        for part in (folder / "shape").iterdir():
            if part.suffix != without:
                archive.write(part, f"export/{part.name}")
    return folder / "areas.zip"


def geojson(path: Path, geometry: object, **properties: object) -> Path:
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def is_the_square(area: Area) -> bool:
    west, south, east, north = area.outline.bounds
    on_its_meridian = west == pytest.approx(99.0, abs=1e-6) and 25.3 < south < north < 25.33
    return on_its_meridian and east > west and area.area_m2 == pytest.approx(10_000, rel=2e-3)


def test_a_geopackage_and_a_zipped_shapefile_give_the_same_ground(tmp_path: Path) -> None:
    (from_gpkg,) = read_areas(drawn(tmp_path / "areas.gpkg", [SQUARE]))
    (from_zip,) = read_areas(zipped(tmp_path))
    for area in (from_gpkg, from_zip):
        assert is_the_square(area)
        assert area.name == "东坡 0"


def test_a_geojson_is_in_degrees_already(tmp_path: Path) -> None:
    square = shapely.box(100.0, 25.0, 100.001, 25.001)
    (area,) = read_areas(geojson(tmp_path / "a.geojson", shapely.geometry.mapping(square), Name="hill"))
    assert (area.name, area.outline.equals(square)) == ("hill", True)


def test_an_area_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    path = drawn(tmp_path / "west.gpkg", [SQUARE, SQUARE], field="code")
    assert [area.name for area in read_areas(path)] == ["west 1", "west 2"]
    assert [area.name for area in read_areas(path, name_field="code")] == ["东坡 0", "东坡 1"]
    with pytest.raises(InvalidInputError, match="its fields are: code"):
        read_areas(path, name_field="label")


def test_an_outline_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    bow = shapely.Polygon([(5e5, 28e5), (500_100, 2_800_100), (500_100, 28e5), (5e5, 2_800_100)])
    (area,) = read_areas(drawn(tmp_path / "a.gpkg", [bow]))
    assert area.outline.is_valid
    assert area.area_m2 == pytest.approx(5_000, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.geojson", b"<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>"),
        ("a.gpkg", b"<OGRVRTDataSource/>"),
        ("a.zip", b"{}"),
        ("a.zip", b"PK\x03\x04 damaged"),
        ("a.geojson", b""),
        ("a.geojson", b"{}"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}'),
        ("a.gpkg", b"SQLite format 3\x00 damaged"),
        ("a.kml", b"<kml/>"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError):
        read_areas(tmp_path / name)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [100, 25]},
        {"type": "LineString", "coordinates": [[100, 25], [101, 26]]},
        {"type": "Polygon", "coordinates": [[[500, 25], [501, 25], [501, 26], [500, 25]]]},
        {"type": "Polygon", "coordinates": [[[100, 25], [101, 25], [102, 25], [100, 25]]]},
        None,
    ],
)
def test_what_is_no_ground_is_refused(tmp_path: Path, geometry: object) -> None:
    with pytest.raises(InvalidInputError):
        read_areas(geojson(tmp_path / "a.geojson", geometry, name="x"))


def test_a_file_without_a_reference_system_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"\.prj"):
        read_areas(zipped(tmp_path, without=".prj"))
    with pytest.raises(NotFoundError):
        read_areas(tmp_path / "none.gpkg")


def test_two_shapefiles_in_a_zip_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped(tmp_path), "a") as archive:
        archive.writestr("other.shp", b"")
    with pytest.raises(InvalidInputError, match="2 shapefiles"):
        read_areas(tmp_path / "areas.zip")
