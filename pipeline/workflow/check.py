"""Check: is a flight worth scanning? Looks at windows spread over the whole mosaic, so that the answer comes at once.

``quality.json`` beside the working copy keeps the answer, version 1: the fields of ``Usability``, ``usable`` and its
sentence in both languages. A scan judges every cell again; this look decides only whether there is one.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.assessability import Reason
from pipeline.domain.progress import Progress, Report
from pipeline.domain.usability import Usability
from pipeline.domain.window import Window
from pipeline.imagery.intake import QUALITY_NAME
from pipeline.imagery.layers import bounded_cache
from pipeline.imagery.pixels import Ground
from pipeline.imagery.whole import write_text
from pipeline.scanning.scan import Reading, look, plan_reading
from pipeline.workflow.score import flown_pixels
from pipeline.workflow.task import Task

VERSION: Final = 1
WINDOW_PX: Final = 512
MOST_LOOKS: Final = 48
"""48 windows of 512 px are 12.6 MPix: about a second, whatever the size of the mosaic."""


def check(task: Task, report: Report) -> Usability:
    """Look at the imagery of a task, and write down what it came to."""
    flown_rc = flown_pixels(task, report)
    flown_px = int(flown_rc.sum(dtype=np.int64))
    place = task.mosaic.georeference
    if task.not_assessable_because:
        cells, poor = 0, {Reason.COARSE: 1.0}
    else:
        cells, poor = _look_around(task, flown_rc, report)
    usability = Usability(
        gsd_m=place.gsd_m,
        coarsest_gsd_m=task.bundle.manifest.coarsest_gsd_m,
        flown_m2=flown_px * place.pixel_area_m2,
        not_flown_m2=(task.mosaic.size.pixels - flown_px) * place.pixel_area_m2,
        cells_looked_at=cells,
        poor_shares={reason.name.lower(): share for reason, share in poor.items()},
        least_share=task.settings.quality.least_assessable_share,
    )
    said = {"usable": usability.usable, "sentence": usability.sentence, "sentence_zh": usability.sentence_zh}
    content = {"version": VERSION, **asdict(usability), **said}
    write_text(task.working.parent / QUALITY_NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return usability


def _look_around(task: Task, flown_rc: npt.NDArray[np.int32], report: Report) -> tuple[int, dict[Reason, float]]:
    """How many flown cells were looked at, and the share of them that is poor for each reason."""
    model = task.bundle.manifest
    if model.quality is None:
        return 0, {}
    settings = replace(task.settings.scan, window_px=WINDOW_PX, shift_cells=0)
    reading = plan_reading(task.grid, model, settings)
    windows = list(_spread(reading, flown_rc))
    counted: Counter[int] = Counter()
    scale = reading.grid.model_px_per_px
    with bounded_cache(), Ground(task.working, scale=scale, fill_rgb=model.fill_rgb) as ground:
        for number, window in enumerate(windows):
            report(Progress(stage="looking at the imagery", done=number, total=len(windows), unit="windows"))
            poor_rc = reading.cells(look(reading, model, ground, window).poor_rc, window)
            counted.update(poor_rc[_flown(window, flown_rc)].tolist())
    report(Progress(stage="looking at the imagery", done=len(windows), total=len(windows), unit="windows"))
    total = sum(counted.values())
    return total, {Reason(code): number / total for code, number in sorted(counted.items()) if code != Reason.NONE}


def _spread(reading: Reading, flown_rc: npt.NDArray[np.int32]) -> Iterator[Window]:
    """At most ``MOST_LOOKS`` windows with imagery, evenly through the mosaic."""
    flown = [window for strip in reading.plan.strips() for window in strip.windows if _flown(window, flown_rc).any()]
    every = max(1.0, len(flown) / MOST_LOOKS)
    for number in range(min(len(flown), MOST_LOOKS)):
        yield flown[int((number + 0.5) * every)]


def _flown(window: Window, flown_rc: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which cells of a window have imagery."""
    rows, columns = np.s_[window.row : window.row + window.rows], np.s_[window.column : window.column + window.columns]
    return np.asarray(flown_rc[rows, columns] > 0)
