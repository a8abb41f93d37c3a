"""The running mean of a network's weights, which is what is measured and shipped (Polyak and Juditsky, 1992)."""

import copy

import torch
from torch import Tensor, nn


class RunningMean:
    """A second network whose weights follow the first one's slowly.

    After ``step`` steps the share of the newest weights is 1 - min(``decay``, (1 + step) / (10 + step)), so that the
    random beginning is soon forgotten.
    """

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)  # noqa: FBT003 - torch takes it by place
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Move towards ``network``; counters of batch norms are copied."""
        kept = min(self._decay, (1 + step) / (10 + step))
        mine: dict[str, Tensor] = self.network.state_dict()
        for name, theirs in network.state_dict().items():
            if theirs.is_floating_point():
                mine[name].lerp_(theirs, 1 - kept)
            else:
                mine[name].copy_(theirs)
