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
from pipeline.settings import STRICT, read_toml


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Optimisation:
    """How weights are learnt: AdamW, one cycle."""

    lr: float = 2e-3
    """At its highest; it rises over ``warmup_share`` of the steps and falls to nothing as a cosine."""
    warmup_share: float = 0.1
    weight_decay: float = 0.02
    positive_weight: float = 1.0
    """Weight of a target cell in the loss."""
    focal_gamma: float = 0.0
    """Above 0, cells that are easy weigh less (Lin et al., 2017)."""
    precision: str = "auto"
    """fp32, bf16, or auto: bf16 where the hardware multiplies it faster (AMX, CUDA), else fp32."""

    def __post_init__(self) -> None:
        """Refuse numbers that could not learn.

        Raises:
            InvalidInputError: A number is out of range or the precision is unknown.
        """
        if self.lr <= 0 or not 0 <= self.warmup_share < 1 or self.positive_weight <= 0 or self.focal_gamma < 0:
            raise InvalidInputError("optimisation: lr and positive_weight must be positive, warmup_share in [0, 1)")
        if self.precision not in {"auto", "fp32", "bf16"}:
            raise InvalidInputError(f"precision {self.precision!r} must be auto, fp32 or bf16")


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
    """Steps between looks at the validation ground for the learning curve; nothing is chosen by them. 0: never."""
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
        if self.gsd_m <= 0 or self.steps < 1 or self.checkpoint_every < 1 or self.look_every < 0:
            raise InvalidInputError("gsd_m, steps and checkpoint_every must be positive")

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
