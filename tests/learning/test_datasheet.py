"""The data sheet counts files and labels; nothing on it is typed."""

from pathlib import Path

import pytest
from blobs import write_dataset
from pictures import add_key, add_source, square_and_speck, write_coco, write_mask, write_pictures

from pipeline.learning.datasheet import tally, target_sizes_m2, write_datasheet
from pipeline.learning.labels import read_grounds
from pipeline.learning.sources import read_dataset

pytestmark = pytest.mark.learning

SQUARE = [[10, 10, 60, 10, 60, 40, 10, 40]]


def _sheet(dataset: Path) -> str:
    read = read_dataset(dataset)
    return write_datasheet(read, read_grounds(read, model_gsd_m=0.04), "ab" * 32)


def _with_pictures(folder: Path) -> Path:
    dataset = write_dataset(folder)
    write_pictures(folder, 3)
    write_coco(folder, [SQUARE] * 3)
    add_source(dataset, 'coco = "coco.json"\nimages = "pictures"\npictures = ["[01].jpg"]', field="pictures")
    return dataset


def test_each_source_is_counted_as_it_is_stored(tmp_path: Path) -> None:
    assert "| train | pictures | 2 | 0.0 | 0.001311 | 2 | 2 red |" in _sheet(_with_pictures(tmp_path))


def test_labels_sizes_and_areas_are_those_of_the_ground_whatever_the_scale(tmp_path: Path) -> None:
    dataset = read_dataset(_with_pictures(tmp_path))
    for model_gsd_m in (0.02, 0.04):
        pictures = read_grounds(dataset, model_gsd_m=model_gsd_m)[-2:]
        assert tally(pictures).hectares == pytest.approx(2 * (128 * 0.02) ** 2 / 10_000)
        assert target_sizes_m2(pictures) == pytest.approx([1500 * 0.02**2] * 5)


def test_pictures_that_play_no_role_are_named(tmp_path: Path) -> None:
    assert "1 pictures lie beside the others and play no role: 2.jpg." in _sheet(_with_pictures(tmp_path))


def test_ground_kept_for_later_is_listed_and_not_opened(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path)
    add_source(dataset, 'coco = "none.json"\nimages = "none"', role="test", field="later")
    assert "| test | later | not opened |" in _sheet(dataset)


def test_what_was_left_out_and_when_it_was_taken_are_said(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path)
    assert "- train field: taken not stated, season not stated." in _sheet(dataset)
    write_pictures(tmp_path, 1)
    write_mask(tmp_path / "masks" / "0.png", square_and_speck())
    add_source(dataset, 'images = "pictures"\nmasks = "masks"\nleast_target_px = 5\nseason = "flowering"')
    add_key(dataset, 'taken_at = "2025-05-01"')
    sheet = _sheet(dataset)
    assert "1 of 2 groups of target pixels in 0.png were left out: they are smaller than 5 px" in sheet
    assert "- p: taken 2025-05-01, season flowering." in sheet
    assert "- Licence: CC0-1.0." in sheet
