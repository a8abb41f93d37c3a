"""A network that knows its ground: the same logits, and a distance that grows on ground it has not seen."""

import numpy as np
import pytest
import torch
from blobs import write_dataset

from pipeline.domain.assessability import Reason
from pipeline.domain.model import CellRule
from pipeline.errors import InvalidInputError
from pipeline.imagery.degradation import Degradation, blurred, hue_shifted
from pipeline.learning.assess import Assessor, fit_assessor
from pipeline.learning.chips import Terrain, open_terrains
from pipeline.learning.evaluate import score_ground
from pipeline.learning.export import frozen
from pipeline.learning.familiarity import KnowingClassifier, distances_of, fit_sense
from pipeline.learning.labels import read_grounds
from pipeline.learning.network import FILL_RGB, Backbone, build
from pipeline.learning.sources import Role, read_dataset
from pipeline.learning.stress import Disturbed

pytestmark = pytest.mark.learning


@pytest.fixture(scope="module")
def terrains(tmp_path_factory: pytest.TempPathFactory) -> dict[Role, tuple[Terrain, ...]]:
    dataset = read_dataset(write_dataset(tmp_path_factory.mktemp("red"), size=512))
    grounds = read_grounds(dataset, model_gsd_m=0.02)
    return {
        role: open_terrains([one for one in grounds if one.role is role], fill_rgb=FILL_RGB, cache_gb=1)
        for role in (Role.TRAIN, Role.CALIBRATE, Role.VALIDATE)
    }


@pytest.fixture(scope="module")
def knowing(terrains: dict[Role, tuple[Terrain, ...]]) -> KnowingClassifier:
    torch.manual_seed(1)
    return fit_sense(frozen(build(Backbone(last_stage=3, width=0.125))), terrains[Role.TRAIN])


@pytest.fixture(scope="module")
def assessor(knowing: KnowingClassifier, terrains: dict[Role, tuple[Terrain, ...]]) -> Assessor:
    return fit_assessor(knowing, terrains[Role.CALIBRATE])


def shares(assessor: Assessor, terrain: Terrain) -> dict[Reason, float]:
    """The share of cells of a ground for each reason."""
    knowing = assessor.knowing
    assert knowing is not None
    scored = score_ground(knowing.classifier, terrain, CellRule(), halo_px=assessor.halo_px, assess=assessor)
    assert scored.reasons_yx is not None
    assert (scored.assessable_yx == (scored.reasons_yx == Reason.NONE)).all()
    return {reason: float((scored.reasons_yx == reason).mean()) for reason in Reason}


def test_it_gives_the_classifiers_logits_and_one_distance_a_cell(knowing: KnowingClassifier) -> None:
    pixels_nhwb = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, 96, 160, 3), np.uint8))
    with torch.no_grad():
        logits, distance = knowing(pixels_nhwb)
        assert torch.equal(logits, knowing.classifier(pixels_nhwb))
    assert distance.shape == (2, 1, 3, 5)
    assert (distance > 0).all()


def test_held_out_ground_stays_assessable_and_other_ground_does_not(
    assessor: Assessor, terrains: dict[Role, tuple[Terrain, ...]]
) -> None:
    (ground,) = terrains[Role.VALIDATE]
    assert shares(assessor, ground)[Reason.NONE] > 0.9
    turned = Disturbed(ground, lambda pixels_hwb: hue_shifted(pixels_hwb, 120))
    assert shares(assessor, turned)[Reason.UNFAMILIAR] > 0.9
    smooth = Disturbed(ground, lambda pixels_hwb: blurred(pixels_hwb, 4))
    assert shares(assessor, smooth)[Reason.BLUR] > 0.9


def test_the_limits_say_on_how_many_cells_they_were_set_and_what_they_give_up(assessor: Assessor) -> None:
    assert assessor.familiarity is not None
    assert assessor.quality is not None
    assert assessor.familiarity.n_cells == assessor.quality.n_cells == 256
    assert 0 < assessor.familiarity.given_up_share <= 0.01
    assert assessor.quality.given_up_share <= 0.02


def test_too_little_ground_is_refused(knowing: KnowingClassifier) -> None:
    with pytest.raises(InvalidInputError, match="needs 30 cells"):
        fit_sense(knowing.classifier, ())


def test_a_distance_does_not_depend_on_where_ground_is_cut(
    knowing: KnowingClassifier, terrains: dict[Role, tuple[Terrain, ...]]
) -> None:
    (ground,) = terrains[Role.VALIDATE]
    margin = knowing.halo_px // 32
    whole = distances_of(knowing, ground.cut(column_px=0, row_px=0, width_px=512, height_px=512))
    part = distances_of(knowing, ground.cut(column_px=64, row_px=32, width_px=448, height_px=480))
    inner = np.s_[margin:-margin, margin:-margin]
    np.testing.assert_allclose(part[inner], whole[1:, 2:][inner], rtol=1e-4)


def test_a_backbone_of_one_piece_is_looked_at_where_it_ends() -> None:
    knowing = KnowingClassifier(build(Backbone(name="timm:resnet10t", last_stage=3, stride_px=16))).eval()
    with torch.no_grad():
        _, distance = knowing(torch.zeros(1, 64, 64, 3, dtype=torch.uint8))
    assert distance.shape == (1, 1, 4, 4)


def test_a_spoilt_ground_is_cut_like_the_ground_itself(terrains: dict[Role, tuple[Terrain, ...]]) -> None:
    (ground,) = terrains[Role.VALIDATE]
    same = Disturbed(ground, Degradation(name="as it is", spoil=lambda pixels_hwb: pixels_hwb).spoil)
    for place in ((-40, 100, 96, 64), (480, 480, 64, 64), (600, 0, 32, 32), (10, 20, 64, 96)):
        corner = dict(zip(("column_px", "row_px", "width_px", "height_px"), place, strict=True))
        ours, theirs = same.cut(**corner), ground.cut(**corner)
        for name in ("pixels_hwb", "target_hw", "valid_hw"):
            assert (getattr(ours, name) == getattr(theirs, name)).all()


def test_what_was_measured_with_is_stored_under_its_names(knowing: KnowingClassifier) -> None:
    sense = knowing.sense()
    other = KnowingClassifier(knowing.classifier)
    other.take_sense(sense)
    assert all(torch.equal(tensor, other.sense()[name]) for name, tensor in sense.items())
    with pytest.raises(RuntimeError, match=r"familiarity.centre_d"):
        other.take_sense({name: sense[name] for name in list(sense)[:2]})
