"""A scan under way: what was ordered, and what is known of it once its orthomosaic has been taken in."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from pipeline.domain.orthomosaic import Orthomosaic
from pipeline.domain.window import CellGrid
from pipeline.imagery.intake import read_intake
from pipeline.imagery.quality import why_not_assessable
from pipeline.imagery.working import WORKING_NAME
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.engine import choose_precision
from pipeline.scanning.scan import grid_for
from pipeline.settings import Settings
from pipeline.workflow.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One scan under way: what was ordered, and what was found out before scoring."""

    order: Order
    settings: Settings
    bundle: Bundle
    mosaic: Orthomosaic
    precision: str

    @property
    def working(self) -> Path:
        """The working orthomosaic."""
        return self.order.workplace / WORKING_NAME

    @property
    def grid(self) -> CellGrid:
        """The cells of the mosaic."""
        return grid_for(self.mosaic, self.bundle.manifest, self.settings.scan)

    @property
    def not_assessable_because(self) -> str | None:
        """Why no cell of the mosaic can be asked about, in a sentence; None where they can."""
        return why_not_assessable(self.mosaic.georeference, self.bundle.manifest)

    @property
    def identity(self) -> str:
        """Scores of one identity may be mixed; anything that could change a score changes it."""
        what = {
            "orthomosaic": self.mosaic.original_sha256,
            "intake": asdict(self.settings.intake),
            "model": self.bundle.sha256,
            "scan": asdict(self.settings.scan),
            "precision": self.precision,
            "software": version("plotwatch"),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def task_of(order: Order, settings: Settings, *, bundle: Bundle | None = None) -> Task:
    """The task of an order whose orthomosaic has been taken in.

    Raises:
        NotFoundError: There is no such model, or nothing was taken in.
        InvalidInputError: The model or the record of the intake cannot be used.
    """
    chosen = bundle or open_bundle(order.model)
    precision = choose_precision(settings.scan.precision, has_int8=chosen.int8_graph is not None)
    mosaic = read_intake(order.workplace)
    return Task(order=order, settings=settings, bundle=chosen, mosaic=mosaic, precision=precision)
