"""A training that was killed goes on where it stood: one safetensors file with weights, optimiser and progress.

Tensors are named ``network.*`` and ``optimiser.<parameter number>.*``; everything else is JSON in the file's metadata.
The file is replaced in one step, so there is always a whole one.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.errors import InvalidInputError

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A point of the learning curve: mean loss since the last one, and AP on validation cells where looked at."""

    step: int
    loss: float
    rate: float
    validation_ap: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """How far a training is: ``step`` steps are done; ``seconds`` of training so far."""

    step: int
    fingerprint: str
    seconds: float
    curve: tuple[CurvePoint, ...]


def save_checkpoint(folder: Path, network: nn.Module, optimiser: torch.optim.Optimizer, progressed: Progressed) -> None:
    """Replace the checkpoint in ``folder``."""
    tensors = {f"network.{name}": tensor.contiguous() for name, tensor in network.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value).contiguous() for name, value in state.items()}
    whole, part = folder / CHECKPOINT, folder / f"{CHECKPOINT}.part"
    save_file(tensors, part, metadata={"progressed": json.dumps(asdict(progressed))})
    part.replace(whole)


def load_checkpoint(
    folder: Path, network: nn.Module, optimiser: torch.optim.Optimizer, *, fingerprint: str
) -> Progressed | None:
    """Put network and optimiser where the checkpoint in ``folder`` left them; None where there is none.

    Raises:
        InvalidInputError: The checkpoint belongs to another configuration or other data.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    with safetensors.safe_open(path, framework="pt") as file:
        progressed = _progressed(json.loads(file.metadata()["progressed"]))
        if progressed.fingerprint != fingerprint:
            raise InvalidInputError(
                f"{folder} holds a training with another configuration or other data; "
                "choose another folder or remove it"
            )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    network.load_state_dict(_under(tensors, "network."))
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(tensors, "optimiser.").items():
        number, key = name.split(".", 1)
        states.setdefault(int(number), {})[key] = tensor
    optimiser.load_state_dict(optimiser.state_dict() | {"state": states})
    return progressed


def _progressed(content: dict[str, Any]) -> Progressed:
    """The progress from its JSON."""
    return Progressed(**{**content, "curve": tuple(CurvePoint(**point) for point in content["curve"])})


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose name starts with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
