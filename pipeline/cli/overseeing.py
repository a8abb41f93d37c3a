"""The command that answers a manager's morning question."""

import json
from dataclasses import asdict

import typer

from pipeline.cli.flights import As, Data, Desk
from pipeline.cli.options import AsJson, Config
from pipeline.settings import load_settings


def overview(as_: As, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """What waits in a manager's districts, what was done, false visits, and flights unlike those before them."""
    from pipeline.workflow.oversee import oversee
    from pipeline.workflow.tell_overview import rows_of

    desk = Desk(load_settings(config), data, as_)
    rows = rows_of(oversee(desk.database, desk.person, now=desk.now))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        value = "none yet" if row.value is None else f"{row.value:g}"
        bounds = "" if row.low is None or row.high is None else f" ({row.low:.3f} to {row.high:.3f})"
        n = "" if row.n is None else f", n = {row.n}"
        typer.echo(f"{row.of:<8}  {row.name or '-':<24}  {row.figure:<44}  {value}{bounds}{n}")
