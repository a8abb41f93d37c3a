"""Labels are checked on load: what is wrong is said with its number."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from blobs import write_config, write_dataset, write_labels
from pictures import add_key, add_source, write_coco, write_pictures
from PIL import Image

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.labels import read_grounds
from pipeline.learning.plan import load_config
from pipeline.learning.sources import check_split, read_dataset

pytestmark = pytest.mark.learning

GOOD = shapely.box(10, 10, 60, 60)
BOW_TIE = shapely.Polygon([(0, 0), (40, 40), (40, 0), (0, 40)])
FAR_AWAY = shapely.box(9000, 9000, 9040, 9040)


def _read(folder: Path, outlines: list[shapely.Geometry], classes: list[str], crs: str = "EPSG:32649") -> None:
    path = write_dataset(folder, extra='look_alikes = ["blue"]')
    (folder / "train" / "labels.gpkg").unlink()
    write_labels(folder / "train" / "labels.gpkg", outlines, classes, crs=crs)
    read_grounds(read_dataset(path), model_gsd_m=0.02)


@pytest.mark.parametrize(
    ("outlines", "classes", "sentence"),
    [
        ([GOOD, FAR_AWAY], ["red", "red"], "1 of 2 labels lie outside the orthomosaic .*, first number 2"),
        ([BOW_TIE, GOOD, BOW_TIE], ["red"] * 3, "2 of 3 labels are not valid polygons .*, first number 1"),
        ([GOOD, GOOD], ["red", ""], "1 of 2 labels have no class, first number 2"),
        ([GOOD, GOOD], ["red", "grey"], "knows no class 'grey' \\(1 labels\\); it knows blue, red"),
    ],
)
def test_a_wrong_label_is_refused_with_its_number(
    tmp_path: Path, outlines: list[shapely.Geometry], classes: list[str], sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        _read(tmp_path, outlines, classes)


def test_an_outline_that_crosses_itself_is_mended_where_the_source_asks_for_it(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    (tmp_path / "train" / "labels.gpkg").unlink()
    write_labels(tmp_path / "train" / "labels.gpkg", [BOW_TIE, GOOD], ["red", "red"])
    path.write_text(path.read_text().replace('"train/labels.gpkg"', '"train/labels.gpkg"\nrepair = true'))
    train = read_grounds(read_dataset(path), model_gsd_m=0.02)[0]
    assert [target.area for target in train.targets] == pytest.approx([800, 2500])


def test_labels_said_to_be_in_another_reference_system_lie_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="lie outside .* reprojected from EPSG:32648 to EPSG:32649"):
        _read(tmp_path, [GOOD], ["red"], crs="EPSG:32648")


def test_each_part_of_a_multipolygon_is_a_plot(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    (tmp_path / "train" / "labels.gpkg").unlink()
    parts = shapely.MultiPolygon([shapely.box(0, 0, 20, 20), shapely.box(40, 40, 60, 60)])
    whole = shapely.MultiPolygon([GOOD])
    write_labels(tmp_path / "train" / "labels.gpkg", [parts, whole], ["red", "red"], kind="MultiPolygon")
    train = read_grounds(read_dataset(path), model_gsd_m=0.02)[0]
    assert len(train.targets) == 3
    assert train.notes == ("Multipolygons over orthomosaic.tif were taken apart: 1 labels more.",)


def test_every_file_with_wrong_labels_is_counted(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    write_pictures(tmp_path, 5)
    write_coco(tmp_path, [[[10, 10, 60, 60, 60, 10, 10, 60]]] * 5)
    add_source(path, 'coco = "coco.json"\nimages = "pictures"')
    with pytest.raises(InvalidInputError, match="0.jpg: 1 of 1 labels are not valid polygons .* And 2 more files"):
        read_grounds(read_dataset(path), model_gsd_m=0.02)


def test_a_picture_that_exif_turns_is_refused_unless_labels_lie_over_the_stored_pixels(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    write_pictures(tmp_path, 1)
    with Image.open(tmp_path / "pictures" / "0.jpg") as picture:
        picture.save(tmp_path / "pictures" / "0.jpg", exif=exif)
    write_coco(tmp_path, [[[10, 10, 60, 10, 60, 40, 10, 40]]])
    add_source(path, 'coco = "coco.json"\nimages = "pictures"')
    with pytest.raises(InvalidInputError, match="1 pictures of 'p' are to be turned .* 0.jpg: .*as_stored = true"):
        read_grounds(read_dataset(path), model_gsd_m=0.02)
    add_key(path, "as_stored = true")
    assert read_grounds(read_dataset(path), model_gsd_m=0.02)[-1].targets[0].area == 1500


def test_a_data_set_without_its_target_is_refused(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    path.write_text(path.read_text().replace('["red"]', '["poppy"]'))
    with pytest.raises(InvalidInputError, match="no label is a poppy; there are blue, red"):
        read_grounds(read_dataset(path), model_gsd_m=0.02)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    (tmp_path / "validate" / "labels.gpkg").unlink()
    with pytest.raises(NotFoundError, match="labels.gpkg"):
        read_grounds(read_dataset(path), model_gsd_m=0.02)


def test_outlines_come_in_model_pixels_of_their_own_ground(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    (tmp_path / "train" / "labels.gpkg").unlink()
    write_labels(tmp_path / "train" / "labels.gpkg", [shapely.box(80, 40, 120, 60)], ["red"])
    bounds = "\nbounds_px = [64, 32, 128, 96]"
    path.write_text(path.read_text().replace('"train/labels.gpkg"', f'"train/labels.gpkg"{bounds}'))
    train = read_grounds(read_dataset(path), model_gsd_m=0.04)[0]
    assert (train.scale, train.size.width_px, train.size.height_px) == (0.5, 64, 48)
    np.testing.assert_allclose(train.targets[0].bounds, (8, 4, 28, 14), atol=1e-6)


def _split(folder: Path, first: str, second: str, *, fields: tuple[str, str] = ("one", "one")) -> None:
    """A training and a validation source of one orthomosaic."""
    path = folder / "DATASET.toml"
    lines = ["version = 1", 'name = "n"', 'target = ["red"]']
    bounds = (first, second, "[4000, 4000, 512, 512]")
    for role, field, rectangle in zip(("train", "validate", "calibrate"), (*fields, fields[0]), bounds, strict=True):
        lines += ["[[source]]", f'role = "{role}"', f'field = "{field}"', 'orthomosaic = "o.tif"', 'labels = "l.gpkg"']
        lines += [f"bounds_px = {rectangle}"] if rectangle else []
    path.write_text("\n".join(lines))
    check_split(read_dataset(path), gap_px=256)


def test_rectangles_a_chip_apart_may_be_split(tmp_path: Path) -> None:
    _split(tmp_path, "[0, 0, 512, 512]", "[768, 0, 512, 512]")


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("[767, 0, 512, 512]", "train and validate lie 255 px apart in o.tif; at least 256 px"),
        ("[100, 100, 512, 512]", "train and validate lie -412 px apart"),
        ("", "train and validate both use field 'one'"),
    ],
)
def test_a_split_that_shares_ground_is_refused(tmp_path: Path, second: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        _split(tmp_path, "[0, 0, 512, 512]", second)


def test_one_file_under_two_field_names_is_still_one_ground(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="lie -512 px apart"):
        _split(tmp_path, "[0, 0, 512, 512]", "[0, 0, 512, 512]", fields=("one", "another"))


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    with pytest.raises(InvalidInputError, match="config.toml: .*patience"):
        load_config(write_config(tmp_path, extra="patience = 3\n"))


def test_a_source_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    path = write_dataset(tmp_path)
    path.write_text(path.read_text().replace('labels = "train/labels.gpkg"', 'masks = "*.png"'))
    with pytest.raises(InvalidInputError, match="it takes orthomosaic \\+ labels"):
        read_dataset(path)
