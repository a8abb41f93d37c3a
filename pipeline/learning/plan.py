"""What a training is told: one TOML file in ``configs/``, each part beside the code that it steers."""

import hashlib
from dataclasses import asdict, field
from pathlib import Path

from pydantic.dataclasses import dataclass as checked_dataclass

from pipeline.domain.model import CellRule
from pipeline.errors import InvalidInputError
from pipeline.learning.augment import Augmentation
from pipeline.learning.calibrate import ThresholdRule
from pipeline.learning.chips import Sampling
from pipeline.learning.network import Backbone
from pipeline.learning.optimisation import Optimisation
from pipeline.settings import STRICT, read_toml


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class TrainingConfig:
    """Everything a training is told, as one frozen tree. ``data`` is relative to the file it stands in."""

    name: str
    data: Path
    gsd_m: float
    """The model's ground sampling distance: imagery is scaled to it."""
    steps: int
    seed: int = 1
    stand_in: bool = True
    """Whether the target only stands in for what surveys look for; the card then says so."""
    notes: tuple[str, ...] = ()
    """Further sentences for the card's limits."""
    checkpoint_every: int = 100
    look_every: int = 0
    """Steps between looks for the learning curve: at the ground of role ``select`` where there is some, and then they
    end the training early; else at the validation ground, and nothing is chosen by them. 0: never."""
    patience_steps: int = 1000
    """Steps without a better look after which a training with ``select`` ground ends."""
    backbone: Backbone = field(default_factory=Backbone)
    sampling: Sampling = field(default_factory=Sampling)
    cells: CellRule = field(default_factory=CellRule)
    augment: Augmentation = field(default_factory=Augmentation)
    optimisation: Optimisation = field(default_factory=Optimisation)
    thresholds: ThresholdRule = field(default_factory=ThresholdRule)

    def __post_init__(self) -> None:
        """Refuse a training of nothing.

        Raises:
            InvalidInputError: The name is no folder name, or a number is not positive.
        """
        if not self.name.replace("-", "").replace("_", "").isalnum():
            raise InvalidInputError(f"name {self.name!r} must be letters, digits, - and _: it becomes a folder")
        if min(self.steps, self.checkpoint_every, self.patience_steps) < 1 or self.gsd_m <= 0 or self.look_every < 0:
            raise InvalidInputError("gsd_m, steps, checkpoint_every and patience_steps must be positive")

    def fingerprint(self, data_fingerprint: str) -> str:
        """The sha256 of everything that shapes weights and curve: it must be equal for a killed training to go on."""
        shaping = {
            key: value for key, value in asdict(self).items() if key not in {"data", "thresholds", "notes", "stand_in"}
        }
        return hashlib.sha256(f"{sorted(shaping.items())} {data_fingerprint}".encode()).hexdigest()


def load_config(path: Path) -> TrainingConfig:
    """The training that the TOML file at ``path`` describes, its ``data`` found beside it.

    Raises:
        InvalidInputError: The file is no TOML, has an unknown key or an impossible value.
        NotFoundError: There is no such file.
    """
    config = read_toml(TrainingConfig, path)
    object.__setattr__(config, "data", path.parent / config.data)
    return config
