"""Scan: from an orthomosaic to candidate plots. Read this first.

take in -> where is imagery -> score every cell -> cells to plots -> plots to flags -> results -> report
"""

from pipeline.domain.progress import Report, say_nothing
from pipeline.imagery.intake import take_in
from pipeline.imagery.layers import bounded_cache
from pipeline.scanning import results
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.ledger import clear_ledger
from pipeline.settings import Settings
from pipeline.workflow.conclude import conclude
from pipeline.workflow.order import Order, alone_in
from pipeline.workflow.score import EngineMaker, score, with_openvino
from pipeline.workflow.task import task_of

__all__ = ["Order", "scan"]


def scan(
    order: Order, settings: Settings, report: Report = say_nothing, *, make_engine: EngineMaker = with_openvino
) -> results.ScanRecord:
    """Scan an orthomosaic and leave the *Scan result* (scanning.results) in ``order.out``.

    A scan that was killed resumes where it stopped and leaves the same files as one left alone.

    Raises:
        NotFoundError: There is no such orthomosaic or model.
        InvalidInputError: One of them cannot be used; nothing is left behind.
        ConflictError: Another scan is writing to the same folder.
    """
    bundle = open_bundle(order.model)
    with alone_in(order.out), bounded_cache():
        take_in(order.source, order.workplace, settings.intake, report)
        task = task_of(order, settings, bundle=bundle)
        cells, effort = score(task, report, make_engine=make_engine)
        record = conclude(task, cells, effort, report)
        clear_ledger(order.workplace)
    return record
