"""The command that measures Plotwatch beside other tools."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson
from pipeline.cli.waiting import bars
from pipeline.settings import load_settings


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
    with bars() as report:
        record = race(course, out, chosen, report)
    typer.echo(json.dumps(record, ensure_ascii=False) if as_json else table(record))
