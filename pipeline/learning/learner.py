"""What a step learns from: the truth of cells, and as a help the share of target and look-alike in smaller squares.

A cell says only *somewhere in here*; squares as small as the features say where. Only training needs this second
answer: it is not exported, and costs nothing in a scan.

Axes: n = chip, h = row, w = column, c = class (target, look-alike), y, x = row and column of cells or squares.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.domain.model import CellRule
from pipeline.learning.chips import Chip, count_cells, truth_of
from pipeline.learning.network import CellClassifier
from pipeline.learning.optimisation import Optimisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A step's chips: uint8 [n, h, w, 3]; truth of cells [n, 1, y, x]; shares in squares [n, 2, y, x], -1 ignored."""

    pixels_nhwb: Tensor
    truth_ncyx: Tensor
    shares_ncyx: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        return Batch(
            pixels_nhwb=self.pixels_nhwb.to(device),
            truth_ncyx=self.truth_ncyx.to(device),
            shares_ncyx=self.shares_ncyx.to(device),
        )


class Learner(nn.Module):
    """A classifier with a second head, for the squares."""

    def __init__(self, classifier: CellClassifier, told: Optimisation) -> None:
        super().__init__()
        self.classifier = classifier
        self.detail = nn.Conv2d(classifier.head.in_channels, 2, kernel_size=1)
        nn.init.zeros_(self.detail.weight)
        if self.detail.bias is not None:
            nn.init.constant_(self.detail.bias, -3.0)
        self._told = told

    def forward(self, batch: Batch) -> Tensor:
        """The loss of a batch."""
        classifier = self.classifier
        normal_nbhw = classifier.normalise(batch.pixels_nhwb).contiguous(memory_format=torch.channels_last)
        features = classifier.look(normal_nbhw)
        cells = classifier.head(classifier.tail(features)).float()
        loss = cell_loss(cells, batch.truth_ncyx, self._told)
        if self._told.detail_weight:
            loss = loss + self._told.detail_weight * share_loss(self.detail(features).float(), batch.shares_ncyx)
        return loss


def cell_loss(logits_ncyx: Tensor, truth_ncyx: Tensor, told: Optimisation) -> Tensor:
    """Mean binary cross entropy over the cells that are not ignored."""
    counted = truth_ncyx >= 0
    logits, truth = logits_ncyx[counted], truth_ncyx[counted]
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    if told.focal_gamma:
        each = each * (1 - torch.exp(-each)) ** told.focal_gamma
    weight = torch.where(truth > 0, told.positive_weight, 1.0)
    return (each * weight).sum() / weight.sum().clamp(min=1)


def share_loss(logits_ncyx: Tensor, shares_ncyx: Tensor) -> Tensor:
    """Mean binary cross entropy of shares in [0, 1] over the squares that are not ignored; 0 of none."""
    counted = shares_ncyx >= 0
    if not counted.any():
        return logits_ncyx.sum() * 0  # of nothing, a mean would be no number
    return functional.binary_cross_entropy_with_logits(logits_ncyx[counted], shares_ncyx[counted])


def batch_of(chips: list[Chip], classifier: CellClassifier, rule: CellRule) -> Batch:
    """The chips of a step as tensors, with what ``classifier`` should say of them."""
    truth = np.stack([truth_of(chip, rule, cell_px=classifier.cell_px) for chip in chips])
    shares = np.stack([_shares(chip, classifier, rule) for chip in chips])
    return Batch(
        pixels_nhwb=torch.from_numpy(np.stack([chip.pixels_hwb for chip in chips])),
        truth_ncyx=torch.from_numpy(truth)[:, None],
        shares_ncyx=torch.from_numpy(shares),
    )


def _shares(chip: Chip, classifier: CellClassifier, rule: CellRule) -> npt.NDArray[np.float32]:
    """Share of target and of look-alike in the squares that the features look at; float32 [2, y, x]."""
    square_px = classifier.feature_px
    shift = max(0, classifier.shift_px - square_px // 2)  # a feature looks around the corner of its square
    counted_hw = chip.counted_hw
    height, width = counted_hw.shape
    shares = np.full((2, height // square_px, width // square_px), -1, np.float32)
    valid_yx = count_cells(_moved(counted_hw, shift), square_px)
    counted = valid_yx >= rule.least_valid_share * square_px**2
    for number, mask_hw in enumerate((chip.target_hw, chip.other_hw)):
        inside_yx = count_cells(_moved(mask_hw & counted_hw, shift), square_px)
        shares[number][counted] = (inside_yx / np.maximum(valid_yx, 1))[counted]
    return shares


def _moved(mask_hw: npt.NDArray[np.bool_], shift: int) -> npt.NDArray[np.bool_]:
    """A mask moved up and left; what comes in from outside is False."""
    moved_hw = np.zeros_like(mask_hw)
    moved_hw[: mask_hw.shape[0] - shift, : mask_hw.shape[1] - shift] = mask_hw[shift:, shift:]
    return moved_hw
