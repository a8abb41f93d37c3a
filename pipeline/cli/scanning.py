"""Commands that look for plots, and that render farmland to look at."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Config, Out
from pipeline.cli.waiting import bars
from pipeline.domain.coverage import area_in_words
from pipeline.settings import load_settings


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
    with bars() as report:
        record = run(order, settings, report)
    if as_json:
        typer.echo(json.dumps(asdict(record), ensure_ascii=False))
        return
    typer.echo(summary_of(record.flags, record.area_m2, record.not_assessable_because))
    typer.echo(record.claim.sentence)
    typer.echo(f"report:  {order.out / 'report.html'}\nresults: {order.out}")


def scene(
    size_px: Annotated[int, typer.Option(help="Width and height in pixels of 2 cm.")] = 8000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same land.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the orthomosaic and its truth.")] = Path("out/scene"),
) -> None:
    """Render synthetic farmland with exact truth: an orthomosaic, and the plots hidden in it."""
    from pipeline.imagery.scenes import SceneSpec, write_scene

    with bars() as report:
        write_scene(SceneSpec(size_px=size_px, seed=seed), out, report)
    typer.echo(f"scene: {out}")


def summary_of(flags: int, area_m2: dict[str, float], reason: str | None) -> str:
    """A scan in two lines: how many questions it asks, and what became of the ground."""
    areas = ", ".join(f"{name.replace('_', ' ')} {area_in_words(area)}" for name, area in area_m2.items())
    asked = f"{flags} flag{'' if flags == 1 else 's'}, each unreviewed: a question for people, not a finding"
    return f"{f'Not assessed: {reason}.' if reason else asked}\n{areas}"
