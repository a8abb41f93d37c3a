"""What a training writes down as it goes: ``curve.csv``, and the same for TensorBoard in ``tensorboard/``."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from torch.utils.tensorboard.writer import SummaryWriter

from pipeline.learning.checkpoint import CurvePoint

CURVE: Final = "curve.csv"
TENSORBOARD: Final = "tensorboard"


class Journal:
    """The journal of a run's folder, going on after ``step``; use it in a ``with``."""

    def __init__(self, folder: Path, *, step: int) -> None:
        self._folder = folder
        self._writer = SummaryWriter(str(folder / TENSORBOARD), purge_step=step + 1)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._writer.close()

    def write(self, curve: Sequence[CurvePoint]) -> None:
        """Write the whole curve to the table, and its last point to TensorBoard."""
        with (self._folder / CURVE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(CurvePoint)])
            writer.writeheader()
            writer.writerows(asdict(point) for point in curve)
        last = curve[-1]
        self._writer.add_scalar("loss", last.loss, last.step)
        self._writer.add_scalar("learning rate", last.rate, last.step)
        if last.validation_ap is not None:
            self._writer.add_scalar("watched cells/average precision", last.validation_ap, last.step)
        self._writer.flush()
