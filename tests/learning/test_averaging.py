"""The running mean follows the weights, soon at first and slowly later."""

import pytest
import torch
from torch import nn

from pipeline.learning.averaging import RunningMean

pytestmark = pytest.mark.learning


def test_it_forgets_the_beginning_and_smooths_what_follows() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 100.0)
    mean = RunningMean(network, decay=0.99)
    for step in range(2000):
        nn.init.constant_(network.weight, 1.0 if step % 2 else 3.0)
        mean.follow(network, step)
    assert float(mean.network.weight) == pytest.approx(2.0, abs=0.02)


def test_batch_norms_are_averaged_and_their_counters_copied() -> None:
    network = nn.BatchNorm1d(2).train()
    mean = RunningMean(network, decay=0.5)
    for step in range(50):
        network(torch.full((4, 2), 8.0) + torch.arange(4)[:, None])
        mean.follow(network, step)
    assert int(mean.network.num_batches_tracked) == 50
    assert float(mean.network.running_mean[0]) == pytest.approx(9.5, abs=0.2)
    assert not mean.network.training
