"""Commands that write files for other people's software."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Config
from pipeline.cli.storing import open_store


def flags(
    district: Annotated[str, typer.Option(help="The district's name.")],
    as_: Annotated[str, typer.Option("--as", help="Whose eyes: only what this person may see is written.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    form: Annotated[str, typer.Option("--format", help="gpkg, geojson, geoparquet, kml or csv.")] = "gpkg",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the candidates of a district, with status, dates, areas and what they rest on, without scores."""
    from pipeline.domain.format import format_named
    from pipeline.store.districts import district_named
    from pipeline.store.people import person_named
    from pipeline.workflow.export_flags import WRITERS, export_flags

    wanted = format_named(form, WRITERS)
    with open_store(config) as store:
        with store.database.snapshot() as connection:
            where, person = district_named(connection, district), person_named(connection, as_)
        written = export_flags(store.database, person, {where.id}, wanted, out)
    if as_json:
        typer.echo(json.dumps({"version": 1, "flags": written, "file": str(out)}, ensure_ascii=False))
        return
    typer.echo(f"{written} candidates for verification in {out}")
