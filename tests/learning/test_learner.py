"""What a step learns from: cells, and squares that lie where the features look."""

import math

import numpy as np
import pytest
import torch

from pipeline.domain.model import CellRule
from pipeline.learning.chips import Chip
from pipeline.learning.learner import Learner, batch_of, cell_loss, share_loss
from pipeline.learning.network import Backbone, build
from pipeline.learning.optimisation import Optimisation

pytestmark = pytest.mark.learning


def _chip(target_hw: np.ndarray, *, other_hw: np.ndarray | None = None) -> Chip:
    nothing = np.zeros_like(target_hw)
    return Chip(
        pixels_hwb=np.full((*target_hw.shape, 3), 90, np.uint8),
        target_hw=target_hw,
        other_hw=nothing if other_hw is None else other_hw,
        valid_hw=np.ones_like(target_hw),
    )


@pytest.mark.parametrize("stride_px", [16, 32])
@pytest.mark.parametrize("column", [200, 207, 215])
def test_a_square_lies_in_the_middle_of_what_its_feature_sees(stride_px: int, column: int) -> None:
    classifier = build(Backbone(last_stage=3, width=0.125, stride_px=stride_px)).eval()
    normal = torch.zeros(1, 3, 64, 480)
    normal[:, :, :, column] = math.nan
    seeing = classifier.look(normal).isnan().any(dim=1)[0, 0].nonzero().flatten().tolist()
    target_hw = np.zeros((64, 480), bool)
    target_hw[:, column] = True
    shares = batch_of([_chip(target_hw)], classifier, CellRule()).shares_ncyx[0, 0, 1]
    square = int(shares.argmax())
    assert shares[square] == pytest.approx(1 / 16)
    assert abs((min(seeing) + max(seeing)) / 2 - square) <= 0.5


def test_target_and_look_alike_have_squares_of_their_own() -> None:
    target_hw, other_hw = np.zeros((64, 64), bool), np.zeros((64, 64), bool)
    target_hw[:32, :32], other_hw[32:, 32:] = True, True
    classifier = build(Backbone(last_stage=3, width=0.125))
    batch = batch_of([_chip(target_hw, other_hw=other_hw)], classifier, CellRule())
    assert batch.truth_ncyx[0, 0].tolist() == [[1, 0], [0, 0]]
    target, other = batch.shares_ncyx[0]
    assert target[0, 0] == 1
    assert other[0, 0] == 0
    assert other[2, 2] == 1
    assert target[2, 2] == 0


def test_ground_that_was_not_flown_has_no_squares() -> None:
    chip = _chip(np.zeros((64, 64), bool))
    chip.valid_hw[:, 32:] = False
    classifier = build(Backbone(last_stage=3, width=0.125))
    shares = batch_of([chip], classifier, CellRule()).shares_ncyx
    assert (shares[..., -2:] == -1).all()
    assert (shares[:, :, :2, :1] == 0).all()


def test_ignored_cells_cost_nothing() -> None:
    logits = torch.tensor([[[[5.0, 5.0]]]])
    told = Optimisation()
    assert cell_loss(logits, torch.tensor([[[[1.0, -1.0]]]]), told) < 0.01
    assert cell_loss(logits, torch.tensor([[[[1.0, 0.0]]]]), told) > 2
    assert share_loss(logits, torch.tensor([[[[1.0, -1.0]]]])) < 0.01


def test_squares_teach_the_features_unless_they_weigh_nothing() -> None:
    target_hw = np.zeros((64, 64), bool)
    target_hw[:20, :20] = True
    for weight, learns in ((0.5, True), (0.0, False)):
        torch.manual_seed(1)
        classifier = build(Backbone(last_stage=3, width=0.125))
        learner = Learner(classifier, Optimisation(detail_weight=weight))
        learner(batch_of([_chip(target_hw)], classifier, CellRule())).backward()
        gradient = learner.detail.weight.grad
        assert (gradient is not None and bool(gradient.abs().sum() > 0)) is learns
