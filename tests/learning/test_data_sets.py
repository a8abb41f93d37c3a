"""The data sets and trainings that the repository describes can be read."""

from pathlib import Path

import pytest

from pipeline.learning.plan import load_config
from pipeline.learning.sources import check_split, read_dataset

pytestmark = pytest.mark.learning

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", ["potato-weeds", "demo-poppy", "cereal-plots"])
def test_a_described_training_is_sound(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.toml")
    check_split(read_dataset(config.data), gap_px=config.sampling.chip_px)
    assert config.name == name
