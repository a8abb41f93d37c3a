"""A training that was killed goes on where it stood: one safetensors file with weights, optimiser and progress.

Tensors are named ``learner.*`` (what is learnt), ``mean.*`` (its running mean), ``best.*`` (the running mean at the
best look, if there was one), ``optimiser.<parameter number>.*`` and ``hard``; everything else is JSON in the file's
metadata. The file is replaced in one step, so there is always a whole one.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.errors import InvalidInputError

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A point of the learning curve: mean loss since the last one, and AP on watched cells where looked at."""

    step: int
    loss: float
    rate: float
    validation_ap: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """How far a training is: ``step`` steps are done; ``seconds`` of training so far.

    ``half`` says whether it multiplies in bf16, which a resumed training keeps to. ``best_step`` is the look with the
    highest AP where early stopping watches, and ``stopped`` says that it has ended the training.
    """

    step: int
    fingerprint: str
    seconds: float
    curve: tuple[CurvePoint, ...]
    half: bool
    best_step: int | None = None
    stopped: bool = False

    def best_ap(self) -> float:
        """The AP of the best look; below every AP before the first."""
        return max((point.validation_ap for point in self.curve if point.validation_ap is not None), default=-1.0)


@dataclass(slots=True, kw_only=True)
class Standing:
    """The parts of a training that a checkpoint holds; loading changes them in place."""

    learner: nn.Module
    mean: nn.Module
    optimiser: torch.optim.Optimizer
    progressed: Progressed
    hard: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    best: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(folder: Path, standing: Standing) -> None:
    """Replace the checkpoint in ``folder``."""
    tensors = {"hard": torch.from_numpy(standing.hard).contiguous()}
    for prefix, part in (
        ("learner", standing.learner.state_dict()),
        ("mean", standing.mean.state_dict()),
        ("best", standing.best),
    ):
        tensors |= {f"{prefix}.{name}": tensor.contiguous() for name, tensor in part.items()}
    for number, state in standing.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value).contiguous() for name, value in state.items()}
    whole, part_path = folder / CHECKPOINT, folder / f"{CHECKPOINT}.part"
    save_file(tensors, part_path, metadata={"progressed": json.dumps(asdict(standing.progressed))})
    part_path.replace(whole)


def load_checkpoint(folder: Path, standing: Standing) -> bool:
    """Put ``standing`` where the checkpoint in ``folder`` left it; False where there is none.

    Raises:
        InvalidInputError: The checkpoint belongs to another configuration or other data.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return False
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            progressed = _progressed(json.loads(file.metadata()["progressed"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, TypeError, KeyError, ValueError) as error:
        raise InvalidInputError(
            f"{path} is no checkpoint of this version; choose another folder or remove it"
        ) from error
    if progressed.fingerprint != standing.progressed.fingerprint:
        raise InvalidInputError(
            f"{folder} holds a training with another configuration or other data; choose another folder or remove it"
        )
    standing.progressed = progressed
    standing.learner.load_state_dict(_under(tensors, "learner."))
    standing.mean.load_state_dict(_under(tensors, "mean."))
    standing.best = _under(tensors, "best.")
    standing.hard = tensors["hard"].numpy()
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(tensors, "optimiser.").items():
        number, key = name.split(".", 1)
        states.setdefault(int(number), {})[key] = tensor
    standing.optimiser.load_state_dict(standing.optimiser.state_dict() | {"state": states})
    return True


def _progressed(content: dict[str, Any]) -> Progressed:
    """The progress from its JSON."""
    return Progressed(**{**content, "curve": tuple(CurvePoint(**point) for point in content["curve"])})


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose name starts with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
