"""Commands for controls: ground of known truth, by which it shows how good readers are."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.flights import As, Data, Desk, Id
from pipeline.cli.options import AsJson, Config
from pipeline.domain.flight import FlightId, FlightState
from pipeline.domain.watching import Truth
from pipeline.errors import InvalidInputError
from pipeline.settings import load_settings

District = Annotated[str, typer.Option(help="The district's name.")]


def import_(
    file: Annotated[Path, typer.Argument(help="Polygons of known ground: GeoPackage, GeoJSON, or zipped shapefile.")],
    flight: Annotated[str, typer.Option(help="Id of the scanned flight on which they lie.")],
    truth: Annotated[Truth, typer.Option(help="What is known of all of them.")],
    as_: As,
    data: Data = None,
    config: Config = None,
) -> None:
    """Let readers be asked about ground of which the truth is known; nobody can tell it from a flag."""
    from pipeline.store.controls import add_controls
    from pipeline.store.files import Files
    from pipeline.store.flights import find_flight
    from pipeline.workflow.watch import known_ground

    desk = Desk(load_settings(config), data, as_)
    with desk.database.snapshot() as connection:
        found = find_flight(connection, desk.person, FlightId(flight))
    if found.state is not FlightState.SCANNED:
        raise InvalidInputError("only ground of a scanned flight can be asked about; wait for its scan")
    made = known_ground(file, truth, found.id, Files(desk.settings.store.data_dir).results(found.id))
    with desk.database.transaction() as connection:
        add_controls(connection, made, by=desk.person.id, now=desk.now)
    typer.echo(f"added {len(made)} controls: {truth.value}")


def visited(district: District, as_: As, data: Data = None, config: Config = None) -> None:
    """Make controls of flags that a field team has seen: verified ones are targets, absent and look-alikes clear."""
    from pipeline.store.controls import add_controls, visited_without_control
    from pipeline.store.districts import district_named
    from pipeline.store.files import Files
    from pipeline.workflow.watch import visited_ground

    desk = Desk(load_settings(config), data, as_)
    files = Files(desk.settings.store.data_dir)
    with desk.database.snapshot() as connection:
        seen = visited_without_control(connection, district_named(connection, district).id)
    made = [ground for flag in seen if (ground := visited_ground(flag, files.results(flag.flight))) is not None]
    with desk.database.transaction() as connection:
        add_controls(connection, made, by=desk.person.id, now=desk.now)
    typer.echo(f"added {len(made)} controls of {len(seen)} visited flags")


def list_(district: District, as_: As, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """The controls of a district, for managers."""
    from pipeline.domain.people import Role
    from pipeline.errors import NotAllowedError
    from pipeline.store.controls import controls_of
    from pipeline.store.districts import district_named

    desk = Desk(load_settings(config), data, as_)
    if not desk.person.has(Role.MANAGER):
        raise NotAllowedError("only managers see which items are controls")
    with desk.database.snapshot() as connection:
        where = district_named(connection, district)
        desk.person.must_see(where.id, "such district")
        found = controls_of(connection, where.id, retired=True)
    rows = [
        {
            "id": one.id,
            "truth": one.truth.value,
            "flight": one.flight,
            "source": one.source,
            "retired": one.retired_at is not None,
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['truth']:<6}  {row['source']}{'  retired' if row['retired'] else ''}")


def retire(control: Id, as_: As, data: Data = None, config: Config = None) -> None:
    """Ask nobody any more about a piece of known ground."""
    from pipeline.domain.people import Role
    from pipeline.errors import NotAllowedError
    from pipeline.store.controls import ControlId, retire_control

    desk = Desk(load_settings(config), data, as_)
    if not desk.person.has(Role.MANAGER):
        raise NotAllowedError("only managers retire controls")
    with desk.database.transaction() as connection:
        retire_control(connection, ControlId(control), by=desk.person.id, now=desk.now)
    typer.echo(f"retired {control}")
