"""Commands that say what a result is, for other software."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import day


def stac(
    results: Annotated[Path, typer.Argument(help="Folder of a finished scan.")],
    flown_on: Annotated[str | None, typer.Option(help="Date of the flight, as 2026-11-26, where it is known.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="The bundle that scanned it, to be named with its checksum.")
    ] = None,
) -> None:
    """Print a finished scan as a STAC Item, with a checksum of every file."""
    from pipeline.workflow.catalogue import Entry, stac_item

    item = stac_item(Entry(results=results, flown_on=day(flown_on), model=model))
    typer.echo(json.dumps(item, indent=2, ensure_ascii=False))
