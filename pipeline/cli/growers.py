"""Commands for licensed growers: ground on which something may be grown."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Config
from pipeline.cli.storing import open_store

District = Annotated[str, typer.Option(help="The district's name.")]


def import_(
    file: Annotated[Path, typer.Argument(help="A GeoPackage, a GeoJSON, or a zipped shapefile.")],
    district: District,
    config: Config = None,
) -> None:
    """Add licensed ground. Fields: licence, kind, valid_from, valid_until; no other field is read or kept."""
    from pipeline.imagery.digest import sha256_of
    from pipeline.store.areas import Source
    from pipeline.store.districts import district_named
    from pipeline.store.growers import add_growers
    from pipeline.workflow.import_growers import read_growers

    found = read_growers(file)
    source = Source(name=file.name, sha256=sha256_of(file))
    with open_store(config) as store, store.database.transaction() as connection:
        where = district_named(connection, district)
        add_growers(connection, where.id, found.grounds, source, by=None, now=store.now)
    typer.echo(
        f"added {len(found.grounds)} licensed growers to {district}; {found.left_out} other fields were left out"
    )


def list_(district: District, config: Config = None, as_json: AsJson = False) -> None:
    """The licensed ground of a district."""
    from pipeline.store.districts import district_named
    from pipeline.store.growers import growers_of

    with open_store(config) as store, store.database.snapshot() as connection:
        found = growers_of(connection, district_named(connection, district).id)
    rows = [
        {
            "id": one.id,
            "licence": one.licence.number,
            "kind": one.kind.value,
            "valid_from": one.licence.valid_from.isoformat(),
            "valid_until": one.licence.valid_until.isoformat(),
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo("  ".join(row.values()))


def remove(
    grower: Annotated[str, typer.Argument(help="Id, as the list shows it.")],
    district: District,
    config: Config = None,
) -> None:
    """Take licensed ground away; the ledger keeps that it was there."""
    from pipeline.store.districts import district_named
    from pipeline.store.growers import GrowerId, remove_grower

    with open_store(config) as store, store.database.transaction() as connection:
        where = district_named(connection, district)
        remove_grower(connection, where.id, GrowerId(grower), by=None, now=store.now)
    typer.echo(f"removed {grower}")
