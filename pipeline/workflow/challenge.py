"""Challenge: decisions become a challenger, which is compared with the champion and entered. A manager promotes it.

In ``out``: ``collected/`` (workflow.collect_labels), ``DATASET.toml`` with the champion's own data beside it where they
are at hand, the training's files, ``shadow/``, and ``comparison.json`` and ``.html`` (workflow.compare_models).
"""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipeline.domain.lesson import Lesson
from pipeline.domain.progress import Report, say_nothing
from pipeline.domain.registry import Outcome
from pipeline.errors import ConflictError, NotFoundError
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.whole import write_text
from pipeline.learning.export import WEIGHTS
from pipeline.learning.labels import read_grounds, read_sources
from pipeline.learning.leakage import check_leakage
from pipeline.learning.merging import dataset_toml, merged
from pipeline.learning.plan import TrainingConfig, load_config
from pipeline.learning.sources import DataSet, Role, read_dataset
from pipeline.learning.train import train
from pipeline.scanning.bundle import Bundle, open_bundle
from pipeline.store.files import BUNDLE
from pipeline.store.registry import Model, NewModel, add_model, champion, list_models
from pipeline.workflow.collect_labels import Bureau, Collected, collect_labels
from pipeline.workflow.compare_models import (
    PAGE,
    RECORD,
    Contest,
    conclude,
    judge_pairs,
    record_of,
    write_comparison,
)
from pipeline.workflow.quantise import quantise_bundle
from pipeline.workflow.shadow import shadow

DATA: Final = "DATASET.toml"
GENTLER: Final = 0.2
"""Of the configuration's learning rate, where the champion's weights are learnt on: they have no batch norms."""
LESSONS: Final = {Lesson.LOOK_ALIKE.value: "look-alikes", Lesson.CLEAR.value: "places of clear ground"}
LESSONS_ZH: Final = {Lesson.LOOK_ALIKE.value: "相似物", Lesson.CLEAR.value: "无目标地面"}
ROLES_ZH: Final = {
    Role.TRAIN.value: "训练",
    Role.CALIBRATE.value: "校准",
    Role.VALIDATE.value: "验证",
    Role.TEST.value: "留出",
}
NOTHING: Final = "no flag of your districts was decided by two readers yet; there is nothing to learn from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What is to be trained, and how it is measured.

    ``config`` is a training's; its data are those of the champion, mixed in where they are at hand. ``held_out`` is
    labelled ground whose role ``test`` both models are compared on, beside the flights held out here. ``anew`` begins
    without the champion's weights. ``recent`` is of how many flights a shadow run is made.
    """

    config: Path
    name: str
    held_out: Path | None = None
    anew: bool = False
    recent: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """The challenger as it was entered, and the content of ``comparison.json``."""

    model: Model
    record: dict[str, Any]
    page: Path

    @property
    def is_offered(self) -> bool:
        """Whether it may be promoted without a reason for doing so all the same."""
        return self.model.outcome is Outcome.BETTER


def challenge(bureau: Bureau, what: Challenge, out: Path, *, now: datetime, report: Report = say_nothing) -> Challenged:
    """Train a challenger on what people decided, compare it with the champion, and enter it. It scans nothing yet.

    Raises:
        ConflictError: There is nothing to learn from, or the name is taken.
        NotAllowedError: The person is no manager.
        NotFoundError: A file is missing.
        InvalidInputError: Labels or configuration cannot be used, or a role has no ground.
    """
    _check_name(bureau, what.name)
    told, old = load_config(what.config), champion_path(bureau)
    base = read_dataset(told.data) if told.data.is_file() else None
    target = base.target[0] if base else open_bundle(old).manifest.classes[0]
    collected = collect_labels(bureau, out / "collected", target=target, now=now, report=report)
    if collected is None:
        raise ConflictError(NOTHING)
    data = _put_together(base, collected, out)
    _check_held_out(told, data, what.held_out)
    new = _trained(told, what, (old, data), out, report)
    contest = Contest(
        champion=old,
        challenger=new,
        held_out=(data, *((what.held_out,) if what.held_out else ())),
        precision=bureau.settings.scan.precision,
    )
    pairs = judge_pairs(contest, report)
    shadowed = shadow(bureau, (old, new), out / "shadow", most=what.recent, report=report)
    verdict = conclude(pairs, shadowed)
    record = record_of(contest, pairs, shadowed, verdict, now=now) | {
        "training": _training(collected, base, steps=told.steps, anew=what.anew)
    }
    write_comparison(out, record)
    entered = NewModel(
        name=what.name,
        outcome=verdict.outcome,
        bundle_sha256=open_bundle(new).sha256,
        report_sha256=sha256_of(out / RECORD),
        labels_sha256=collected.fingerprint,
    )
    model = _enter(bureau, entered, (old, new), out, now=now)
    return Challenged(model=model, record=record, page=out / PAGE)


def champion_path(bureau: Bureau) -> Path:
    """The bundle of the champion; that of the settings where none was promoted."""
    with bureau.database.snapshot() as connection:
        model = champion(connection)
    return bureau.settings.model if model is None else bureau.files.model(model.id) / BUNDLE


def _check_name(bureau: Bureau, name: str) -> None:
    """Refuse a name that is taken before anything is trained."""
    with bureau.database.snapshot() as connection:
        if any(model.name == name for model in list_models(connection)):
            raise ConflictError(f"there is a model {name} already; give this one another --name")


def _put_together(base: DataSet | None, collected: Collected, out: Path) -> Path:
    """One data set of the champion's own data, where they are at hand, and of what was collected."""
    if base is None:
        return collected.path
    path = out / DATA
    write_text(path, dataset_toml(merged(base, read_dataset(collected.path)), out))
    return path


def _check_held_out(told: TrainingConfig, data: Path, held_out: Path | None) -> None:
    """Be certain that nothing is compared on ground that the challenger is trained on.

    Looks at where ground lies; drawn ground, whose place is made up, is the caller's to keep apart.
    """
    dataset = read_dataset(data)
    grounds = [*read_grounds(dataset, model_gsd_m=told.gsd_m)]
    for one in [dataset, *([read_dataset(held_out)] if held_out else [])]:
        if sources := one.of_role(Role.TEST):
            grounds += read_sources(one, sources, model_gsd_m=told.gsd_m)
    placed = [ground for ground in grounds if ground.source is not None and ground.source.placed]
    check_leakage(placed, gap_m=told.sampling.chip_px * told.gsd_m)


def _trained(told: TrainingConfig, what: Challenge, start: tuple[Path, Path], out: Path, report: Report) -> Path:
    """The challenger's bundle; ``start`` is the champion's, and the data."""
    old, data = start
    weights = old / WEIGHTS
    if not what.anew and not weights.is_file():
        raise NotFoundError(f"the champion has no {WEIGHTS} to begin with; say --anew")
    told = replace(told, name=what.name, data=data)
    if not what.anew:
        told = replace(
            told,
            backbone=replace(told.backbone, weights=str(weights.absolute())),
            optimisation=replace(told.optimisation, lr=told.optimisation.lr * GENTLER),
        )
    bundle = train(told, out, report)
    quantise_bundle(bundle, data, report)
    return bundle


def _training(collected: Collected, base: DataSet | None, *, steps: int, anew: bool) -> list[dict[str, str]]:
    """What the challenger was trained on, in sentences of both languages; those that name flights say so."""
    labels, labels_zh = (
        separator.join(f"{count} {names.get(name, name)}" for name, count in collected.labels.items())
        for separator, names in ((", ", LESSONS), ("、", LESSONS_ZH))
    )
    flights = ", ".join(f"{len(ids)} {role}" for role, ids in collected.flights.items())
    flights_zh = "、".join(f"{len(ids)} {ROLES_ZH[role]}" for role, ids in collected.flights.items())
    held = len(collected.flights.get(Role.TEST.value, ()))
    said = [
        (
            (
                f"Labels settled by two readers or a visit: {labels}. Controls and single readings teach nothing, and "
                "ground without a flag counts as unknown."
            ),
            f"由两名判读员或实地查看确定的标注：{labels_zh}。对照项和单次判读不用于训练，未被标记的地面视为未知。",
        ),
        (f"Flights by role: {flights}; {held} held out.", f"各用途航次：{flights_zh}；留出{held}个。"),
        (f"Fingerprint of these decisions: {collected.fingerprint}", f"判读数据指纹：{collected.fingerprint}"),
        (
            f"Mixed with the data set {base.name}." if base else "The champion's own data set was not at hand.",
            f"与数据集 {base.name} 合并。" if base else "未找到现用模型原有的数据集。",
        ),
        _beginning(steps, anew=anew),
    ]
    named = [(f"Left out: {reason}.", f"未采用：{reason_zh}。") for reason, reason_zh in collected.left_out]
    return [
        *({"en": en, "zh": zh} for en, zh in said),
        *({"en": en, "zh": zh, "names": "flights"} for en, zh in named),
    ]


def _beginning(steps: int, *, anew: bool) -> tuple[str, str]:
    """Where it began and how far it went; what learnt for longer may have become better by that alone."""
    if anew:
        return f"It began with random weights and learnt for {steps} steps.", f"从随机权重开始，训练{steps}步。"
    alone = "part of a difference may come of that alone, and not of the decisions"
    return (
        f"It began with the champion's weights and learnt for {steps} steps more: {alone}.",
        f"从现用模型的权重开始，继续训练{steps}步：差别可能部分来自训练更久，而不是来自判读结果。",
    )


def _enter(bureau: Bureau, what: NewModel, bundles: tuple[Path, Path], out: Path, *, now: datetime) -> Model:
    """Keep bundle and report with the store, and enter the challenger; before the first, the champion as founder."""
    old, new = bundles
    folder = bureau.files.model(what.id)
    _keep(new, folder)
    for report in (RECORD, PAGE):
        shutil.copy(out / report, folder / report)
    with bureau.database.transaction() as connection:
        entered = champion(connection) or next(
            (model for model in list_models(connection) if model.outcome is Outcome.FOUNDING), None
        )
        if entered is None:
            founder = _founder(open_bundle(old), what.name)
            _keep(old, bureau.files.model(founder.id))
            entered = add_model(connection, founder, by=bureau.person.id, now=now)
        challenger = replace(what, compared_with=entered.id)
        return add_model(connection, challenger, by=bureau.person.id, now=now)


def _founder(bundle: Bundle, taken: str) -> NewModel:
    """The model that was there before any other."""
    name = bundle.manifest.name
    name = name if name != taken else f"{name}-before"
    return NewModel(name=name, outcome=Outcome.FOUNDING, bundle_sha256=bundle.sha256)


def _keep(bundle: Path, folder: Path) -> None:
    shutil.copytree(bundle, folder / BUNDLE, dirs_exist_ok=True)
