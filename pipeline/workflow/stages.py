"""The stages of a scan, each on its own: callable on a folder, done again without harm, going on where it was killed.

    intake   the working copy                       working/orthomosaic.tif, working/intake.json
    quality  may it be called seen?                 working/quality.json
    scan     every strip that the ledger lacks      working/ledger.jsonl and the scores
    plots    cells to plots, and all result files   scan.json last

One after the other they leave what ``workflow.scan`` leaves, and ``quality.json`` and the ledger beside it.
"""

from collections.abc import Callable
from typing import Final

from pipeline.domain.progress import Report, say_nothing
from pipeline.imagery.layers import bounded_cache
from pipeline.settings import Settings
from pipeline.workflow.check import check
from pipeline.workflow.collect import Said, collect_intake
from pipeline.workflow.conclude import conclude
from pipeline.workflow.order import Order, alone_in
from pipeline.workflow.score import score
from pipeline.workflow.task import task_of


def perform(stage: str, order: Order, settings: Settings, report: Report = say_nothing) -> Said:
    """Do one stage.

    Raises:
        NotFoundError: There is no such orthomosaic or model, or an earlier stage is missing.
        InvalidInputError: One of them cannot be used.
        ConflictError: Another process is at work in the same folder.
    """
    with alone_in(order.out), bounded_cache():
        return STAGES[stage](order, settings, report)


def _quality(order: Order, settings: Settings, report: Report) -> Said:
    usability = check(task_of(order, settings), report)
    return {"usable": usability.usable, "sentence": usability.sentence, "sentence_zh": usability.sentence_zh}


def _scan(order: Order, settings: Settings, report: Report) -> Said:
    _, effort = score(task_of(order, settings), report)
    return {"strips": effort.strip, "windows": effort.scored, "seconds": effort.seconds}


def _plots(order: Order, settings: Settings, report: Report) -> Said:
    task = task_of(order, settings)
    cells, effort = score(task, report)
    record = conclude(task, cells, effort, report)
    return {"flags": record.flags, "dropped_too_small": record.dropped_too_small, "area_m2": record.area_m2}


STAGES: Final[dict[str, Callable[[Order, Settings, Report], Said]]] = {
    "intake": collect_intake,
    "quality": _quality,
    "scan": _scan,
    "plots": _plots,
}
