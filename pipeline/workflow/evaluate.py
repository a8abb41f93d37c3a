"""Evaluate: score labelled ground with a shipped bundle, as a scan would, and write down how well it did.

What it leaves, ``version`` 1::

    evaluation.json   every number, the sha256 of the bundle's manifest and of the data  (learning.evaluation)
    evaluation.html   the same for people, with the worst mistakes as pictures           (workflow.illustrate)

Numbers on cards come from the same functions: ``plotwatch evaluate --role validate`` gives them again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.claim import Claim, claim_for, differences_of_scale
from pipeline.domain.coverage import area_in_words
from pipeline.domain.model import CellRule, Manifest
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery.whole import write_text
from pipeline.learning.assess import assessor_of
from pipeline.learning.card import STAND_IN
from pipeline.learning.chips import open_terrains
from pipeline.learning.evaluate import Judged, Scorer, Viewing, score_terrain, torch_scorer
from pipeline.learning.evaluation import Evaluation, numbers_of
from pipeline.learning.evaluation import evaluate as measure
from pipeline.learning.export import load_knowing, load_network
from pipeline.learning.labels import LabelledGround, read_role
from pipeline.learning.sources import DataSet, Role, data_fingerprint, read_dataset
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.scanning.engine import Answer, OpenVinoEngine, choose_precision
from pipeline.scanning.results import claimed
from pipeline.workflow.illustrate import Shown, write_page

VERSION: Final = 1
RECORD: Final = "evaluation.json"
PAGE: Final = "evaluation.html"
ENGINES: Final = ("openvino", "torch")
CACHE_GB: Final = 2.0
STAND_IN_MARK: Final = STAND_IN[0]
"""A bundle whose limits hold this sentence only stands in for what surveys look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which model is judged on which ground, by which engine.

    ``target_from`` and ``clear_below`` replace what the bundle says of cells; None leaves it. ``precision`` is the
    scan's.
    """

    model: Path
    data: Path
    role: Role = Role.VALIDATE
    engine: str = "openvino"
    precision: str = "auto"
    target_from: float | None = None
    clear_below: float | None = None

    def __post_init__(self) -> None:
        """Refuse an engine nobody knows.

        Raises:
            InvalidInputError: The engine is unknown.
        """
        if self.engine not in ENGINES:
            raise InvalidInputError(f"engine {self.engine!r} is not known, use {' or '.join(ENGINES)}")

    def rule(self, model: Manifest) -> CellRule:
        """When a cell is target and when it is clear."""
        rule = model.cell_rule or CellRule()
        wanted = {"target_from": self.target_from, "clear_below": self.clear_below}
        return replace(rule, **{key: value for key, value in wanted.items() if value is not None})


def evaluate(
    question: Question, out: Path, report: Report = say_nothing, *, curve: Path | None = None
) -> dict[str, Any]:
    """Judge a bundle on labelled ground and leave record and page in ``out``; ``curve`` is a training's ``curve.csv``.

    Returns:
        The content of ``evaluation.json``.

    Raises:
        NotFoundError: There is no such bundle or data set, or a file of it is missing.
        InvalidInputError: One of them cannot be used, or nothing plays the role.
    """
    bundle, dataset = open_bundle(question.model), read_dataset(question.data)
    judged = judge(question, bundle, dataset, report)
    evaluation = measure(judged)
    grounds = [one.scored.ground for one in judged]
    record = {
        **header(),
        "model": _model(bundle),
        "data": _data(dataset, question.role, grounds),
        "engine": question.engine,
        "stand_in": STAND_IN_MARK in bundle.manifest.limits,
        "cell_rule": asdict(question.rule(bundle.manifest)),
        "claim": asdict(claimed(_claim(bundle.manifest, grounds))),
        **numbers_of(evaluation),
    }
    write_record(out, record, evaluation, curve=curve)
    report(Progress(stage="writing the page", done=1, total=1))
    return record


def judge(question: Question, bundle: Bundle, dataset: DataSet, report: Report = say_nothing) -> tuple[Judged, ...]:
    """Every ground of the asked role, scored by the bundle at its own ground sampling distance and cell size.

    Raises:
        InvalidInputError: Nothing plays the role, or the ground cannot be used.
    """
    model = bundle.manifest
    scorer, rule = _scorer(question, bundle), question.rule(model)
    knows = model.quality is not None or model.familiarity is not None
    assess = assessor_of(*load_knowing(question.model)) if knows else None
    viewing = Viewing(cell_px=model.stride_px, halo_px=model.halo_px)
    grounds = read_role(dataset, question.role, model_gsd_m=model.gsd_m)
    judged = []
    for number, ground in enumerate(grounds, start=1):
        (terrain,) = open_terrains([ground], fill_rgb=model.fill_rgb, cache_gb=CACHE_GB)
        scored = score_terrain(scorer, terrain, rule, viewing, assess=assess)
        terrain.close()
        judged.append(Judged(scored=scored, calibration=model.calibration, thresholds=model.thresholds))
        report(Progress(stage="scoring", done=number, total=len(grounds), unit="grounds"))
    return tuple(judged)


def write_record(
    out: Path,
    record: dict[str, Any],
    evaluation: Evaluation,
    *,
    curve: Path | None = None,
    names: tuple[str, str] = (RECORD, PAGE),
) -> None:
    """Write the page and then the record, each whole or not at all.

    Raises:
        InvalidInputError: ``out`` cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_page(out / names[1], Shown(record=record, evaluation=evaluation, curve=curve))
        write_text(out / names[0], json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        raise InvalidInputError(f"results cannot be written to {out}: {error.strerror}") from error


def role_named(name: str) -> Role:
    """The role that people call ``name``.

    Raises:
        InvalidInputError: There is none.
    """
    try:
        return Role(name)
    except ValueError as error:
        raise InvalidInputError(f"role {name!r} is not known, use {', '.join(role.value for role in Role)}") from error


def summary(record: dict[str, Any]) -> str:
    """A record in a few plain lines."""
    plots, cells, reliability = record["plots"], record["cells"], record["reliability"]
    recall, precision, f1 = plots["recall"], plots["precision"], plots["f1"]
    sizes = ", ".join(
        f"{one['recall']['hits']}/{one['recall']['n']} up to {area_in_words(one['to_m2'])}" for one in plots["by_size"]
    )
    found = f"{recall['hits']} of {recall['n']} found, recall {_ranged(recall)}"
    touching = f"{precision['hits']} of {precision['n']} touch a plot, precision {_ranged(precision)}"
    per_true, per_hectare = _said(plots["false_per_true"], 2), _said(plots["false_per_hectare"], 1)
    at_90, at_95 = _said(cells["precision_at_90_recall"]), _said(cells["precision_at_95_recall"])
    ranked = f"average precision {_said(cells['average_precision'])}, precision {at_90} at 90 % recall, {at_95} at 95 %"
    error = _said(reliability["expected_calibration_error"], 4)
    lines = [
        f"plots:  {found}",
        f"flags:  {touching}; F1 {_ranged(f1)}",
        f"false:  {per_true} for each true flag, {per_hectare} a hectare on {area_in_words(plots['area_m2'])}",
        f"sizes:  {sizes or 'no plots'}",
        f"cells:  {ranked} ({cells['target_cells']} target of {cells['cells']}); calibration error {error}",
    ]
    return "\n".join([*lines, *([record["claim"]["sentence"]] if "claim" in record else [])])


def _ranged(share: dict[str, Any]) -> str:
    """A share with its 95 % interval."""
    low, high = share["interval_95"]
    return f"{_said(share['value'])} ({_said(low)} to {_said(high)})"


def _said(value: float | None, digits: int = 3) -> str:
    """A number, or a word for none."""
    return "none" if value is None else f"{value:.{digits}f}"


def header() -> dict[str, Any]:
    """What every record starts with."""
    return {
        "version": VERSION,
        "software": f"plotwatch {version('plotwatch')}",
        "evaluated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _model(bundle: Bundle) -> dict[str, Any]:
    """The model as the record names it; ``sha256`` is that of its ``bundle.json``, which holds every file's."""
    model = bundle.manifest
    return {
        "name": model.name,
        "sha256": bundle.sha256,
        "classes": list(model.classes),
        "gsd_m": model.gsd_m,
        "stride_px": model.stride_px,
        "backbone": model.backbone,
        "thresholds": asdict(model.thresholds),
    }


def _data(dataset: DataSet, role: Role, grounds: Sequence[LabelledGround]) -> dict[str, Any]:
    """The data as the record names them."""
    return {
        "name": dataset.name,
        "role": role.value,
        "target": list(dataset.target),
        "licence": dataset.licence,
        "fields": sorted({source.field for source in dataset.of_role(role)}),
        "grounds": len(grounds),
        "fingerprint": data_fingerprint(dataset, role=role),
    }


def _claim(model: Manifest, grounds: Sequence[LabelledGround]) -> Claim:
    """What the bundle's thresholds let one claim of this ground."""
    found = [one for ground in grounds for one in differences_of_scale(ground.gsd_m, model)]
    return claim_for(model.thresholds, differences=tuple(dict.fromkeys(found)))


def _scorer(question: Question, bundle: Bundle) -> Scorer:
    """The engine that was asked for."""
    if question.engine == "torch":
        network, _ = load_network(bundle.folder)
        return torch_scorer(network)
    return Engines(bundle, choose_precision(question.precision, has_int8=bundle.int8_graph is not None)).logits


class Engines:
    """A bundle's network in OpenVINO, compiled once for each size of window."""

    def __init__(self, bundle: Bundle, precision: str) -> None:
        self.bundle = bundle
        self._precision = precision
        self._engines: dict[tuple[int, ...], OpenVinoEngine] = {}

    def answer(self, pixels_hwb: npt.NDArray[np.uint8]) -> Answer:
        """Logits, and distance where the bundle has it, of pixels uint8 [h, w, 3]."""
        height_px, width_px = size = pixels_hwb.shape[:2]
        if size not in self._engines:
            self._engines[size] = OpenVinoEngine(
                self.bundle, height_px=height_px, width_px=width_px, precision=self._precision
            )
        return self._engines[size].answer(np.ascontiguousarray(pixels_hwb))

    def logits(self, pixels_nhwb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Pixels uint8 [n, h, w, 3] to logits float32 [n, y, x]."""
        return np.stack([self.answer(one_hwb).logits_rc for one_hwb in pixels_nhwb])
