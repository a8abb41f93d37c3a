"""First weights fit, or are refused with what does not."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.initial import PACKAGE, PACKAGED_BACKBONE, start_from
from pipeline.learning.network import Backbone, CellClassifier, build

pytestmark = pytest.mark.learning

SMALL = {"last_stage": 3, "width": 0.125}


def _weights(path: Path, classifier: CellClassifier) -> str:
    save_file({name: tensor.contiguous() for name, tensor in classifier.state_dict().items()}, path)
    return str(path)


def test_a_file_of_the_same_backbone_is_taken(tmp_path: Path) -> None:
    torch.manual_seed(1)
    given = build(Backbone(**SMALL))
    backbone = Backbone(**SMALL, weights=_weights(tmp_path / "first.safetensors", given))
    torch.manual_seed(2)
    started = build(backbone)
    assert not torch.equal(started.features[0].weight, given.features[0].weight)
    start_from(started, backbone)
    for mine, theirs in zip(started.features.parameters(), given.features.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_file_of_another_backbone_is_refused(tmp_path: Path) -> None:
    path = _weights(tmp_path / "first.safetensors", build(Backbone(last_stage=2, width=0.125)))
    backbone = Backbone(**SMALL, weights=path)
    with pytest.raises(InvalidInputError, match=r"first.safetensors does not fit the backbone: \d+ of \d+ tensors"):
        start_from(build(backbone), backbone)


def test_a_missing_or_broken_file_is_said(tmp_path: Path) -> None:
    backbone = Backbone(**SMALL, weights=str(tmp_path / "none.safetensors"))
    with pytest.raises(NotFoundError, match="there is no file"):
        start_from(build(backbone), backbone)
    (tmp_path / "none.safetensors").write_bytes(b"a pickle, perhaps")
    with pytest.raises(InvalidInputError, match="no safetensors file"):
        start_from(build(backbone), backbone)


def test_packaged_weights_are_for_their_own_backbone_alone() -> None:
    backbone = Backbone(**SMALL, weights=PACKAGE)
    with pytest.raises(InvalidInputError, match="are for timm:tf_efficientnet_lite0"):
        start_from(build(backbone), backbone)


def test_packaged_imagenet_weights_are_taken_in_order() -> None:
    backbone = Backbone(name=PACKAGED_BACKBONE, last_stage=4, weights=PACKAGE)
    classifier = build(backbone)
    before = classifier.features.state_dict()["model.conv_stem.weight"].clone()
    start_from(classifier, backbone)
    after = classifier.features.state_dict()["model.conv_stem.weight"]
    assert not torch.equal(before, after)
    norms = [module for module in classifier.features.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert all(float(norm.running_var.min()) >= 0 and float(norm.running_var.mean()) > 0 for norm in norms)
    assert {norm.momentum for norm in norms} == {0.1}
