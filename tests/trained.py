"""A finished training on red squares: it takes half a minute, so one is made for all who only look at it."""

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from blobs import write_config, write_dataset


def red_run(root: Path) -> Path:
    """The folder of a finished training below ``root``, made by whichever process asks first; the others wait for it.

    ``run`` is what ``plotwatch train`` leaves there, int8 network and page of mistakes included, by few and small
    calibration windows; ``DATASET.toml`` are the data. Nobody writes to it.
    """
    folder = root / "red"
    with (root / "red.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _train(root / "red.part")
            (root / "red.part").rename(folder)
    return folder


def rest_while_exporting(config: pytest.Config) -> None:
    """Coverage rests while torch exports a network: seconds of torch's own Python, none of ours."""
    import torch

    counting, export = config.pluginmanager.getplugin("_cov"), torch.onnx.export
    if counting is None or isinstance(export, _Resting):
        return
    torch.onnx.export = _Resting(counting.cov_controller, export)


@dataclass
class _Resting:
    counting: Any
    act: Callable[..., Any]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.counting.pause()
        try:
            return self.act(*arguments, **named)
        finally:
            self.counting.resume()


def _train(folder: Path) -> None:
    import torch

    from pipeline.workflow import quantise
    from pipeline.workflow.retrain import retrain

    torch.set_num_threads(1)
    folder.mkdir()
    write_dataset(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "WINDOWS", 16)
        patch.setattr(quantise, "WINDOW_PX", 128)
        retrain(write_config(folder, steps=60, every=20), folder / "run")
