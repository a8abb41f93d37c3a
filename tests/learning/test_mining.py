"""Hard cells are the clear cells that fool the network, and no others."""

from pathlib import Path

import numpy as np
import pytest
import torch
from blobs import write_dataset
from torch import nn

from pipeline.domain.model import CellRule
from pipeline.learning.chips import Terrain, open_terrains
from pipeline.learning.labels import read_grounds
from pipeline.learning.mining import Search
from pipeline.learning.network import CellClassifier
from pipeline.learning.sources import Role, read_dataset

pytestmark = pytest.mark.learning


def _takes_for_target(red: float, green: float, blue: float) -> CellClassifier:
    """A network of one cell's mean colour."""
    mean = nn.Conv2d(3, 1, kernel_size=32, stride=32)
    classifier = CellClassifier(mean, 1, stride_px=32, cell_px=32).eval()
    with torch.no_grad():
        for band, weight in enumerate((red, green, blue)):
            mean.weight[0, band] = weight / 1024
        nn.init.zeros_(mean.bias)
        nn.init.constant_(classifier.head.weight, 10.0)
        nn.init.constant_(classifier.head.bias, -9.0)
    return classifier


@pytest.fixture
def terrains(tmp_path: Path) -> tuple[Terrain, ...]:
    grounds = read_grounds(read_dataset(write_dataset(tmp_path, size=512)), model_gsd_m=0.02)
    return open_terrains([g for g in grounds if g.role is Role.TRAIN], fill_rgb=(124, 116, 104), cache_gb=1)


def _search(terrains: tuple[Terrain, ...], most_px: float = 1e9) -> Search:
    return Search(terrains=terrains, rule=CellRule(), halo_px=64, most_px=most_px, half=False)


def test_blue_squares_fool_a_network_that_looks_for_blue(terrains: tuple[Terrain, ...]) -> None:
    found = _search(terrains).hard_cells(_takes_for_target(-1.0, -1.0, 1.0), seed=(1, 2))
    assert len(found) > 3
    for number, x, y in found:
        seen = terrains[int(number)].cut(column_px=int(x) - 16, row_px=int(y) - 16, width_px=32, height_px=32)
        assert not seen.target_hw.any()
        assert seen.other_hw.any()


def test_targets_are_never_hard(terrains: tuple[Terrain, ...]) -> None:
    assert len(_search(terrains).hard_cells(_takes_for_target(1.0, -1.0, -1.0), seed=(1, 2))) == 0


def test_of_more_ground_than_may_be_searched_a_part_is_drawn(terrains: tuple[Terrain, ...]) -> None:
    everything = _takes_for_target(0.0, 0.0, 0.0)
    nn.init.constant_(everything.head.bias, 5.0)  # asks about every cell
    whole = _search(terrains * 3).hard_cells(everything, seed=(1, 2))
    part = _search(terrains * 3, most_px=1).hard_cells(everything, seed=(1, 2))
    assert set(np.unique(whole[:, 0])) == {0, 1, 2}
    assert len(np.unique(part[:, 0])) == 1
