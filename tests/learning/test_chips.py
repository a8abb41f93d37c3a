"""Chips are cut on the fly, the same for the same seed and step, with the truth of their cells."""

from pathlib import Path

import numpy as np
import pytest
from blobs import write_dataset

from pipeline.domain.model import CellRule
from pipeline.errors import InvalidInputError
from pipeline.learning.augment import Augmentation, Augmenter
from pipeline.learning.chips import IGNORED, Chip, ChipSampler, Sampling, Terrain, open_terrains, truth_of
from pipeline.learning.labels import read_grounds
from pipeline.learning.sources import read_dataset

pytestmark = pytest.mark.learning

FILL = (124, 116, 104)
SAMPLING = Sampling(chip_px=64, batch=12)


def _terrain(folder: Path, *, cache_gb: float = 1.0) -> Terrain:
    grounds = read_grounds(read_dataset(write_dataset(folder)), model_gsd_m=0.02)
    return open_terrains(grounds[:1], fill_rgb=FILL, cache_gb=cache_gb)[0]


def _chip(*, target_px: int, valid_rows: int = 32) -> Chip:
    """One cell with ``target_px`` pixels of target in its first rows, and imagery in its first ``valid_rows``."""
    target_hw = (np.arange(32 * 32) < target_px).reshape(32, 32)
    valid_hw = np.repeat(np.arange(32) < valid_rows, 32).reshape(32, 32)
    other_hw = np.zeros((32, 32), bool)
    return Chip(pixels_hwb=np.zeros((32, 32, 3), np.uint8), target_hw=target_hw, other_hw=other_hw, valid_hw=valid_hw)


@pytest.mark.parametrize(
    ("target_px", "valid_rows", "truth"),
    [
        (0, 32, 0),
        (1, 32, 0),
        (2, 32, IGNORED),
        (102, 32, IGNORED),
        (103, 32, 1),
        (52, 16, 1),
        (1024, 15, IGNORED),
        (0, 0, IGNORED),
    ],
)
def test_a_cell_is_target_from_a_share_of_its_imagery_and_ignored_in_between(
    target_px: int, valid_rows: int, truth: float
) -> None:
    rule = CellRule(target_from=0.10, clear_below=0.001)
    assert truth_of(_chip(target_px=target_px, valid_rows=valid_rows), rule, cell_px=32).tolist() == [[truth]]


def test_shares_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="clear_below <= target_from"):
        CellRule(target_from=0.1, clear_below=0.2)


def test_a_chip_is_its_seed_and_step(tmp_path: Path) -> None:
    terrain = _terrain(tmp_path)
    amount = Augmentation()

    def draw(seed: int, step: int) -> np.ndarray:
        chips = ChipSampler([terrain], SAMPLING, seed=seed).batch(step, margin=amount.margin)
        changed = Augmenter(amount, chip_px=64, fill_rgb=FILL).batch(chips, seed=seed + step)
        return np.stack([np.dstack([c.pixels_hwb, c.target_hw, c.valid_hw]) for c in changed])

    np.testing.assert_array_equal(draw(1, 7), draw(1, 7))
    assert (draw(1, 7) != draw(1, 8)).any()
    assert (draw(1, 7) != draw(2, 7)).any()


def test_about_half_of_the_chips_show_target(tmp_path: Path) -> None:
    sampler = ChipSampler([_terrain(tmp_path)], Sampling(chip_px=32, batch=200, look_alike_share=0.5), seed=1)
    shown = np.mean([chip.target_hw.any() for chip in sampler.batch(0, margin=1.0)])
    assert 0.4 < shown < 0.7


def test_ground_in_memory_and_on_disk_is_cut_alike(tmp_path: Path) -> None:
    cached, read = _terrain(tmp_path / "a"), _terrain(tmp_path / "b", cache_gb=0)
    for corner in ((0, 0), (-20, 100), (230, 230), (900, 0)):
        pair = [t.cut(column_px=corner[0], row_px=corner[1], width_px=64, height_px=64) for t in (cached, read)]
        np.testing.assert_array_equal(pair[0].pixels_hwb, pair[1].pixels_hwb)
        np.testing.assert_array_equal(pair[0].valid_hw, pair[1].valid_hw)
        np.testing.assert_array_equal(pair[0].target_hw, pair[1].target_hw)
    read.close()


def test_targets_are_burnt_where_the_red_is(tmp_path: Path) -> None:
    chip = _terrain(tmp_path).cut(column_px=0, row_px=0, width_px=256, height_px=256)
    assert chip.target_hw.any()
    np.testing.assert_array_equal(chip.target_hw, chip.pixels_hwb[..., 0] == 190)


def test_what_was_not_flown_keeps_the_fill_colour_in_any_light(tmp_path: Path) -> None:
    chips = ChipSampler([_terrain(tmp_path)], SAMPLING, seed=1).batch(0, margin=1.25)
    changed = Augmenter(Augmentation(not_flown_share=1.0), chip_px=64, fill_rgb=FILL).batch(chips, seed=5)
    for chip in changed:
        assert chip.pixels_hwb.shape == (64, 64, 3)
        assert not chip.valid_hw.all()
        assert (chip.pixels_hwb[~chip.valid_hw] == FILL).all()
        assert not chip.target_hw[~chip.valid_hw].any()
