"""What a person sees while a long command runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from pipeline.domain.progress import Progress, Report


@contextmanager
def bars() -> Iterator[Report]:
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
