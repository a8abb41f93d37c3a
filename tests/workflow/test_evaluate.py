"""An evaluation counts as a scan and the demo do, gives the card's numbers again, and shows what went wrong."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from blobs import left_of, squares, write_field, write_labels
from bundles import MANIFEST, red_graph, write_bundle
from pages import unclosed
from PIL import Image
from rasters import green_ground

from pipeline.domain.model import CellRule
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.sources import Role
from pipeline.settings import Settings
from pipeline.workflow.demo import compare
from pipeline.workflow.evaluate import Question, evaluate, role_named, summary
from pipeline.workflow.scan import Order, scan

pytestmark = pytest.mark.learning


@pytest.fixture
def field(tmp_path: Path) -> Path:
    """A data set of one field of role test; every third red square is called blue there, so some flags are false."""
    write_field(tmp_path / "field", size=512, seed=8)
    drawn, labels = squares(512, 8), tmp_path / "field" / "labels.gpkg"
    classes = ["blue" if number % 3 == 0 else square.class_name for number, square in enumerate(drawn)]
    labels.unlink()
    outlines = [shapely.box(s.column, s.row, s.column + s.side, s.row + s.side) for s in drawn]
    write_labels(labels, outlines, classes, left=left_of(8))
    lines = ["version = 1", 'name = "kept"', 'target = ["red"]', "[[source]]", 'role = "test"', 'field = "kept field"']
    lines += ['orthomosaic = "field/orthomosaic.tif"', 'labels = "field/labels.gpkg"']
    (tmp_path / "DATASET.toml").write_text("\n".join(lines))
    return tmp_path / "DATASET.toml"


def ask(model: Path, data: Path, role: Role = Role.TEST, **more: Any) -> Question:
    return Question(model=model, data=data, role=role, **more)


def test_an_evaluation_counts_what_a_scan_flags_and_what_the_demo_counts(field: Path, tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red", graph=red_graph(gain=0.08))  # misses what no cell holds most of
    record = evaluate(ask(model, field), tmp_path / "out")
    ortho, labels = tmp_path / "field" / "orthomosaic.tif", tmp_path / "field" / "labels.gpkg"
    scan(Order(source=ortho, model=model, out=tmp_path / "scan"), Settings())
    counted = compare(tmp_path / "scan" / "flags.gpkg", labels, target="red")
    plots = record["plots"]
    assert counted.plots > 10
    assert counted.false_flags
    assert 0 < counted.found < counted.plots
    assert (plots["recall"]["hits"], plots["recall"]["n"]) == (counted.found, counted.plots)
    assert (plots["false_flags"], plots["precision"]["n"]) == (counted.false_flags, counted.flags)


def test_the_record_names_the_bundle_and_the_data_by_their_sha256(field: Path, tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red")
    evaluate(ask(model, field), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert record["model"]["sha256"] == hashlib.sha256((model / "bundle.json").read_bytes()).hexdigest()
    files = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "field").iterdir())
    assert record["data"]["fingerprint"] == hashlib.sha256("\n".join(files).encode()).hexdigest()
    assert (record["version"], record["data"]["role"]) == (1, "test")
    assert record["claim"]["sentence"].startswith("no claim: 10 held-out plots")


def test_the_cards_numbers_are_given_again_by_evaluate(red_run: Path, tmp_path: Path) -> None:
    run = red_run / "run"
    metrics = json.loads((run / "metrics.json").read_text())
    question = ask(run / "red", red_run / "DATASET.toml", Role.VALIDATE)
    again = evaluate(replace(question, engine="torch"), tmp_path / "torch")
    for part in ("plots", "cells", "reliability", "mistakes"):
        assert again[part] == metrics[part]
    card = (run / "red" / "card.md").read_text()
    recall, cells = again["plots"]["recall"], again["cells"]
    assert f"{recall['value']:.3f} ({recall['interval_95'][0]:.3f} to {recall['interval_95'][1]:.3f})" in card
    assert f"{cells['average_precision']:.3f}" in card
    shipped = evaluate(replace(question, precision="fp32"), tmp_path / "openvino")
    assert shipped["plots"]["recall"] == metrics["plots"]["recall"]
    assert shipped["plots"]["precision"] == metrics["plots"]["precision"]
    assert shipped["cells"]["average_precision"] == pytest.approx(metrics["cells"]["average_precision"], abs=1e-6)


def test_a_training_leaves_its_curve_and_its_mistakes_as_a_page(red_run: Path) -> None:
    text = (red_run / "run" / "evaluation.html").read_text(encoding="utf-8")
    assert "Loss" in text
    assert "训练步数" in text
    assert "The worst misses" in text


def test_the_page_is_whole_self_contained_and_says_the_same_in_both_languages(field: Path, tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "red", graph=red_graph(gain=0.08))
    record = evaluate(ask(model, field), tmp_path / "out")
    text = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    shown = len(record["mistakes"]["misses"]) + len(record["mistakes"]["false_flags"])
    assert text.count("data:image/jpeg") == shown > 0
    without_pictures = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", text)
    assert "http" not in without_pictures
    assert "<script" not in text
    assert text.count('lang="en"') - 1 == text.count('lang="zh-Hans"')
    assert unclosed(text) == []


def test_the_cells_are_judged_by_the_bundles_rule_unless_another_is_asked_for(field: Path, tmp_path: Path) -> None:
    own = write_bundle(tmp_path / "own", version=2, cell_rule=CellRule(target_from=0.5, clear_below=0.4))
    record = evaluate(ask(own, field), tmp_path / "out")
    assert record["cell_rule"] == {"target_from": 0.5, "clear_below": 0.4, "least_valid_share": 0.5}
    asked = evaluate(ask(own, field, target_from=0.9), tmp_path / "out")
    assert asked["cell_rule"]["target_from"] == 0.9
    assert asked["cells"]["target_cells"] < record["cells"]["target_cells"]
    assert asked["plots"] == record["plots"]
    old = evaluate(ask(write_bundle(tmp_path / "old"), field), tmp_path / "out")
    assert (old["cell_rule"]["target_from"], old["cell_rule"]["clear_below"]) == (0.10, 0.001)


def test_plain_pictures_with_masks_are_judged_and_shown(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 4)):
        pixels_hwb, mask_hw = green_ground(256, 320, seed), np.zeros((256, 320), np.uint8)
        for square in squares(256, seed):
            part = np.s_[square.row : square.row + square.side, square.column : square.column + square.side]
            pixels_hwb[part] = (190, 60, 60)
            mask_hw[part] = 1
        Image.fromarray(pixels_hwb).save(tmp_path / f"{name}.jpg", quality=95)
        Image.fromarray(mask_hw).save(tmp_path / f"{name}.png")
    data = tmp_path / "DATASET.toml"
    data.write_text(
        'version = 1\nname = "p"\ntarget = ["red"]\n[[source]]\nrole = "test"\nfield = "f"\n'
        'images = "*.jpg"\nmasks = "*.png"\ngsd_m = 0.02\n'
    )
    record = evaluate(ask(write_bundle(tmp_path / "red"), data), tmp_path / "out")
    assert (record["data"]["grounds"], record["plots"]["recall"]["n"]) == (2, sum(len(squares(256, s)) for s in (3, 4)))


def test_ground_without_a_target_has_false_flags_and_no_recall(field: Path, tmp_path: Path) -> None:
    field.write_text(
        field.read_text().replace('target = ["red"]', 'target = ["violet"]\nlook_alikes = ["red", "blue"]')
    )
    record = evaluate(ask(write_bundle(tmp_path / "red"), field), tmp_path / "out")
    assert record["plots"]["recall"] == {"value": None, "hits": 0, "n": 0, "interval_95": [0.0, 1.0]}
    assert record["plots"]["false_flags"] > 0
    assert {one["look_alike"] for one in record["mistakes"]["false_flags"]} >= {"red"}
    assert "0 of 0 found, recall none" in summary(record)


def test_a_role_that_nothing_plays_or_nobody_knows_is_refused_with_what_there_is(field: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no ground with role validate; it has test"):
        evaluate(ask(write_bundle(tmp_path / "red"), field, Role.VALIDATE), tmp_path / "out")
    with pytest.raises(InvalidInputError, match="role 'tset' is not known, use train, "):
        role_named("tset")
    with pytest.raises(NotFoundError, match="no model bundle"):
        evaluate(ask(tmp_path / "none", field), tmp_path / "out")
    with pytest.raises(InvalidInputError, match="use openvino or torch"):
        ask(tmp_path, field, engine="abacus")
    assert not (tmp_path / "out").exists()


def test_a_claim_is_void_on_ground_of_another_scale(field: Path, tmp_path: Path) -> None:
    proven = replace(MANIFEST.thresholds, n_plots=60, n_found=60)
    at_scale = evaluate(ask(write_bundle(tmp_path / "red", thresholds=proven), field), tmp_path / "out")
    assert at_scale["claim"]["holds"]
    finer = replace(proven, gsd_range_m=(0.005, 0.006))
    record = evaluate(ask(write_bundle(tmp_path / "red", thresholds=finer), field), tmp_path / "out")
    assert record["claim"]["sentence"].startswith("no claim: this flight differs (ground sampling distance 2 cm")
