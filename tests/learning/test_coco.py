"""COCO files: polygons become labels, and what is no polygon is refused with its number."""

import json
from pathlib import Path
from typing import Any

import pytest
from pictures import write_coco, write_pictures

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.coco import read_coco
from pipeline.learning.drawing import Drawing

pytestmark = pytest.mark.learning

SQUARE = [[10, 10, 60, 10, 60, 40, 10, 40]]


def _read(folder: Path, *globs: str) -> list[Drawing]:
    return list(read_coco(folder / "coco.json", folder / "pictures", globs or ("*",)))


def test_polygons_over_the_chosen_pictures_are_labels(tmp_path: Path) -> None:
    write_pictures(tmp_path, 12)
    write_coco(tmp_path, [SQUARE] * 12)
    (chosen,) = _read(tmp_path, "1.jpg")
    assert chosen.path.name == "1.jpg"
    assert [(label.class_name, label.outline.bounds) for label in chosen.labels] == [("red", (10, 10, 60, 40))]


def test_an_annotation_of_two_parts_is_one_label(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_coco(tmp_path, [[[0, 0, 10, 0, 10, 10, 0, 10], [20, 0, 30, 0, 30, 10, 20, 10]]])
    (label,) = _read(tmp_path)[0].labels
    assert label.outline.area == 200


@pytest.mark.parametrize(
    ("segmentations", "annotation", "sentence"),
    [
        (
            [SQUARE, {"counts": [1, 2], "size": [128, 128]}],
            {},
            "1 of 2 annotations have a run-length.*number 2",
        ),
        ([SQUARE, []], {"bbox": [1, 1, 5, 5]}, "1 of 2 annotations have a box and no polygon.*; first number 2"),
        ([[[1, 1, 2, 2]]], {}, "1 of 1 annotations have a polygon that is no list of at least 3 corners"),
        ([[["a"] * 6]], {}, "1 of 1 annotations have a polygon that is no list"),
        ([SQUARE], {"category_id": 3}, "1 of 1 annotations name a category that is not listed \\(listed: 7\\)"),
        ([SQUARE], {"image_id": 9}, "1 of 1 annotations name a picture that is not listed"),
    ],
)
def test_an_annotation_that_is_no_labelled_polygon_is_refused_with_its_number(
    tmp_path: Path, segmentations: list[Any], annotation: dict[str, Any], sentence: str
) -> None:
    write_pictures(tmp_path, len(segmentations))
    write_coco(tmp_path, segmentations, **annotation)
    with pytest.raises(InvalidInputError, match=sentence):
        _read(tmp_path)


def test_pictures_that_are_missing_are_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_coco(tmp_path, [SQUARE] * 3)
    with pytest.raises(NotFoundError, match="2 of 3 pictures are not in pictures/, first 1.jpg"):
        _read(tmp_path)


def test_pictures_of_another_size_than_when_labelled_are_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2, side=64)
    write_coco(tmp_path, [SQUARE] * 2)
    with pytest.raises(InvalidInputError, match="2 of 2 pictures have another size .*: 0.jpg has 64 x 64 px, not 128"):
        _read(tmp_path)


def test_a_glob_that_chooses_nothing_is_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_coco(tmp_path, [SQUARE])
    with pytest.raises(InvalidInputError, match="1 of 2 globs choose no picture of coco.json: '7.jpg'"):
        _read(tmp_path, "0.jpg", "7.jpg")


def test_a_picture_listed_twice_is_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    content = write_coco(tmp_path, [SQUARE])
    content["images"].append(content["images"][0] | {"id": 5})
    (tmp_path / "coco.json").write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match="lists 1 pictures more than once, for example 0.jpg"):
        _read(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "is not JSON"), ("[]", "is not COCO: 'images'"), ('{"images": [{}]}', "file_name, id")]
)
def test_a_file_that_is_no_coco_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "coco.json").write_text(text)
    with pytest.raises(InvalidInputError, match=sentence):
        _read(tmp_path)
    (tmp_path / "coco.json").unlink()
    with pytest.raises(NotFoundError, match="there is no file"):
        _read(tmp_path)
