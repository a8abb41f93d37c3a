"""The use cases from a terminal. Bad input gives one plain sentence on standard error and exit code 2."""

import json
import sys
import tempfile
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from pipeline.domain.coverage import area_in_words
from pipeline.domain.progress import Progress, Report
from pipeline.errors import PlotwatchError, exit_code
from pipeline.settings import load_settings, silence_calls_home

app = typer.Typer(
    name="plotwatch",
    help="Drone orthomosaics to candidate plots, for human field verification. Every flag requires manual review.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Out = Annotated[Path | None, typer.Option(help="Folder for the results.")]
Config = Annotated[Path | None, typer.Option(help="Settings, a TOML file; configs/plotwatch.toml shows every key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.")]


@app.command()
def scan(
    ortho: Annotated[Path, typer.Argument(help="A GeoTIFF, an ODM project folder, or a zip of one.")],
    model: Annotated[Path | None, typer.Option(help="Model bundle, a folder with bundle.json.")] = None,
    out: Out = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find candidate plots in an orthomosaic. A scan that was stopped resumes when it is started again."""
    from pipeline.workflow.scan import Order
    from pipeline.workflow.scan import scan as run

    settings = load_settings(config)
    order = Order(source=ortho, model=model or settings.model, out=out or Path("out") / ortho.stem)
    with _bars() as report:
        record = run(order, settings, report)
    if as_json:
        typer.echo(json.dumps(asdict(record), ensure_ascii=False))
        return
    typer.echo(_summary(record.flags, record.area_m2, record.not_assessable_because))
    typer.echo(record.claim.sentence)
    typer.echo(f"report:  {order.out / 'report.html'}\nresults: {order.out}")


def _summary(flags: int, area_m2: dict[str, float], reason: str | None) -> str:
    areas = ", ".join(f"{name.replace('_', ' ')} {area_in_words(area)}" for name, area in area_m2.items())
    asked = f"{flags} flag{'' if flags == 1 else 's'}, each unreviewed: a question for people, not a finding"
    return f"{f'Not assessed: {reason}.' if reason else asked}\n{areas}"


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="Training configuration, a TOML file in configs/.")],
    out: Out = None,
) -> None:
    """Train a model bundle; stopped, it resumes at its last checkpoint. Needs the [train] extra."""
    with _train_extra("training"):
        from pipeline.workflow.retrain import retrain
    with _bars() as report:
        bundle = retrain(config, out or Path("runs") / config.stem, report)
    typer.echo(f"bundle: {bundle}")


@app.command()
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
    with _train_extra("evaluating"):
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
    with _bars() as report:
        record = run(question, folder, report)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else f"{summary(record)}\npage: {folder / PAGE}")


@app.command()
def crossvalidate(
    config: Annotated[Path, typer.Argument(help="Training configuration, a TOML file in configs/.")],
    folds: Annotated[int, typer.Option(help="How many models; each judges ground that it never saw.")] = 5,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Train one model a fold and judge each plot by one that never saw its ground. Resumes. Needs [train]."""
    with _train_extra("cross-validation"):
        from pipeline.workflow.crossvalidate import PAGE
        from pipeline.workflow.crossvalidate import crossvalidate as run
        from pipeline.workflow.evaluate import summary
    folder = out or Path("runs") / f"{config.stem}-{folds}-folds"
    with _bars() as report:
        record = run(config, folder, report, folds=folds)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else f"{summary(record)}\npage: {folder / PAGE}")


@app.command()
def stress(
    model: Annotated[Path, typer.Option(help="Model bundle, a folder with bundle.json.")],
    data: Annotated[Path, typer.Option(help="Data set with labels, a DATASET.toml.")],
    role: Annotated[str, typer.Option(help="Which of its grounds: train, validate, calibrate or test.")] = "validate",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Spoil labelled ground in many ways; show what is still found, and what is given up. Needs the [train] extra."""
    with _train_extra("a stress test"):
        from pipeline.workflow.stress import as_record, as_table
        from pipeline.workflow.stress import stress as run
    with _bars() as report:
        rows = run(model, data, role=role, out=out, report=report)
    typer.echo(json.dumps(as_record(rows, model=model.name, role=role)) if as_json else as_table(rows))


@app.command()
def quantise(
    model: Annotated[Path, typer.Option(help="Model bundle, a folder with bundle.json; it is changed.")],
    data: Annotated[Path, typer.Option(help="The DATASET.toml that the model was trained with.")],
    as_json: AsJson = False,
) -> None:
    """Give a model an int8 network, if that finds the same plots on held-out ground. Needs the [train] extra."""
    with _train_extra("quantising"):
        from pipeline.workflow.quantise import quantise_bundle
    with _bars() as report:
        int8 = quantise_bundle(model, data, report)
    typer.echo(json.dumps(asdict(int8), ensure_ascii=False) if as_json else "\n".join(int8.sentences))


@contextmanager
def _train_extra(what: str) -> Iterator[None]:
    """Say in one sentence what is missing where the [train] extra is."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise PlotwatchError(f"{what} needs the [train] extra: pip install 'plotwatch[train]'") from error


@app.command()
def scene(
    size_px: Annotated[int, typer.Option(help="Width and height in pixels of 2 cm.")] = 8000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same land.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the orthomosaic and its truth.")] = Path("out/scene"),
) -> None:
    """Render synthetic farmland with exact truth: an orthomosaic, and the plots hidden in it."""
    from pipeline.imagery.scenes import SceneSpec, write_scene

    with _bars() as report:
        write_scene(SceneSpec(size_px=size_px, seed=seed), out, report)
    typer.echo(f"scene: {out}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the scene and the results.")] = Path("out/demo"),
    model: Annotated[Path | None, typer.Option(help="Model bundle, a folder with bundle.json.")] = None,
    size_px: Annotated[int, typer.Option(help="Width and height of the scene in pixels of 2 cm.")] = 8000,
    seed: Annotated[int, typer.Option(help="Another seed, other land; demo-poppy knows 101-114.")] = 7,
) -> None:
    """Render farmland with known truth, scan it, and print what was found."""
    from pipeline.workflow.demo import Land, demonstrate

    settings = load_settings()
    with _bars() as report:
        shown = demonstrate(
            model or settings.model, out, settings, land=Land(size_px=size_px, seed=seed), report=report
        )
    effort = shown.record.effort
    typer.echo("synthetic farmland: this shows that the machine works, not how a model does on real land")
    typer.echo(shown.comparison.sentence())
    typer.echo(_summary(shown.record.flags, shown.record.area_m2, shown.record.not_assessable_because))
    typer.echo(f"scored in {effort.seconds:.1f} s ({effort.mpix_per_s:.1f} MPix/s), {effort.peak_rss_mb} MB at most")
    typer.echo(
        f"report:  {shown.results / 'report.html'}\nresults: {shown.results}\ntruth:   {shown.scene / 'truth.gpkg'}"
    )


@app.command()
def bench(
    size_px: Annotated[int, typer.Option(help="Width and height of the mosaic, a multiple of 1024 px.")] = 16_384,
    out: Annotated[Path, typer.Option(help="Folder for the mosaic and bench.json.")] = Path("out/bench"),
    repeat: Annotated[int, typer.Option(help="Rounds; medians are taken over them.")] = 5,
    contestants: Annotated[str, typer.Option(help="Names with commas between them; empty: all.")] = "",
    model: Annotated[Path | None, typer.Option(help="Model bundle, a folder with bundle.json.")] = None,
    rotated: Annotated[bool, typer.Option(help="A mosaic with 40 % nodata around turned ground.")] = False,
    most_seconds: Annotated[float, typer.Option(help="Loops over tiles stop after this; their speed is known.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Measure Plotwatch side by side with other tools, each in its own process. Needs [train], peers from [bench]."""
    from pipeline.bench.race import Course, choose, race, table

    course = Course(
        model=model or load_settings().model, size_px=size_px, rotated=rotated, rounds=repeat, most_seconds=most_seconds
    )
    chosen = choose([name.strip() for name in contestants.split(",") if name.strip()])
    with _bars() as report:
        record = race(course, out, chosen, report)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else table(record))


@contextmanager
def _bars() -> Iterator[Report]:
    """A progress bar for each stage on standard error, where that is a terminal; Ctrl-C ends the job with a word."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {}

        def report(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(progress.stage, unit=progress.unit)
            bars.update(tasks[progress.stage], completed=progress.done, total=progress.total)

        try:
            yield report
        except KeyboardInterrupt as stop:
            typer.echo("plotwatch: stopped; start the same command again to go on from here", err=True)
            raise typer.Exit(130) from stop


def main() -> None:
    """Run the command line; errors become one sentence and an exit code."""
    silence_calls_home()
    try:
        app()
    except PlotwatchError as error:
        typer.echo(f"plotwatch: {error}", err=True)
        sys.exit(exit_code(error))
    except Exception:  # noqa: BLE001 the entry point: an unknown error is kept for us and shown as an id
        typer.echo(f"plotwatch: something unexpected went wrong; please send us {_keep_traceback()}", err=True)
        sys.exit(1)


def _keep_traceback() -> Path:
    """Write the current error to a file of its own and return its path."""
    path = Path(tempfile.gettempdir()) / f"plotwatch-error-{uuid.uuid4().hex[:12]}.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
