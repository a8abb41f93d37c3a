"""A cell's score depends on a known surround, and on nothing else."""

import pytest
import torch

from pipeline.errors import InvalidInputError
from pipeline.learning.network import Backbone, build, fold_batch_norm, halo_px, reach_px

pytestmark = pytest.mark.learning

SMALL = Backbone(last_stage=3, width=0.125)


def test_a_cell_sees_what_theory_says_and_as_far_left_as_right() -> None:
    classifier = build(SMALL)  # receptive field 243 px (Araujo et al., 2019), so (243 - 32) / 2 on either side
    assert reach_px(classifier) == (105, 106)
    assert classifier.shift_px == 16
    assert halo_px(classifier) == 128


def test_a_whole_resnet18_sees_435_px() -> None:
    assert sum(reach_px(build(Backbone(width=0.125)))) == 435 - 32


@pytest.mark.parametrize("shift_cells", [1, 3])
def test_scores_do_not_depend_on_the_window(shift_cells: int) -> None:
    torch.manual_seed(1)
    classifier = build(SMALL).eval()
    torch.nn.init.normal_(classifier.head.weight)
    pixels_nhwb = torch.randint(0, 256, (1, 640, 640, 3), dtype=torch.uint8)
    start = 32 * shift_cells
    with torch.no_grad():
        whole = classifier(pixels_nhwb)[0, 0]
        part = classifier(pixels_nhwb[:, start : start + 480, start : start + 480])[0, 0]
    inner = slice(4, -4)
    torch.testing.assert_close(
        part[inner, inner].sigmoid(),
        whole[shift_cells : shift_cells + 15, shift_cells : shift_cells + 15][inner, inner].sigmoid(),
        atol=1e-3,
        rtol=0,
    )


def test_folding_batch_norms_changes_no_score() -> None:
    torch.manual_seed(1)
    classifier = build(SMALL)
    torch.nn.init.normal_(classifier.head.weight)
    pixels_nhwb = torch.randint(0, 256, (2, 96, 96, 3), dtype=torch.uint8)
    with torch.no_grad():
        classifier(pixels_nhwb)  # moves the running means
        before = classifier.eval()(pixels_nhwb)
        fold_batch_norm(classifier)
        after = classifier(pixels_nhwb)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in classifier.modules())
    torch.testing.assert_close(before, after, atol=1e-4, rtol=1e-4)


def test_other_backbones_come_by_name() -> None:
    classifier = build(Backbone(name="timm:resnet10t", last_stage=2))
    assert classifier.eval()(torch.zeros(1, 64, 96, 3, dtype=torch.uint8)).shape == (1, 1, 2, 3)


@pytest.mark.parametrize("name", ["vgg16", "timm:no_such_net"])
def test_an_unknown_backbone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="there is no"):
        build(Backbone(name=name))


def test_a_backbone_that_sees_the_whole_picture_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be scanned in windows"):
        build(Backbone(name="timm:regnety_002", last_stage=2))


def test_cells_of_16_px_look_left_as_far_as_right() -> None:
    classifier = build(Backbone(last_stage=3, width=0.125, stride_px=16))
    left, right = reach_px(classifier)
    assert abs(left - right) <= 1
    assert classifier.eval()(torch.zeros(1, 64, 96, 3, dtype=torch.uint8)).shape == (1, 1, 4, 6)


def test_a_stage_coarser_than_its_cells_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="coarser than cells of 16 px"):
        build(Backbone(last_stage=4, stride_px=16))
