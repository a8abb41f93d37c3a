"""Targets pasted into clear ground: only there, and with their truth."""

from pathlib import Path

import numpy as np
import pytest
from blobs import write_dataset

from pipeline.learning.chips import Chip, Terrain, open_terrains
from pipeline.learning.labels import read_grounds
from pipeline.learning.pasting import cuttings_of, paste
from pipeline.learning.sources import Role, read_dataset

pytestmark = pytest.mark.learning


@pytest.fixture
def terrains(tmp_path: Path) -> tuple[Terrain, ...]:
    grounds = read_grounds(read_dataset(write_dataset(tmp_path)), model_gsd_m=0.02)
    return open_terrains([g for g in grounds if g.role is Role.TRAIN], fill_rgb=(124, 116, 104), cache_gb=1)


def _clear(side: int = 128) -> Chip:
    nothing = np.zeros((side, side), bool)
    pixels = np.full((side, side, 3), (70, 120, 60), np.uint8)
    return Chip(pixels_hwb=pixels, target_hw=nothing, other_hw=nothing.copy(), valid_hw=~nothing)


def test_a_cutting_is_a_whole_target_with_ground_around_it(terrains: tuple[Terrain, ...]) -> None:
    cuttings = cuttings_of(terrains, chip_px=128)
    assert cuttings
    for cutting in cuttings:
        assert cutting.target_hw.sum() == pytest.approx(40 * 40, abs=80)
        red = cutting.pixels_hwb[cutting.target_hw]
        assert (red[:, 0] > red[:, 1]).mean() > 0.95


def test_targets_too_large_for_a_chip_stay_where_they_are(terrains: tuple[Terrain, ...]) -> None:
    assert cuttings_of(terrains, chip_px=64) == ()


def test_what_is_pasted_is_target_and_looks_like_it(terrains: tuple[Terrain, ...]) -> None:
    cuttings = cuttings_of(terrains, chip_px=128)
    pasted = paste(_clear(), cuttings, np.random.default_rng(3))
    assert pasted.target_hw.any()
    red, green = pasted.pixels_hwb[pasted.target_hw][:, 0], pasted.pixels_hwb[pasted.target_hw][:, 1]
    assert (red.astype(int) > green).mean() > 0.9
    changed = (pasted.pixels_hwb != _clear().pixels_hwb).any(axis=2)
    rows, columns = np.nonzero(changed & ~pasted.target_hw)
    near = [
        pasted.target_hw[max(0, r - 9) : r + 10, max(0, c - 9) : c + 10].any()
        for r, c in zip(rows, columns, strict=True)
    ]
    assert all(near)


def test_nothing_is_pasted_onto_labels_or_beyond_the_flight(terrains: tuple[Terrain, ...]) -> None:
    cuttings = cuttings_of(terrains, chip_px=128)
    for name in ("target_hw", "other_hw"):
        chip = _clear()
        getattr(chip, name)[:] = True
        assert (paste(chip, cuttings, np.random.default_rng(1)).pixels_hwb == chip.pixels_hwb).all()
    chip = _clear()
    chip.valid_hw[:] = False
    assert not paste(chip, cuttings, np.random.default_rng(1)).target_hw.any()


def test_the_same_lot_pastes_the_same(terrains: tuple[Terrain, ...]) -> None:
    cuttings = cuttings_of(terrains, chip_px=128)
    first, second = (paste(_clear(), cuttings, np.random.default_rng(7)).pixels_hwb for _ in range(2))
    assert (first == second).all()
