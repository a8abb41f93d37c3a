"""The import contracts hold, and break when they are violated on purpose."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "pipeline", tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    assert lint(ROOT).returncode == 0


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("workflow/scan.py", "import sqlalchemy", "only the store knows the database"),
        ("store/ledger.py", "import pipeline.store.audit", "the store is split by what is remembered"),
        ("domain/plot.py", "import numpy", "the domain stands on the standard library and shapely"),
        ("domain/geometry.py", "import pipeline.domain.flag", "inside domain, files follow the flow"),
        ("imagery/pixels.py", "import pipeline.scanning.scan", "folders are layers"),
        ("scanning/scan.py", "import pipeline.learning", "folders are layers"),
        ("scanning/scan.py", "import torch", "only learning needs torch"),
        ("workflow/scan.py", "import rasterio", "only imagery opens rasters"),
        ("workflow/scan.py", "import openvino", "only scanning runs OpenVINO"),
        ("workflow/advance.py", "import dbos", "only jobs knows DBOS"),
        ("utils.py", "", "folders are layers"),
    ],
)
def test_a_violation_breaks_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / "pipeline" / file
    path.write_text((path.read_text() if path.exists() else '"""Stray."""\n') + f"\n{line}\n")
    result = lint(copy)
    assert result.returncode != 0
    assert any(text.startswith(contract) and text.endswith("BROKEN") for text in result.stdout.splitlines())
