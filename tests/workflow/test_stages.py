"""The stages of a scan one by one: what they leave together, done once, twice, and in processes of their own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import QUALITY, write_bundle, write_knowing_bundle
from uploads import write_upload

from pipeline.domain.progress import Progress
from pipeline.errors import InvalidInputError, NotFoundError, StoppedError
from pipeline.scanning.ledger import clear_ledger
from pipeline.settings import QualitySettings, ScanSettings, Settings
from pipeline.workflow.apart import Stage, StageFaultError, perform_apart
from pipeline.workflow.order import Order
from pipeline.workflow.scan import scan
from pipeline.workflow.stages import perform

SMALL = Settings(scan=ScanSettings(window_px=128))
IN_ORDER = ("intake", "quality", "scan", "plots")
SAME = ("flags.gpkg", "flags.geojson", "scores.tif", "states.tif")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        source=write_upload(tmp_path / "flight.tif"),
        model=write_knowing_bundle(tmp_path / "red"),
        out=tmp_path / "results",
        working=tmp_path / "working",
    )


def never() -> bool:
    return False


def files(order: Order) -> dict[str, bytes]:
    return {name: (order.out / name).read_bytes() for name in SAME}


def test_the_stages_leave_what_a_scan_leaves_also_when_each_is_done_twice(order: Order, tmp_path: Path) -> None:
    for stage in IN_ORDER:
        assert perform(stage, order, SMALL) == perform(stage, order, SMALL)
    clear_ledger(order.workplace)
    whole = replace(order, out=tmp_path / "whole", working=None)
    scan(whole, SMALL)
    assert files(order) == files(whole)
    assert sorted(path.name for path in (tmp_path / "working").iterdir()) == [
        "intake.json", "orthomosaic.tif", "quality.json",
    ]  # fmt: skip


def test_a_stage_before_its_time_is_refused(order: Order) -> None:
    with pytest.raises(NotFoundError, match="no intake was completed"):
        perform("scan", order, SMALL)
    assert not order.out.exists()


def test_stages_apart_say_and_leave_the_same(order: Order, tmp_path: Path) -> None:
    heard: list[Progress] = []
    said = [perform_apart(Stage(name=name, order=order, settings=SMALL), heard.append, never) for name in IN_ORDER]
    assert said[1]["usable"]
    assert said[3]["flags"] == 2
    assert {progress.stage for progress in heard} >= {"scanning", "looking at the imagery", "writing the results"}
    whole = replace(order, out=tmp_path / "whole", working=None)
    scan(whole, SMALL)
    assert files(order) == files(whole)


def test_a_refusal_comes_through_as_its_own_error(order: Order, tmp_path: Path) -> None:
    (tmp_path / "not.tif").write_bytes(b"%PDF-1.7 not a picture")
    wrong = replace(order, source=tmp_path / "not.tif")
    with pytest.raises(InvalidInputError, match=r"not\.tif"):
        perform_apart(Stage(name="intake", order=wrong, settings=SMALL), lambda _: None, never)


def test_a_stage_nobody_foresaw_becomes_a_number_and_no_traceback(order: Order) -> None:
    with pytest.raises(StageFaultError) as caught:
        perform_apart(Stage(name="no such stage", order=order, settings=SMALL), lambda _: None, never)
    assert caught.value.number in str(caught.value)
    assert "KeyError" not in str(caught.value)


def test_a_halted_scan_stops_between_strips_and_goes_on_later(order: Order, tmp_path: Path) -> None:
    fine = Settings(scan=ScanSettings(window_px=64))
    perform("intake", order, fine)
    strips: list[int] = []

    def hear(progress: Progress) -> None:
        if progress.unit == "strips":
            strips.append(progress.done)

    with pytest.raises(StoppedError):
        perform_apart(Stage(name="scan", order=order, settings=fine), hear, lambda: True)
    assert not (order.out / "scan.json").exists()
    for stage in IN_ORDER[2:]:
        perform(stage, order, fine)
    whole = replace(order, out=tmp_path / "whole", working=None)
    scan(whole, fine)
    assert files(order) == files(whole)


def test_ground_too_coarse_is_called_unusable_in_both_languages(order: Order, tmp_path: Path) -> None:
    coarse = replace(order, source=write_upload(tmp_path / "coarse.tif", gsd_m=0.35))
    perform("intake", coarse, SMALL)
    said = perform("quality", coarse, SMALL)
    assert not said["usable"]
    assert "35.00 cm" in said["sentence"]
    assert "35.00 cm" in said["sentence_zh"]


def test_ground_that_is_mostly_blurred_is_unusable_and_the_sentence_says_what_would_do(order: Order) -> None:
    sharp = write_knowing_bundle(order.model, quality=replace(QUALITY, sharpness_least=99.0))
    assert sharp == order.model
    perform("intake", order, SMALL)
    said = perform("quality", order, SMALL)
    assert not said["usable"]
    assert "blurred" in said["sentence"]
    assert "fly more slowly" in said["sentence"]
    kept = json.loads((order.workplace / "quality.json").read_text())
    assert kept["poor_shares"]["blur"] > 0.9
    assert kept["sentence_zh"].startswith("不可用")


def test_a_model_without_limits_of_quality_calls_all_imagery_usable(order: Order) -> None:
    write_bundle(order.model)
    perform("intake", order, SMALL)
    assert perform("quality", order, SMALL)["usable"]


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_a_least_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InvalidInputError, match="least_assessable_share"):
        QualitySettings(least_assessable_share=share)
