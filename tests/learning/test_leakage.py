"""Two roles never share ground, by the map and by what pictures show."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from rasters import LEFT, Pixels, write_working
from scipy import ndimage

from pipeline.domain.geometry import Size
from pipeline.errors import InvalidInputError
from pipeline.learning.labels import LabelledGround, read_grounds
from pipeline.learning.leakage import check_leakage, features_of, shared_features
from pipeline.learning.sources import Role, Source, read_dataset

pytestmark = pytest.mark.learning

SIDE = 512


def _land(seed: int, side: int = 2 * SIDE) -> Pixels:
    """Ground with things to recognise: blotches of many sizes."""
    rng = np.random.default_rng(seed)
    noise = sum(ndimage.gaussian_filter(rng.normal(size=(side, side)), s, mode="wrap") * s for s in (2, 4, 8))
    grey_hw = np.clip(128 + 40 * noise / np.std(noise), 0, 255).astype(np.uint8)
    return np.stack([grey_hw] * 3, axis=2)


def _picture(path: Path, pixels_hwb: Pixels, role: Role) -> LabelledGround:
    Image.fromarray(pixels_hwb).save(path, quality=90)
    return _ground(path, pixels_hwb.shape[:2], role)


def _ground(path: Path, shape: tuple[int, ...], role: Role, *, placed: bool = True) -> LabelledGround:
    source = Source(role=role, field=path.stem, images="*", masks="*", placed=placed)
    size = Size(width_px=shape[1], height_px=shape[0])
    return LabelledGround(
        path=path, role=role, gsd_m=0.02, scale=1.0, left_px=0, top_px=0, size=size, labels=(), target=("red",),
        source=source,
    )  # fmt: skip


def _mosaic(
    path: Path, role: Role, *, east_m: float = 0.0, flown: slice = slice(None), placed: bool = True
) -> LabelledGround:
    flown_hw = np.zeros((64, 64), bool)
    flown_hw[:, flown] = True
    write_working(path, np.full((64, 64, 3), 90, np.uint8), flown_hw, left=LEFT + east_m)
    return _ground(path, (64, 64), role, placed=placed)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(right=st.integers(0, 300), down=st.integers(0, 300), turns=st.integers(0, 3), light=st.floats(0.7, 1.2))
def test_pictures_that_share_ground_are_found_out_moved_turned_and_in_other_light(
    tmp_path: Path, right: int, down: int, turns: int, light: float
) -> None:
    land = _land(1)
    first = _picture(tmp_path / "a.jpg", land[:SIDE, :SIDE], Role.TRAIN)
    other = np.rot90(land[down : down + SIDE, right : right + SIDE], turns)
    second = _picture(tmp_path / "b.jpg", np.clip(other * light, 0, 255).astype(np.uint8), Role.VALIDATE)
    with pytest.raises(InvalidInputError, match="a.jpg \\(train\\) and b.jpg \\(validate\\) show the same ground"):
        check_leakage([first, second], gap_m=5)


@pytest.mark.parametrize("seed", range(2, 6))
def test_pictures_of_other_ground_of_the_same_kind_are_not_taken_for_it(tmp_path: Path, seed: int) -> None:
    first = _picture(tmp_path / "a.jpg", _land(1)[:SIDE, :SIDE], Role.TRAIN)
    second = _picture(tmp_path / "b.jpg", _land(seed)[:SIDE, :SIDE], Role.VALIDATE)
    check_leakage([first, second], gap_m=5)


def test_pictures_of_one_role_may_share_ground(tmp_path: Path) -> None:
    land = _land(1)
    grounds = [_picture(tmp_path / f"{n}.jpg", land[:SIDE, n : n + SIDE], Role.TRAIN) for n in range(2)]
    check_leakage(grounds, gap_m=5)


def test_plain_pictures_share_nothing_that_could_be_recognised(tmp_path: Path) -> None:
    plain = np.full((64, 64, 3), 90, np.uint8)
    first, second = (_picture(tmp_path / n, plain, r) for n, r in (("a.png", Role.TRAIN), ("b.png", Role.VALIDATE)))
    assert shared_features(features_of(first, most=100), features_of(second, most=100)) == 0


@pytest.mark.parametrize(("east_m", "sentence"), [(0.64, "overlap on the map"), (3.0, "lie 1.7 m apart on the map")])
def test_other_files_too_near_on_the_map_are_refused(tmp_path: Path, east_m: float, sentence: str) -> None:
    first = _mosaic(tmp_path / "a.tif", Role.TRAIN)
    second = _mosaic(tmp_path / "b.tif", Role.CALIBRATE, east_m=east_m)
    with pytest.raises(InvalidInputError, match=f"{sentence}; at least 5.0 m"):
        check_leakage([first, second], gap_m=5)


def test_frames_that_overlap_where_nothing_was_flown_share_no_ground(tmp_path: Path) -> None:
    first = _mosaic(tmp_path / "a.tif", Role.TRAIN, flown=slice(0, 16))
    second = _mosaic(tmp_path / "b.tif", Role.CALIBRATE, flown=slice(48, 64))
    check_leakage([first, second], gap_m=0.5)
    with pytest.raises(InvalidInputError, match="lie 0.6 m apart"):
        check_leakage([first, second], gap_m=0.8)


def test_files_far_apart_on_the_map_may_be_split(tmp_path: Path) -> None:
    grounds = [_mosaic(tmp_path / "a.tif", Role.TRAIN), _mosaic(tmp_path / "b.tif", Role.CALIBRATE, east_m=7)]
    check_leakage(grounds, gap_m=5)


def test_a_made_up_place_says_nothing(tmp_path: Path) -> None:
    first = _mosaic(tmp_path / "a.tif", Role.TRAIN, placed=False)
    check_leakage([first, _mosaic(tmp_path / "b.tif", Role.CALIBRATE, placed=False)], gap_m=5)


@pytest.mark.real_data
@pytest.mark.parametrize(("pair", "found"), [(("4", "27"), True), (("12", "8"), True), (("14", "29"), False)])
def test_real_pictures_that_share_ground_are_found_out(
    real_data: Path, tmp_path: Path, pair: tuple[str, str], found: bool
) -> None:
    plots = real_data / "breeding_plots"
    lines = ["version = 1", 'name = "n"', 'target = ["plot"]']
    for role, picture in zip(("train", "validate"), pair, strict=True):
        lines += ["[[source]]", f'role = "{role}"', f'field = "{role}"', f'pictures = ["*-{picture}.jpg"]']
        lines += ["gsd_m = 0.005", f'coco = "{plots}/coco.json"', f'images = "{plots}/images"']
    (tmp_path / "DATASET.toml").write_text("\n".join(lines))
    grounds = read_grounds(read_dataset(tmp_path / "DATASET.toml"), model_gsd_m=0.01)
    if not found:
        check_leakage(grounds, gap_m=2.5)
        return
    with pytest.raises(InvalidInputError, match="show the same ground"):
        check_leakage(grounds, gap_m=2.5)
