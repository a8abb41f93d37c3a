"""The command line: help for everything, one plain sentence and exit code 2 for bad input."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import write_bundle
from uploads import write_upload

from pipeline.cli import main

ROOT = Path(__file__).parents[1]
Said = subprocess.CompletedProcess[str]
Plotwatch = Callable[..., Said]


def in_a_process(*arguments: object) -> Said:
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture
def plotwatch(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Plotwatch:
    """The command in this process: what it and the libraries below it print, and how it ends."""

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["plotwatch", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(sys.argv, int(ended.value.code or 0), *capfd.readouterr())

    return run


@pytest.mark.parametrize(
    "command", ["scan", "train", "evaluate", "crossvalidate", "stress", "scene", "demo", "user", "audit", "db"]
)
def test_every_command_explains_itself(plotwatch: Plotwatch, command: str) -> None:
    shown = plotwatch(command, "--help")
    assert shown.returncode == 0
    assert "Usage" in shown.stdout


def test_a_scan_says_what_was_found_and_where_it_is(plotwatch: Plotwatch, tmp_path: Path) -> None:
    source, model = write_upload(tmp_path / "flight.tif"), write_bundle(tmp_path / "red")
    said = in_a_process("scan", source, "--model", model, "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    assert "2 flags, each unreviewed" in said.stdout
    assert "report.html" in said.stdout
    record = plotwatch("scan", source, "--model", model, "--out", tmp_path / "out", "--json")
    assert json.loads(record.stdout)["flags"] == 2


@pytest.mark.parametrize("content", [b"", b"II*\x00", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n" + b"0" * 64, b"<html>"])
def test_bad_input_is_one_plain_sentence_and_leaves_nothing(
    plotwatch: Plotwatch, tmp_path: Path, content: bytes
) -> None:
    source, model = tmp_path / "upload.tif", write_bundle(tmp_path / "red")
    source.write_bytes(content)
    said = plotwatch("scan", source, "--model", model, "--out", tmp_path / "out")
    assert said.returncode == 2
    assert said.stdout == ""
    assert said.stderr.startswith("plotwatch: ")
    assert len(said.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_model_and_an_unknown_setting_exit_with_2(plotwatch: Plotwatch, tmp_path: Path) -> None:
    source = write_upload(tmp_path / "flight.tif")
    (tmp_path / "bad.toml").write_text("[scan]\nwindw_px = 3\n")
    model = write_bundle(tmp_path / "red")
    for arguments in (["--model", tmp_path / "none"], ["--model", model, "--config", tmp_path / "bad.toml"]):
        said = plotwatch("scan", source, "--out", tmp_path / "out", *arguments)
        assert (said.returncode, len(said.stderr.strip().splitlines())) == (2, 1)
        assert not (tmp_path / "out").exists()


def test_a_scene_too_small_to_render_is_refused(plotwatch: Plotwatch, tmp_path: Path) -> None:
    said = plotwatch("scene", "--size-px", 3, "--seed", 1, "--out", tmp_path / "scene")
    assert said.returncode == 2
    assert not (tmp_path / "scene").exists()


@pytest.mark.learning
def test_an_evaluation_of_ground_nobody_knows_is_one_plain_sentence(plotwatch: Plotwatch, tmp_path: Path) -> None:
    model, data = write_bundle(tmp_path / "red"), tmp_path / "DATASET.toml"
    said = plotwatch("evaluate", "--model", model, "--out", tmp_path / "out", "--data", data)
    assert (said.returncode, len(said.stderr.strip().splitlines())) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_a_demo_whose_port_is_taken_says_so_before_it_works(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = in_a_process("demo", "--serve", "--port", port, "--out", tmp_path / "d")
    assert answer.returncode == 4
    assert answer.stderr.startswith(f"plotwatch: 127.0.0.1:{port} cannot be listened on")
    assert not (tmp_path / "d").exists()
