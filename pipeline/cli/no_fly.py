"""Commands for no-fly zones: ground over which no plan flies."""

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
    name_field: Annotated[str | None, typer.Option(help="The field with the names, where it is not 'name'.")] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Take away the zones that are there before.")] = False,
    config: Config = None,
) -> None:
    """Add no-fly zones to a district. Fields valid_from and valid_until, where there are any, are their days."""
    from pipeline.imagery.digest import sha256_of
    from pipeline.store.areas import Source
    from pipeline.store.districts import district_named
    from pipeline.store.no_fly import add_zones, remove_zone, zones_of
    from pipeline.workflow.import_no_fly import read_zones

    found = read_zones(file, name_field=name_field)
    source = Source(name=file.name, sha256=sha256_of(file))
    with open_store(config) as store, store.database.transaction() as connection:
        where = district_named(connection, district).id
        before = zones_of(connection, where) if replace else ()
        for zone in before:
            remove_zone(connection, where, zone.id, by=None, now=store.now)
        add_zones(connection, where, found, source, by=None, now=store.now)
    typer.echo(f"added {len(found)} no-fly zones to {district}, took {len(before)} away")


def list_(district: District, config: Config = None, as_json: AsJson = False) -> None:
    """The no-fly zones of a district."""
    from pipeline.store.districts import district_named
    from pipeline.store.no_fly import zones_of

    with open_store(config) as store, store.database.snapshot() as connection:
        found = zones_of(connection, district_named(connection, district).id)
    rows = [
        {
            "id": one.id,
            "name": one.barred.name,
            "valid_from": one.barred.valid_from.isoformat() if one.barred.valid_from else None,
            "valid_until": one.barred.valid_until.isoformat() if one.barred.valid_until else None,
            "imported_at": one.imported_at.isoformat(),
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo("  ".join(value or "-" for value in row.values()))


def remove(
    zone: Annotated[str, typer.Argument(help="Id, as the list shows it.")],
    district: District,
    config: Config = None,
) -> None:
    """Take a no-fly zone away; the ledger keeps that it was there."""
    from pipeline.store.districts import district_named
    from pipeline.store.no_fly import ZoneId, remove_zone

    with open_store(config) as store, store.database.transaction() as connection:
        where = district_named(connection, district)
        remove_zone(connection, where.id, ZoneId(zone), by=None, now=store.now)
    typer.echo(f"removed {zone}")
