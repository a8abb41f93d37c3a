"""A training learns, goes on where it was killed, and ends in a bundle that is what it says."""

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
import pytest
import torch
from blobs import write_config, write_dataset

from pipeline.domain.progress import Progress, say_nothing
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.learning.export import load_knowing, load_network, read_manifest
from pipeline.learning.plan import load_config
from pipeline.learning.train import train

pytestmark = pytest.mark.learning


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress]]:
    """The folder of a finished run on red squares, and what was reported on the way."""
    folder, seen = tmp_path_factory.mktemp("red"), []
    write_dataset(folder)
    train(load_config(write_config(folder, steps=60, every=20)), folder / "run", seen.append)
    return folder, seen


@pytest.fixture(scope="module")
def run(trained: tuple[Path, list[Progress]]) -> Path:
    return trained[0]


def _metrics(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run" / "metrics.json").read_text())
    return content


def test_it_learns_red_from_blue_on_ground_it_has_not_seen(run: Path) -> None:
    metrics = _metrics(run)
    assert metrics["cells"]["average_precision"] > 0.9
    assert metrics["plots"]["recall"]["n"] > 2
    with (run / "run" / "curve.csv").open() as file:
        curve = list(csv.DictReader(file))
    assert [row["step"] for row in curve] == ["20", "25", "40", "50", "60"]
    assert float(curve[-1]["loss"]) < 0.7 * float(curve[0]["loss"])
    assert list((run / "run" / "tensorboard").glob("events.*"))
    assert float(curve[-1]["validation_ap"]) == pytest.approx(metrics["cells"]["average_precision"], abs=0.02)


def test_every_step_is_reported(trained: tuple[Path, list[Progress]]) -> None:
    _, seen = trained
    assert [p.done for p in seen if p.stage == "train"] == list(range(1, 61))
    assert [p.stage for p in seen[60:]] == ["calibrate", "validate"]


def _killed_at(step: int) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.stage == "train" and progress.done == step:
            raise KeyboardInterrupt

    return report


@pytest.fixture(scope="module")
def resumed(run: Path) -> tuple[Path, int]:
    """The bundle of a training that was killed and begun again, and the first step that it did then."""
    config, steps = load_config(run / "config.toml"), list[int]()
    with pytest.raises(KeyboardInterrupt):
        train(config, run / "killed", _killed_at(33))
    bundle = train(config, run / "killed", lambda progress: steps.append(progress.done))
    return bundle, steps[0]


def test_a_killed_and_resumed_training_ends_where_an_uninterrupted_one_does(
    run: Path, resumed: tuple[Path, int]
) -> None:
    bundle, first_step = resumed
    assert first_step == 26
    assert _weights(bundle) == _weights(run / "run" / "red")


def _weights(bundle: Path) -> tuple[str, float]:
    manifest = read_manifest(bundle)
    return manifest.files["weights.safetensors"], manifest.thresholds.high


def test_a_training_with_select_ground_ends_when_it_gets_no_better_and_keeps_its_best(tmp_path: Path) -> None:
    write_dataset(tmp_path, roles=("train", "calibrate", "validate", "select"))
    config = load_config(write_config(tmp_path, steps=200, every=10, looks="look_every = 10\npatience_steps = 30"))
    train(config, tmp_path / "run", say_nothing)
    with (tmp_path / "run" / "curve.csv").open() as file:
        looks = {int(row["step"]): float(row["validation_ap"]) for row in csv.DictReader(file) if row["validation_ap"]}
    best = min(step for step, ap in looks.items() if ap == max(looks.values()))
    assert max(looks) == best + 30 < 200
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (content["steps"], content["best_step"]) == (max(looks), best)


def test_a_stopped_training_does_not_go_on_with_another_split(run: Path) -> None:
    path = run / "DATASET.toml"
    before = path.read_text()
    path.write_text(before.replace('field = "train field"', 'field = "another name"'))
    with pytest.raises(InvalidInputError, match="holds a training with another configuration or other data"):
        train(load_config(run / "config.toml"), run / "run", say_nothing)
    path.write_text(before)


def test_a_folder_with_another_training_is_refused(run: Path) -> None:
    write_config(run, steps=61)
    with pytest.raises(InvalidInputError, match="holds a training with another configuration or other data"):
        train(load_config(run / "config.toml"), run / "run", say_nothing)
    write_config(run, steps=60, every=20)


def test_the_bundle_is_whole_and_vouches_for_every_file(run: Path) -> None:
    bundle = run / "run" / "red"
    manifest = read_manifest(bundle)
    assert {path.name for path in bundle.iterdir()} == {*manifest.files, "bundle.json"}
    assert set(manifest.files) == {"weights.safetensors", "model.onnx", "card.md", "datasheet.md"}
    for name, sha256 in manifest.files.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == sha256
    assert (manifest.classes, manifest.stride_px, manifest.halo_px) == (("red",), 32, 128)
    assert manifest.fill_rgb == (124, 116, 104)
    assert json.loads((bundle / "bundle.json").read_text())["calibration"]["n_cells"] > 0


def test_a_changed_file_is_refused(run: Path, tmp_path: Path) -> None:
    bundle = run / "run" / "red"
    for path in bundle.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "card.md").write_text("# Finds everything\n")
    with pytest.raises(InvalidInputError, match="card.md .* is not the file its manifest vouches for"):
        load_network(tmp_path)
    (tmp_path / "card.md").unlink()
    with pytest.raises(NotFoundError, match="has no file card.md"):
        load_network(tmp_path)


@pytest.mark.parametrize("shape", [(1, 256, 256), (3, 64, 160)])
def test_the_onnx_graph_gives_what_torch_gives(run: Path, shape: tuple[int, int, int]) -> None:
    bundle = run / "run" / "red"
    classifier, _ = load_network(bundle)
    pixels_nhwb = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    expected = classifier(torch.from_numpy(pixels_nhwb)).numpy()
    engine = openvino.Core().compile_model(bundle / "model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    given = engine(pixels_nhwb)[0]
    assert given.shape == expected.shape == (shape[0], 1, shape[1] // 32, shape[2] // 32)
    np.testing.assert_allclose(1 / (1 + np.exp(-given)), 1 / (1 + np.exp(-expected)), atol=1e-3)
    knowing, manifest = load_knowing(bundle)
    assert manifest.familiarity is not None
    assert manifest.quality is not None
    far = engine(pixels_nhwb)[1]
    np.testing.assert_allclose(far, knowing(torch.from_numpy(pixels_nhwb))[1].numpy(), rtol=1e-3)


def test_the_onnx_graph_is_16_bit_and_says_nothing_of_the_machine(run: Path) -> None:
    content = (run / "run" / "red" / "model.onnx").read_bytes()
    model = onnx.load_from_string(content)
    large = [entry for entry in model.graph.initializer if np.prod(entry.dims) >= 1024]
    assert large
    assert {entry.data_type for entry in large} == {onnx.TensorProto.FLOAT16}
    assert not any(entry.external_data for entry in model.graph.initializer)
    for word in (b".py", b"torch", str(Path.cwd()).encode()):
        assert word not in content


def test_the_same_network_exports_to_the_same_bytes(run: Path, resumed: tuple[Path, int]) -> None:
    assert (resumed[0] / "model.onnx").read_bytes() == (run / "run" / "red" / "model.onnx").read_bytes()


def test_the_card_says_what_it_must(run: Path) -> None:
    card = (run / "run" / "red" / "card.md").read_text()
    metrics = _metrics(run)
    for sentence in (
        "It has never seen opium poppy, coca or cannabis.",
        "says nothing about them",
        "Not for operations",
        "only people decide",
        "licence CC0-1.0",
        "No recall is claimed",
        "too few for the conformal rule",
        f"{metrics['plots']['recall']['n']} plots",
        f"{metrics['cells']['average_precision']:.3f}",
        "1.6 to 2.5 cm a pixel",
        "What it fails on",
    ):
        assert sentence in card


def test_the_data_sheet_counts_what_was_opened(run: Path) -> None:
    sheet = (run / "run" / "red" / "datasheet.md").read_text()
    assert "| train | train field | 1 | 0.1 | 0.002621 | 2 |" in sheet
    assert f"Fingerprint: {_metrics(run)['data']['fingerprint']}" in sheet
