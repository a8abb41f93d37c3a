"""Commands that make and judge models. They need the [train] extra."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Out
from pipeline.cli.waiting import bars
from pipeline.errors import PlotwatchError
from pipeline.settings import load_settings


def train(
    config: Annotated[Path, typer.Argument(help="Training configuration, a TOML file in configs/.")],
    out: Out = None,
) -> None:
    """Train a model bundle; stopped, it resumes at its last checkpoint. Needs the [train] extra."""
    with train_extra("training"):
        from pipeline.workflow.retrain import retrain
    with bars() as report:
        bundle = retrain(config, out or Path("runs") / config.stem, report)
    typer.echo(f"bundle: {bundle}")


def evaluate(
    model: Annotated[Path, typer.Option(help="Model bundle, a folder with bundle.json.")],
    data: Annotated[Path, typer.Option(help="Labelled ground, a DATASET.toml.")],
    role: Annotated[str, typer.Option(help="Which ground: train, validate, calibrate or test.")] = "validate",
    out: Out = None,
    engine: Annotated[str, typer.Option(help="openvino, as a scan scores, or torch.")] = "openvino",
    target_from: Annotated[float | None, typer.Option(help="A cell is target from this share on.")] = None,
    clear_below: Annotated[float | None, typer.Option(help="A cell is clear below this share.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score labelled ground with a bundle: plots found, false flags, intervals, worst mistakes. Needs [train]."""
    with train_extra("evaluating"):
        from pipeline.workflow.evaluate import PAGE, Question, role_named, summary
        from pipeline.workflow.evaluate import evaluate as run
    question = Question(
        model=model,
        data=data,
        role=role_named(role),
        engine=engine,
        precision=load_settings().scan.precision,
        target_from=target_from,
        clear_below=clear_below,
    )
    folder = out or Path("out") / f"evaluation-{model.name}-{role}"
    with bars() as report:
        record = run(question, folder, report)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else f"{summary(record)}\npage: {folder / PAGE}")


def crossvalidate(
    config: Annotated[Path, typer.Argument(help="Training configuration, a TOML file in configs/.")],
    folds: Annotated[int, typer.Option(help="How many models; each judges ground that it never saw.")] = 5,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Train one model a fold and judge each plot by one that never saw its ground. Resumes. Needs [train]."""
    with train_extra("cross-validation"):
        from pipeline.workflow.crossvalidate import PAGE
        from pipeline.workflow.crossvalidate import crossvalidate as run
        from pipeline.workflow.evaluate import summary
    folder = out or Path("runs") / f"{config.stem}-{folds}-folds"
    with bars() as report:
        record = run(config, folder, report, folds=folds)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else f"{summary(record)}\npage: {folder / PAGE}")


def stress(
    model: Annotated[Path, typer.Option(help="Model bundle, a folder with bundle.json.")],
    data: Annotated[Path, typer.Option(help="Data set with labels, a DATASET.toml.")],
    role: Annotated[str, typer.Option(help="Which of its grounds: train, validate, calibrate or test.")] = "validate",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Spoil labelled ground in many ways; show what is still found, and what is given up. Needs the [train] extra."""
    with train_extra("a stress test"):
        from pipeline.workflow.stress import as_record, as_table
        from pipeline.workflow.stress import stress as run
    with bars() as report:
        rows = run(model, data, role=role, out=out, report=report)
    typer.echo(json.dumps(as_record(rows, model=model.name, role=role)) if as_json else as_table(rows))


def quantise(
    model: Annotated[Path, typer.Option(help="Model bundle, a folder with bundle.json; it is changed.")],
    data: Annotated[Path, typer.Option(help="The DATASET.toml that the model was trained with.")],
    as_json: AsJson = False,
) -> None:
    """Give a model an int8 network, if that finds the same plots on held-out ground. Needs the [train] extra."""
    with train_extra("quantising"):
        from pipeline.workflow.quantise import quantise_bundle
    with bars() as report:
        int8 = quantise_bundle(model, data, report)
    typer.echo(json.dumps(asdict(int8), ensure_ascii=False) if as_json else "\n".join(int8.sentences))


@contextmanager
def train_extra(what: str) -> Iterator[None]:
    """Say in one sentence what is missing where the [train] extra is."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise PlotwatchError(f"{what} needs the [train] extra: pip install 'plotwatch[train]'") from error
