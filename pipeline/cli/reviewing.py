"""Commands for reviews: how they go."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.flights import As, Data, Desk
from pipeline.cli.options import AsJson, Config
from pipeline.settings import load_settings

AsCsv = Annotated[bool, typer.Option("--csv", help="Print the figures as CSV for a spreadsheet.")]


def figures(as_: As, data: Data = None, config: Config = None, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """How the review of a manager's districts goes: agreement, controls, misses, backlog, readers, with bounds."""
    from pipeline.workflow import tell_figures
    from pipeline.workflow.figures import figures as found_figures

    desk = Desk(load_settings(config), data, as_)
    rows = tell_figures.rows_of(found_figures(desk.database, desk.person, now=desk.now))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    if as_csv:
        typer.echo(tell_figures.as_csv(rows), nl=False)
        return
    for row in rows:
        value = "none yet" if row.value is None else f"{row.value:g}"
        bounds = "" if row.low is None or row.high is None else f" ({row.low:.3f} to {row.high:.3f})"
        n = "" if row.n is None else f", n = {row.n}"
        typer.echo(f"{row.of:<8}  {row.name or '-':<16}  {row.figure:<34}  {value}{bounds}{n}")
