"""Commands that keep the record: its tables, its ledger, its copies, and the ground it speaks of."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import AsJson, Config
from pipeline.cli.storing import open_store
from pipeline.errors import ConflictError
from pipeline.settings import load_settings

Exported = Annotated[Path | None, typer.Option("--checkpoint", help="A checkpoint that was kept elsewhere.")]


def migrate_database(config: Config = None) -> None:
    """Bring the tables and laws of the database to those of this software. Make a backup first."""
    from pipeline.store.database import open_database
    from pipeline.store.migration import migrate

    database = open_database(load_settings(config).store.url)
    try:
        typer.echo(f"the database is of revision {migrate(database)}")
    finally:
        database.close()


def check_database(config: Config = None) -> None:
    """See whether the database is sound, of this software's revision, and has all its laws."""
    from pipeline.store.migration import faults

    with open_store(config) as store:
        found = faults(store.database)
    if found:
        raise ConflictError("; ".join(found))
    typer.echo("the database is sound")


def verify_audit(checkpoint: Exported = None, config: Config = None, as_json: AsJson = False) -> None:
    """Look for anything edited, deleted, moved, cut off or rolled back in the ledger and what it tells of."""
    from pipeline.store.audit import audit
    from pipeline.store.checkpoints import read_checkpoint, signing_key

    exported = None if checkpoint is None else read_checkpoint(checkpoint)
    with open_store(config) as store, store.database.snapshot() as connection:
        key = signing_key(store.files.key).public_key().public_bytes_raw().hex()
        found = audit(connection, exported, public_key=key, files=store.files)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        typer.echo("\n".join((*found.wrong, f"{found.leaves} leaves, {found.checkpoints} checkpoints")))
    if found.wrong:
        raise ConflictError(f"the record was changed by hand: {len(found.wrong)} contradictions")
    if exported is None:
        typer.echo("without an exported --checkpoint, a whole old backup cannot be told from the present", err=True)


def make_checkpoint(
    out: Annotated[Path | None, typer.Option(help="A file to keep elsewhere; else it is printed.")] = None,
    config: Config = None,
) -> None:
    """Sign the ledger as it is. Keep the checkpoint where this server cannot reach it."""
    from pipeline.store.checkpoints import sign_checkpoint, signing_key

    with open_store(config) as store, store.database.transaction() as connection:
        signed = sign_checkpoint(connection, signing_key(store.files.key), now=store.now)
    if out is None:
        typer.echo(signed.to_json(), nl=False)
        return
    out.write_text(signed.to_json(), encoding="utf-8")
    typer.echo(f"signed {signed.leaves} leaves: {out}")


def export_audit(
    out: Annotated[Path, typer.Argument(help="A file of one JSON object a line.")], config: Config = None
) -> None:
    """Write every leaf of the ledger to a file that others can verify."""
    from pipeline.store.columns import utc_text
    from pipeline.store.ledger import leaves

    count = 0
    with open_store(config) as store, store.database.snapshot() as connection, out.open("w", encoding="utf-8") as file:
        for leaf in leaves(connection):
            file.write(json.dumps(asdict(leaf) | {"at": utc_text(leaf.at)}, ensure_ascii=False) + "\n")
            count += 1
    typer.echo(f"{count} leaves: {out}")


def backup(out: Annotated[Path, typer.Argument(help="A folder that is not there yet.")], config: Config = None) -> None:
    """Copy the database (of either engine) and all that it needs to a folder, while everybody works."""
    from pipeline.store.backup import back_up

    with open_store(config) as store:
        checkpoint = back_up(store.database, store.files, out, now=store.now)
    typer.echo(f"backup with {checkpoint.leaves} leaves: {out}")


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    checkpoint: Exported = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even where it is older; the ledger will tell.")] = False,
    config: Config = None,
) -> None:
    """Bring a backup, of either engine, back into an empty database and data folder.

    One older than the checkpoint is refused. Everybody signs in anew afterwards.
    """
    from pipeline.store.backup import restore as bring_back
    from pipeline.store.checkpoints import read_checkpoint
    from pipeline.store.database import open_database
    from pipeline.store.files import Files

    exported = None if checkpoint is None else read_checkpoint(checkpoint)
    settings = load_settings(config).store
    database, files = open_database(settings.url), Files(settings.data_dir)
    try:
        leaves = bring_back(folder, database, files, now=datetime.now(UTC), exported=exported, anyway=anyway)
    finally:
        database.close()
    typer.echo(f"restored {leaves} leaves to {files.root}")
    typer.echo("passwords, roles, locks and tokens are those of the backup: see what was taken away since", err=True)


def import_areas(
    file: Annotated[Path, typer.Argument(help="A GeoPackage, a GeoJSON, or a zipped shapefile.")],
    district: Annotated[str, typer.Option(help="The district's name.")],
    name_field: Annotated[str | None, typer.Option(help="The field with the areas' names.")] = None,
    config: Config = None,
) -> None:
    """Add survey areas to a district."""
    from pipeline.domain.coverage import area_in_words
    from pipeline.imagery.areas import read_areas
    from pipeline.imagery.digest import sha256_of
    from pipeline.store.areas import Source, SurveyArea
    from pipeline.store.areas import import_areas as add
    from pipeline.store.districts import district_named
    from pipeline.workflow.cover import cover_new_areas

    found = read_areas(file, name_field=name_field)
    areas = [SurveyArea(name=area.name, outline=area.outline, area_m2=area.area_m2) for area in found]
    with open_store(config) as store, store.database.transaction() as connection:
        where = district_named(connection, district)
        source = Source(name=file.name, sha256=sha256_of(file))
        add(connection, where.id, areas, source, by=None, now=store.now)
        cover_new_areas(connection)
    typer.echo(f"added {len(areas)} areas, {area_in_words(sum(area.area_m2 for area in areas))}, to {district}")
