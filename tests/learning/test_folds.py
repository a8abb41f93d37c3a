"""Folds: each part is judged once, calibrated on once, and never by ground beside it."""

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError
from pipeline.learning.folds import fold_toml, parts_by_block, parts_by_field
from pipeline.learning.sources import DataSet, Role, Source, check_split, read_dataset

pytestmark = pytest.mark.learning

WHOLE = Size(width_px=4000, height_px=1000)


def field(name: str) -> Source:
    return Source(role=Role.TRAIN, field=name, orthomosaic=Path(f"{name}.tif"), labels=Path(f"{name}.gpkg"))


def block(*bounds: int, role: Role = Role.TRAIN) -> Source:
    left, top, width, height = bounds
    return Source(
        role=role, field="one", orthomosaic=Path("o.tif"), labels=Path("l.gpkg"), bounds_px=(left, top, width, height)
    )


def test_fields_are_grouped_so_that_targets_are_about_equal() -> None:
    targets = {"a": 50, "b": 30, "c": 20, "d": 1}
    parts = parts_by_field([field(name) for name in targets], targets, 3)
    assert [part.name for part in parts] == ["a", "b", "c, d"]


def test_sources_of_one_field_stay_together() -> None:
    parts = parts_by_field([field("a"), field("a"), field("b"), field("c")], {"a": 1, "b": 1, "c": 1}, 3)
    assert sorted(len(part.sources) for part in parts) == [1, 1, 2]


def test_too_few_fields_or_folds_are_refused_with_what_would_do() -> None:
    with pytest.raises(InvalidInputError, match="5 folds need as many fields, there are 2"):
        parts_by_field([field("a"), field("b")], {"a": 1, "b": 1}, 5)
    with pytest.raises(InvalidInputError, match="2 folds are too few"):
        parts_by_field([field("a"), field("b")], {"a": 1, "b": 1}, 2)


@given(st.integers(3, 8), st.integers(1, 400), st.booleans())
def test_blocks_lie_a_gap_apart_and_inside_the_ground(folds: int, gap: int, upright: bool) -> None:
    whole = Size(width_px=1000, height_px=4000) if upright else WHOLE
    source = Source(role=Role.TRAIN, field="one", orthomosaic=Path("o.tif"), labels=Path("l.gpkg"))
    try:
        parts = parts_by_block([source], whole, folds, gap_px=gap)
    except InvalidInputError:
        assert (4000 - (folds - 1) * gap) // folds < gap
        return
    assert len(parts) == folds
    spans = [(bounds[upright], bounds[upright] + bounds[2 + upright]) for part in parts for bounds in _bounds(part)]
    assert spans[0][0] == 0
    assert spans[-1][1] <= 4000
    assert all(second[0] - first[1] == gap for first, second in pairwise(spans))


def _bounds(part: object) -> list[tuple[int, int, int, int]]:
    return [source.bounds_px for source in part.sources]


def test_blocks_never_reach_into_ground_kept_for_later() -> None:
    sources = [block(0, 0, 1000, 1000), block(3000, 0, 1000, 1000)]
    with pytest.raises(InvalidInputError, match="would reach into ground of role test"):
        parts_by_block(sources, WHOLE, 3, gap_px=10, kept=[block(1500, 0, 500, 1000, role=Role.TEST)])
    assert parts_by_block(sources[:1], WHOLE, 3, gap_px=10, kept=[block(1500, 0, 500, 1000, role=Role.TEST)])


def test_one_field_of_several_files_cannot_be_cut_into_blocks() -> None:
    with pytest.raises(InvalidInputError, match="cannot be cut into blocks"):
        parts_by_block([field("a"), field("b")], WHOLE, 3, gap_px=10)


def test_each_part_is_judged_once_and_calibrated_on_once_and_every_fold_is_a_sound_split(tmp_path: Path) -> None:
    (tmp_path / "o.tif").touch()
    source = Source(role=Role.TRAIN, field="one", orthomosaic=Path("o.tif"), labels=Path("l.gpkg"))
    dataset = DataSet(version=1, name='a "b"', target=("red",), source=(source,), look_alikes=("blue",))
    object.__setattr__(dataset, "folder", tmp_path)
    parts = parts_by_block([source], WHOLE, 4, gap_px=64)
    roles: list[list[Role]] = []
    for number in range(4):
        folder = tmp_path / "runs" / str(number)
        folder.mkdir(parents=True)
        (folder / "DATASET.toml").write_text(fold_toml(dataset, parts, number, folder))
        fold = read_dataset(folder / "DATASET.toml")
        check_split(fold, gap_px=64)
        assert (folder / fold.source[0].orthomosaic).resolve() == (tmp_path / "o.tif").resolve()
        assert (fold.name, fold.target, fold.look_alikes) == ('a "b"', ("red",), ("blue",))
        roles.append([one.role for one in fold.source])
    for at in range(4):
        assert sorted(fold[at] for fold in roles) == ["calibrate", "train", "train", "validate"]


def test_pictures_and_masks_are_found_from_the_folds_folder(tmp_path: Path) -> None:
    source = Source(role=Role.TRAIN, field="a", images="im/*.jpg", masks="ma/*.png", gsd_m=0.01, target_value=7)
    dataset = DataSet(version=1, name="x", target=("red",), source=(source,))
    object.__setattr__(dataset, "folder", tmp_path)
    parts = parts_by_field([source, field("b"), field("c")], {"a": 3, "b": 2, "c": 1}, 3)
    said = tomllib.loads(fold_toml(dataset, parts, 0, tmp_path / "runs" / "f"))["source"][0]
    assert (said["images"], said["masks"], said["gsd_m"]) == ("../../im/*.jpg", "../../ma/*.png", 0.01)
    assert (said["target_value"], said["role"]) == (7, "validate")
