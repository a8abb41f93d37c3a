"""Cross-validate: train one model a fold, and let each judge the ground it never saw.

What it leaves in its folder::

    crossvalidation.json   pooled numbers of all folds, and those of each
    crossvalidation.html   the same for people
    fold-1/                DATASET.toml and ``run``, a training like any other; a killed one goes on where it stood
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.imagery.placing import place_of
from pipeline.imagery.whole import write_text
from pipeline.learning.evaluate import Judged, measure_cells
from pipeline.learning.evaluation import evaluate as measure
from pipeline.learning.evaluation import numbers_of, plot_numbers
from pipeline.learning.folds import Part, chip_gap_px, fold_toml, parts_by_block, parts_by_field
from pipeline.learning.labels import read_sources
from pipeline.learning.plan import TrainingConfig, load_config
from pipeline.learning.plots import count_plots
from pipeline.learning.sources import DataSet, Role, data_fingerprint, read_dataset
from pipeline.learning.train import train
from pipeline.scanning.bundle import open_bundle
from pipeline.workflow.evaluate import Question, header, judge, write_record

RECORD: Final = "crossvalidation.json"
PAGE: Final = "crossvalidation.html"


def crossvalidate(config: Path, out: Path, report: Report = say_nothing, *, folds: int = 5) -> dict[str, Any]:
    """Train ``folds`` models by the configuration and pool what each says of the ground it never saw.

    Returns:
        The content of ``crossvalidation.json``.

    Raises:
        NotFoundError: The configuration, or a file that it or its data set names, is missing.
        InvalidInputError: One of them cannot be used, or there is not ground enough for so many folds.
    """
    told = load_config(config)
    dataset = read_dataset(told.data)
    parts = cut(dataset, told, folds)
    judged = [_fold(told, dataset, parts, number, out, report) for number in range(folds)]
    pooled = [one for fold in judged for one in fold]
    evaluation = measure(pooled)
    record = {
        **header(),
        "name": told.name,
        "stand_in": told.stand_in,
        "data": {
            "name": dataset.name,
            "target": list(dataset.target),
            "licence": dataset.licence,
            "fingerprint": data_fingerprint(dataset),
        },
        "cell_rule": asdict(told.cells),
        "folds": [_numbers(part, fold) for part, fold in zip(parts, judged, strict=True)],
        **numbers_of(evaluation),
    }
    write_record(out, record, evaluation, names=(RECORD, PAGE))
    return record


def cut(dataset: DataSet, config: TrainingConfig, folds: int) -> tuple[Part, ...]:
    """The parts of a data set: whole fields, or blocks where all of it is one field.

    Raises:
        InvalidInputError: There is not ground enough for so many folds.
    """
    sources = [source for source in dataset.source if source.role is not Role.TEST]
    grounds = {one: read_sources(dataset, [one], model_gsd_m=config.gsd_m) for one in sources}
    if len({source.field for source in sources}) > 1 or sources[0].orthomosaic is None:
        targets: dict[str, int] = {}
        for source, found in grounds.items():
            count = sum(len(ground.targets) for ground in found)
            targets[source.field] = targets.get(source.field, 0) + count
        return parts_by_field(sources, targets, folds)
    scale = min(ground.scale for found in grounds.values() for ground in found)
    whole = place_of(dataset.folder / sources[0].orthomosaic).size
    kept = [source for source in dataset.source if source.role is Role.TEST]
    return parts_by_block(sources, whole, folds, gap_px=chip_gap_px(config.sampling.chip_px, scale), kept=kept)


def _fold(
    config: TrainingConfig, dataset: DataSet, parts: tuple[Part, ...], number: int, out: Path, report: Report
) -> tuple[Judged, ...]:
    """Train the model of one fold, and judge the fold's ground with it."""
    folder = out / f"fold-{number + 1}"
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "DATASET.toml"
    write_text(data, fold_toml(dataset, parts, number, folder))
    # the judged ground is not looked at while training, so that nothing can be chosen by it
    told = replace(config, data=data, look_every=0)

    def report_fold(progress: Progress) -> None:
        report(replace(progress, stage=f"fold {number + 1} of {len(parts)}: {progress.stage}"))

    bundle = train(told, folder / "run", report_fold)
    question = Question(model=bundle, data=data, role=Role.VALIDATE, engine="torch")
    return judge(question, open_bundle(bundle), read_dataset(data), report_fold)


def _numbers(part: Part, judged: tuple[Judged, ...]) -> dict[str, Any]:
    """What one fold adds."""
    cells = measure_cells([one.scored for one in judged])
    return {
        "judged": part.name,
        "threshold": judged[0].thresholds.high,
        "average_precision": cells.average_precision if cells.target_cells else None,
        "plots": plot_numbers(count_plots(judged)),
    }
