"""Demo: render farmland whose truth is known, scan it, and count what was found.

Synthetic ground proves the machine, not the model: nothing here says how the model does on land.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from pyogrio.raw import read as read_vectors
from scipy.stats import binomtest

from pipeline.domain.flight import FlightState
from pipeline.domain.progress import Report, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.scenes import SceneSpec, write_scene
from pipeline.scanning.results import ScanRecord, read_scan_record
from pipeline.workflow.open_bureau import OpenBureau, Premises, open_bureau

SEED: Final = 7
"""Neither trained on (101-110) nor used to set the threshold (201-202) or to measure (301-302)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Flags against truth: a plot is found when a flag touches it; a flag is false when it touches no plot.

    ``look_alikes`` counts the false flags that touch a labelled look-alike.
    """

    plots: int
    found: int
    flags: int
    false_flags: int
    look_alikes: int

    def sentence(self) -> str:
        """What was counted, with the exact 95 % interval (Clopper and Pearson, 1934)."""
        if not self.plots:
            return f"no plots in the truth, {self.flags} flags"
        interval = binomtest(self.found, self.plots).proportion_ci(confidence_level=0.95, method="exact")
        return (
            f"{self.found} of {self.plots} hidden plots were flagged ({100 * self.found / self.plots:.0f} %, "
            f"95 % interval {100 * interval.low:.0f} to {100 * interval.high:.0f} %); "
            f"{self.false_flags} of {self.flags} flags touch no plot, {self.look_alikes} of those a look-alike"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """The farmland of a demo: its side in pixels of 2 cm, and its seed."""

    size_px: int = 8000
    seed: int = SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """What the demo made, found and counted."""

    record: ScanRecord
    comparison: Comparison
    scene: Path
    bureau: OpenBureau


def demonstrate(premises: Premises, scene: Path, *, land: Land, report: Report = say_nothing) -> Demonstration:
    """Render ``land`` into ``scene``, scan it as the flight of a new bureau, and count what was found.

    Raises:
        InvalidInputError: The size or the folder cannot be used, or the flight could not be scanned.
    """
    write_scene(SceneSpec(size_px=land.size_px, seed=land.seed), scene, report)
    bureau = open_bureau(premises, scene / "orthomosaic.tif", report)
    if bureau.flight.state is not FlightState.SCANNED:
        raise InvalidInputError(f"the demo's flight was not scanned: {bureau.flight.reason}")
    record = read_scan_record(bureau.results)
    comparison = compare(bureau.results / "flags.gpkg", scene / "truth.gpkg", target=record.model.classes[0])
    return Demonstration(record=record, comparison=comparison, scene=scene, bureau=bureau)


def compare(flags: Path, truth: Path, *, target: str) -> Comparison:
    """Count the flags in one GeoPackage against the labels in another; ``target`` is the class that counts."""
    asked, _ = _layer(flags, "flags")
    labels, kinds = _layer(truth, "labels")
    plots, others = labels[kinds == target], labels[kinds != target]
    hits = _touching(asked, plots)
    return Comparison(
        plots=len(plots),
        found=int(_touching(plots, asked).sum()),
        flags=len(asked),
        false_flags=int((~hits).sum()),
        look_alikes=int((~hits & _touching(asked, others)).sum()),
    )


def _layer(path: Path, layer: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The geometries of a layer, and its field ``class``."""
    _, _, geometry, fields = read_vectors(path, layer=layer, columns=["class"])
    return shapely.from_wkb(geometry), np.asarray(fields[0], object)


def _touching(these: npt.NDArray[Any], those: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of ``these`` touch any of ``those``: bool [len(these)]."""
    touched = np.zeros(len(these), bool)
    touched[shapely.STRtree(those).query(these, predicate="intersects")[0]] = True
    return touched
