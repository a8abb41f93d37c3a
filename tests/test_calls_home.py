"""Nothing calls home: the guard works, and what is known to call is switched off."""

import socket
import subprocess
import sys

import pytest


def test_the_guard_refuses_a_connection_to_elsewhere() -> None:
    with socket.socket() as somewhere, pytest.raises(pytest.fail.Exception, match="was tried"):
        somewhere.connect(("192.0.2.1", 80))
    with pytest.raises(pytest.fail.Exception, match="was asked for"):
        socket.getaddrinfo("pypi.org", 443)


def test_albumentations_is_told_not_to_look_for_updates() -> None:
    code = (
        "import os; from pipeline.settings import silence_calls_home; silence_calls_home(); "
        "print(os.environ['NO_ALBUMENTATIONS_UPDATE'])"
    )
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert started.stdout.strip() == "1"


LOADED = "import sys; print(sys.modules.get('openvino_telemetry') is not None)"


def test_openvino_reports_its_import_unless_it_is_silenced() -> None:
    """The control of the next test. With CI set it loads but does not send."""
    code = f"import openvino; {LOADED}"
    started = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"CI": "true"}
    )
    assert started.stdout.strip() == "True"


@pytest.mark.parametrize("module", ["pipeline.scanning.engine", "pipeline.workflow.scan", "pipeline.workflow.demo"])
def test_the_scan_never_loads_what_openvino_reports_with(module: str) -> None:
    code = f"import {module}; import openvino; {LOADED}"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert started.stdout.strip() == "False"


@pytest.mark.learning
def test_quantising_loads_nncf_without_what_it_reports_with() -> None:
    code = f"import pipeline.workflow.quantise, nncf; nncf.Dataset([]); {LOADED}"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert started.stdout.strip() == "False"


def test_the_command_line_starts_without_torch_openvino_and_rasters() -> None:
    heavy = "torch", "openvino", "rasterio", "albumentations"
    code = f"import pipeline.cli, sys; print([name for name in {heavy!r} if name in sys.modules])"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert started.stdout.strip() == "[]"


def test_a_scan_needs_no_torch() -> None:
    code = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name in {"torch", "torchvision", "timm", "albumentations", "safetensors"}:
            raise ImportError(name)

sys.meta_path.insert(0, Refusal())
import pipeline.workflow.scan, pipeline.workflow.demo
print("scans")
"""
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert started.stdout.strip() == "scans"
