"""The card says what was measured, and nothing that was not."""

from dataclasses import dataclass, replace

import pytest

from pipeline.domain.limits import Familiarity, QualityLimits
from pipeline.domain.model import MANIFEST_VERSION, Calibration, Manifest, Thresholds, TrainingData
from pipeline.learning.card import Findings, Known, Measured, doubts_of, known_of, write_card
from pipeline.learning.evaluate import CellNumbers
from pipeline.learning.plots import PlotNumbers, Share
from pipeline.learning.sources import DataSet, Role, Source

pytestmark = pytest.mark.learning

MANIFEST = Manifest(
    version=MANIFEST_VERSION,
    name="red",
    created_at="2026-11-24T00:00:00+00:00",
    classes=("red",),
    gsd_m=0.02,
    stride_px=32,
    halo_px=128,
    mean_rgb=(1, 2, 3),
    std_rgb=(1, 1, 1),
    backbone="net",
    calibration=Calibration(n_cells=10),
    thresholds=Thresholds(high=0.5, low=0.25, recall_target=0.95, n_plots=65, n_found=65, basis="By hand."),
    data=TrainingData(name="d", fingerprint="ab" * 32, licence="CC0-1.0", sources=("f (train)",)),
    limits=("Not for operations.",),
)


@dataclass(frozen=True)
class Quarter:
    from_m2: float
    to_m2: float
    recall: Share


def _measured(found: int, plots: int) -> Measured:
    numbers = PlotNumbers(recall=Share(hits=found, n=plots), precision=Share(hits=found, n=found + 9), area_m2=5000.0)
    cells = CellNumbers(
        cells=100, target_cells=10, average_precision=0.9, precision_at_90_recall=0.8, precision_at_95_recall=0.7
    )
    return Measured(cells=cells, plots=numbers, train_labels=5, train_area_m2=100.0, chips_seen=10)


@pytest.mark.parametrize(
    ("found", "plots", "sentence"),
    [
        (60, 60, "At least 95% of plots on ground like this are found (95 % confidence, n = 60)."),
        (20, 20, "No recall is claimed: 20 held-out plots cannot prove 95%; it takes at least 59 without a miss"),
        (59, 60, "No recall is claimed: 59 of 60 plots found does not prove 95%"),
    ],
)
def test_a_recall_is_claimed_only_with_enough_plots(found: int, plots: int, sentence: str) -> None:
    assert sentence in write_card(MANIFEST, _measured(found, plots))


def test_what_was_not_looked_at_is_not_mentioned() -> None:
    card = write_card(MANIFEST, _measured(58, 60))
    assert "2 of 60 plots were missed." in card
    for heading in ("The ground it knows", "When it does not know", "ECE", "smallest quarter"):
        assert heading not in card


def test_scales_and_seasons_are_said_or_said_to_be_unknown() -> None:
    card = write_card(MANIFEST, _measured(1, 2), Known(scale_from=0.8, scale_to=1.25, seasons=("flowering",)))
    assert "1.6 to 2.5 cm a pixel: 2 cm, varied in training. Ground coarser than 3 cm is not assessed." in card
    assert "Taken: not stated. Season: flowering." in card


def test_only_seasons_of_ground_that_was_shown_are_known() -> None:
    sources = tuple(
        Source(role=role, field=role, coco="c.json", images="i", season=season, taken_at="2025-07-30")
        for role, season in ((Role.TRAIN, "ripe"), (Role.TRAIN, "ripe"), (Role.VALIDATE, "green"))
    )
    known = known_of(DataSet(version=1, name="d", target=("red",), source=sources), scale_from=0.8, scale_to=1.25)
    assert (known.seasons, known.taken_at) == (("ripe",), ("2025-07-30",))


def test_failures_and_doubts_are_said_with_their_numbers() -> None:
    findings = Findings(
        sizes=(Quarter(0.1, 0.4, Share(hits=3, n=10)), Quarter(0.4, 9, Share(hits=10, n=10))),
        false_by_class={"maize": 2, "potato": 5},
        calibration_error=0.0123,
        doubt=("Ground beyond 4.2 is not assessed.",),
    )
    card = write_card(MANIFEST, _measured(13, 20), None, findings)
    for sentence in (
        "Of the smallest quarter of the plots (0.1 to 0.4 m2) it finds 0.300 (0.067 to 0.652), n = 10.",
        "`potato` is most often taken for target: 5 of 9 false flags.",
        "off by 0.012 on validation ground",
        "## When it does not know\n\n- Ground beyond 4.2 is not assessed.",
    ):
        assert sentence in card


def test_when_a_model_does_not_know_is_said_with_what_was_given_up() -> None:
    plots = PlotNumbers(
        recall=Share(hits=9, n=9), precision=Share(hits=9, n=9), area_m2=1.0, given_up=2, given_up_ground=0.0512
    )
    assert doubts_of(MANIFEST, plots) == ()
    quality = QualityLimits(
        sharpness_least=0.2,
        light_least=40,
        light_most=210,
        saturated_most=0.1,
        most_poor_share=0.1,
        n_cells=900,
        given_up_share=0.003,
    )
    familiarity = Familiarity(limit=1.57, quantile=0.995, most_unfamiliar_share=0.2, n_cells=800, given_up_share=0.005)
    said = " ".join(doubts_of(replace(MANIFEST, quality=quality, familiarity=familiarity), plots))
    for part in ("below 0.200", "40 to 210 of 255", "Of 900 cells", "0.30% fail", "than 1.57", "of 800 cells", "5.12%"):
        assert part in said
    assert "2 plots, were given up" in said
