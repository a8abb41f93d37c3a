"""Labels drawn in a GIS come in pixels of their raster, whatever the file and its reference system."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from rasters import CRS, GSD_M, LEFT, TOP, green_ground, write_working

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.placing import Place, moved_to_crs, place_of
from pipeline.learning.drawing import Drawing
from pipeline.learning.gis import read_drawn

pytestmark = pytest.mark.learning

SQUARE = shapely.box(10, 10, 60, 60)


def _write(path: Path, outlines: list[Any], classes: list[Any], crs: str | None = CRS, **options: Any) -> Path:
    """Outlines in pixels, written in map coordinates of ``crs``."""
    points = np.array(outlines, dtype=object)
    placed = shapely.transform(points, lambda xy: np.array([LEFT, TOP]) + xy * [GSD_M, -GSD_M])
    if crs not in {CRS, None}:
        placed = shapely.transform(placed, lambda xy: moved_to_crs(xy, CRS, str(crs)))
    if options.pop("lifted", False):
        placed = shapely.force_3d(placed, 12.5)
    told = {"geometry_type": "Polygon", "crs": crs, "layer": "labels", "field": "class"} | options
    fields = [told.pop("field")]
    pyogrio.raw.write(path, shapely.to_wkb(placed), [np.array(classes)], fields, **told)
    return path


def _read(folder: Path, labels: Path) -> Drawing:
    raster = folder / "orthomosaic.tif"
    if not raster.exists():
        write_working(raster, green_ground(64, 64))
    return read_drawn(labels, raster, place_of(raster))


@pytest.mark.parametrize("name", ["labels.gpkg", "labels.shp", "labels.geojson"])
def test_every_usual_vector_file_is_read(tmp_path: Path, name: str) -> None:
    drawing = _read(tmp_path, _write(tmp_path / name, [SQUARE], ["red"]))
    assert drawing.labels[0].class_name == "red"
    np.testing.assert_allclose(drawing.labels[0].outline.bounds, SQUARE.bounds, atol=1e-6)


def test_a_zipped_shapefile_is_read(tmp_path: Path) -> None:
    _write(tmp_path / "drawn.shp", [SQUARE], ["red"])
    with zipfile.ZipFile(tmp_path / "drawn.zip", "w") as archive:
        for path in tmp_path.glob("drawn.*"):
            if path.suffix != ".zip":
                archive.write(path, path.name)
    assert _read(tmp_path, tmp_path / "drawn.zip").labels[0].outline.area == pytest.approx(2500)


@pytest.mark.parametrize(("name", "crs"), [("labels.geojson", "EPSG:4326"), ("labels.gpkg", "EPSG:32650")])
def test_labels_of_another_reference_system_are_reprojected_with_a_note(tmp_path: Path, name: str, crs: str) -> None:
    drawing = _read(tmp_path, _write(tmp_path / name, [SQUARE], ["red"], crs=crs))
    np.testing.assert_allclose(drawing.labels[0].outline.bounds, SQUARE.bounds, atol=1)
    assert drawing.notes == (f"1 labels were reprojected from {crs} to EPSG:32649.",)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_labels_without_a_reference_system_are_refused(tmp_path: Path) -> None:
    labels = _write(tmp_path / "labels.shp", [SQUARE], ["red"], crs=None)
    with pytest.raises(InvalidInputError, match="the labels are in no coordinate .* and the raster in EPSG:32649"):
        _read(tmp_path, labels)


def test_placed_labels_over_a_picture_without_a_place_are_refused(tmp_path: Path) -> None:
    labels = _write(tmp_path / "labels.gpkg", [SQUARE], ["red"])
    with pytest.raises(InvalidInputError, match="in EPSG:32649 and the raster in no coordinate reference system"):
        read_drawn(labels, tmp_path / "a.jpg", Place(size=place_of(_raster(tmp_path)).size, georeference=None))


def _raster(folder: Path) -> Path:
    return write_working(folder / "orthomosaic.tif", green_ground(64, 64))


def test_heights_are_left_out_and_counted(tmp_path: Path) -> None:
    labels = _write(tmp_path / "labels.gpkg", [SQUARE], ["red"], lifted=True, geometry_type="Polygon Z")
    drawing = _read(tmp_path, labels)
    assert not shapely.has_z(drawing.labels[0].outline)
    assert "1 of 1 labels of labels.gpkg have heights" in drawing.notes[0]


def test_a_file_without_labels_is_said_to_mean_clear_ground(tmp_path: Path) -> None:
    drawing = _read(tmp_path, _write(tmp_path / "labels.gpkg", [], np.array([], "U4").tolist()))
    assert drawing.labels == ()
    assert drawing.notes == ("labels.gpkg holds no labels: all of orthomosaic.tif is taken to be clear.",)


def test_classes_may_be_numbers(tmp_path: Path) -> None:
    drawing = _read(tmp_path, _write(tmp_path / "labels.gpkg", [SQUARE, SQUARE], [0, 12]))
    assert [label.class_name for label in drawing.labels] == ["0", "12"]


def test_a_missing_class_field_is_said_with_the_fields_there_are(tmp_path: Path) -> None:
    labels = _write(tmp_path / "labels.gpkg", [SQUARE], ["red"], field="crop")
    with pytest.raises(InvalidInputError, match="has no field 'class' .*; its fields are: crop"):
        _read(tmp_path, labels)


def test_several_layers_without_one_called_labels_are_refused(tmp_path: Path) -> None:
    for layer in ("one", "two"):
        _write(tmp_path / "labels.gpkg", [SQUARE], ["red"], layer=layer, append=(tmp_path / "labels.gpkg").exists())
    with pytest.raises(InvalidInputError, match="has 2 layers \\(one, two\\); call that of the labels 'labels'"):
        _read(tmp_path, tmp_path / "labels.gpkg")


@pytest.mark.parametrize("content", [b"", b"not a vector file"])
def test_a_file_that_is_no_vector_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("labels.gpkg", "labels.zip", "labels.geojson"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInputError, match=f"{name} cannot be read as labels"):
            _read(tmp_path, tmp_path / name)
    with pytest.raises(NotFoundError, match="there is no file"):
        _read(tmp_path, tmp_path / "none.gpkg")


def test_a_shapefile_without_its_fields_is_refused(tmp_path: Path) -> None:
    labels = _write(tmp_path / "labels.shp", [SQUARE], ["red"])
    (tmp_path / "labels.dbf").unlink()
    with pytest.raises(InvalidInputError, match="has no field 'class'"):
        _read(tmp_path, labels)
