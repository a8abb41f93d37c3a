"""Masks: groups of target pixels become plots, and a mask that cannot be meant is refused with what it holds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import square_and_speck, write_mask, write_pictures

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.drawing import Drawing
from pipeline.learning.masks import read_masked
from pipeline.learning.sources import Role, Source

pytestmark = pytest.mark.learning


def _read(folder: Path, **keys: Any) -> list[Drawing]:
    told = {"images": "pictures", "masks": "masks/*.png", "gsd_m": 0.02} | keys
    return list(read_masked(Source(role=Role.TRAIN, field="p", **told), folder, "red"))


def test_each_group_of_pixels_that_touch_also_at_a_corner_is_a_plot(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_mask(tmp_path / "masks" / "0.png", square_and_speck())
    (drawing,) = _read(tmp_path)
    assert [label.outline.bounds for label in drawing.labels] == [(16, 8, 48, 40), (60, 60, 62, 62)]
    assert [label.outline.area for label in drawing.labels] == [1024, 2]
    assert not drawing.notes


def test_specks_are_left_out_on_request_and_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_mask(tmp_path / "masks" / "0.png", square_and_speck())
    (drawing,) = _read(tmp_path, least_target_px=3)
    assert len(drawing.labels) == 1
    assert drawing.notes[0].startswith("1 of 2 groups of target pixels in 0.png were left out")


@pytest.mark.parametrize("name", ["0_mask.png", "0-mask.png", "0_gt.png"])
def test_a_mask_may_be_named_after_its_picture(tmp_path: Path, name: str) -> None:
    write_pictures(tmp_path, 1)
    write_mask(tmp_path / "pictures" / name, square_and_speck())
    (drawing,) = _read(tmp_path, masks="pictures/*.png")
    assert drawing.path.name == "0.jpg"


def test_pictures_without_a_mask_are_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    write_mask(tmp_path / "masks" / "1.png", square_and_speck())
    with pytest.raises(InvalidInputError, match="2 of 3 pictures have no mask in masks/.*, first 0.jpg"):
        _read(tmp_path)


def test_two_masks_for_one_picture_are_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    for name in ("0_mask.png", "0_gt.png"):
        write_mask(tmp_path / "masks" / name, square_and_speck())
    with pytest.raises(InvalidInputError, match="1 of 1 pictures have more than one mask"):
        _read(tmp_path)


def test_no_picture_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="pictures finds no picture"):
        _read(tmp_path)


def test_masks_of_another_size_are_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    for name in ("0.png", "1.png"):
        write_mask(tmp_path / "masks" / name, square_and_speck(side=64))
    with pytest.raises(InvalidInputError, match="2 of 2 masks differ .*: 0.png has 64 x 64 px, 0.jpg 128 x 128"):
        _read(tmp_path)


def test_a_target_value_that_no_mask_holds_is_refused_with_those_it_holds(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    for name in ("0.png", "1.png"):
        write_mask(tmp_path / "masks" / name, square_and_speck(value=255))
    with pytest.raises(InvalidInputError, match="none of 2 masks of 'p' holds target_value 1; they hold 0, 255. Set"):
        _read(tmp_path)
    assert len(_read(tmp_path, target_value=255)) == 2


def test_a_picture_without_target_is_ground_without_labels(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    write_mask(tmp_path / "masks" / "0.png", square_and_speck())
    write_mask(tmp_path / "masks" / "1.png", np.zeros((128, 128), np.uint8))
    assert [len(drawing.labels) for drawing in _read(tmp_path)] == [2, 0]


def test_a_coloured_mask_needs_the_colour_of_the_target(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    colours_hwb = np.stack([square_and_speck(value=value) for value in (200, 30, 0)], axis=2)
    write_mask(tmp_path / "masks" / "0.png", colours_hwb)
    with pytest.raises(InvalidInputError, match="0.png is coloured; .*It holds \\(0, 0, 0\\), \\(200, 30, 0\\)"):
        _read(tmp_path)
    assert len(_read(tmp_path, target_colour=(200, 30, 0))[0].labels) == 2
    with pytest.raises(InvalidInputError, match="holds target_colour \\[1, 2, 3\\]; they hold"):
        _read(tmp_path, target_colour=(1, 2, 3))


def test_a_grey_mask_in_three_bands_is_read_as_grey(tmp_path: Path) -> None:
    write_pictures(tmp_path, 1)
    write_mask(tmp_path / "masks" / "0.png", np.stack([square_and_speck(value=255)] * 3, axis=2))
    assert len(_read(tmp_path, target_value=255)[0].labels) == 2
    write_mask(tmp_path / "masks" / "0.png", square_and_speck())
    with pytest.raises(InvalidInputError, match="0.png has no colours; use target_value"):
        _read(tmp_path, target_colour=(1, 2, 3))
