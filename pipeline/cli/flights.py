"""Commands for flights: hand one in, see how far it is, try it again, end it; and the worker that works on them."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import AsJson, Config, day
from pipeline.domain.flight import Flight, FlightId, StepProgress
from pipeline.settings import Settings, load_settings, with_data

if TYPE_CHECKING:
    from pipeline.domain.people import Person
    from pipeline.store.database import Database

As = Annotated[str, typer.Option("--as", help="Name of the account on whose behalf this is done.")]
Data = Annotated[Path | None, typer.Option(help="Folder of originals, results and, by default, the database.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
Id = Annotated[str, typer.Argument(help="Id of the flight; plotwatch flight list shows it.")]


def add(
    file: Annotated[Path, typer.Argument(help="A GeoTIFF, or a zip of an ODM project folder.")],
    district: Annotated[str, typer.Option(help="Name of the district it was flown in.")],
    as_: As,
    name: Annotated[str, typer.Option(help="Name of the flight; else the file's.")] = "",
    flown_on: Annotated[str, typer.Option(help="Local date, as 2026-11-26.")] = "",
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Hand in a flight, as an upload does; a worker takes it up by itself."""
    from pipeline.store.districts import district_named
    from pipeline.store.files import Files
    from pipeline.workflow.hand_in import HandedIn, hand_in

    desk = Desk(load_settings(config), data, as_)
    with desk.database.snapshot() as connection:
        found = district_named(connection, district)
    given = HandedIn(path=file, district=found.id, name=name, flown_on=day(flown_on))
    files = Files(desk.settings.store.data_dir)
    _show(hand_in(desk.database, files, given, desk.person, now=desk.now), (), as_json=as_json)


def list_(as_: As, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """The flights of one's districts, what needs one first."""
    from pipeline.store.flight_list import Wish, list_flights

    desk = Desk(load_settings(config), data, as_)
    with desk.database.snapshot() as connection:
        page = list_flights(connection, desk.person, Wish(page_size=1000))
    if as_json:
        typer.echo(json.dumps([_plain(asdict(line)) for line in page.lines], ensure_ascii=False))
        return
    for line in page.lines:
        typer.echo(f"{line.flight.id}  {line.flight.state:<10}  {line.flags:>4} flags  {line.flight.name}")


def show(flight: Id, as_: As, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """A flight and its steps."""
    from pipeline.store.flights import find_flight
    from pipeline.store.steps import steps_of

    desk = Desk(load_settings(config), data, as_)
    with desk.database.snapshot() as connection:
        found = find_flight(connection, desk.person, FlightId(flight))
        steps = steps_of(connection, found.id)
    _show(found, steps, as_json=as_json)


def retry(
    flight: Id, reason: Reason, as_: As, data: Data = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Try a flight again that failed, was cancelled, or was called unusable."""
    from pipeline.workflow.retry import retry as run

    desk = Desk(load_settings(config), data, as_)
    _show(run(desk.database, desk.person, FlightId(flight), reason=reason, now=desk.now), (), as_json=as_json)


def cancel(
    flight: Id, reason: Reason, as_: As, data: Data = None, config: Config = None, as_json: AsJson = False
) -> None:
    """End the work on a flight; what is finished is kept for a retry."""
    from pipeline.workflow.halt import halt

    desk = Desk(load_settings(config), data, as_)
    _show(halt(desk.database, desk.person, FlightId(flight), reason=reason, now=desk.now), (), as_json=as_json)


def relief(
    flight: Id,
    file: Annotated[Path, typer.Argument(help="The flight's surface model (dsm.tif of ODM): a GeoTIFF of metres.")],
    as_: As,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show readers slope and shade of a flight's ground, from its surface model."""
    from pipeline.store.files import Files
    from pipeline.workflow.add_relief import SurfaceModel, add_relief

    desk = Desk(load_settings(config), data, as_)
    files = Files(desk.settings.store.data_dir)
    given = SurfaceModel(flight=FlightId(flight), path=file)
    made = add_relief(desk.database, files, desk.person, given, desk.settings.intake, now=desk.now)
    typer.echo(f"slope and shade are shown to readers now, from pixels of {made.gsd_m:.2f} m")


def change(
    flight: Id,
    as_: As,
    with_: Annotated[str, typer.Option("--with", help="Id of the earlier flight; else the last one there.")] = "",
    data: Data = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What became of candidate plots since the last flight over the same ground."""
    from pipeline.store.files import Files
    from pipeline.workflow.compare_flights import compare
    from pipeline.workflow.tell_change import as_json as plain
    from pipeline.workflow.tell_change import as_lines

    desk = Desk(load_settings(config), data, as_)
    files, other = Files(desk.settings.store.data_dir), FlightId(with_) if with_ else None
    compared = compare(desk.database, files, desk.person, FlightId(flight), other)
    if as_json:
        typer.echo(json.dumps(plain(compared), ensure_ascii=False))
        return
    for line in as_lines(compared):
        typer.echo(line)


def stac(flight: Id, as_: As, data: Data = None, config: Config = None) -> None:
    """Print a scanned flight as a STAC Item, with a checksum of every file."""
    from pipeline.store.files import Files
    from pipeline.store.flights import find_flight
    from pipeline.workflow.catalogue import Entry, stac_item

    desk = Desk(load_settings(config), data, as_)
    with desk.database.snapshot() as connection:
        found = find_flight(connection, desk.person, FlightId(flight))
    files = Files(desk.settings.store.data_dir)
    entry = Entry(
        results=files.results(found.id), working=files.working(found.id), id=found.id, flown_on=found.flown_on
    )
    typer.echo(json.dumps(stac_item(entry), indent=2, ensure_ascii=False))


def stop(reason: Reason, as_: As, data: Data = None, config: Config = None) -> None:
    """Halt all scanning and release at once, on every machine, until plotwatch go."""
    _throw(Desk(load_settings(config), data, as_), reason, stopped=True)
    typer.echo("stopped: nothing is scanned and nothing is released until plotwatch go")


def go(reason: Reason, as_: As, data: Data = None, config: Config = None) -> None:
    """Let scanning and release go on after plotwatch stop."""
    _throw(Desk(load_settings(config), data, as_), reason, stopped=False)
    typer.echo("scanning and release go on")


def worker(
    name: Annotated[str | None, typer.Option(help="Stays the same when it starts again; else machine-number.")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Work on flights until it is stopped; as many workers as wanted share one database and one data folder."""
    from pipeline.jobs import work_until_told

    work_until_told(with_data(load_settings(config), data), name=name)


class Desk:
    """What a command about flights needs: an open store, and the person on whose behalf it acts."""

    def __init__(self, settings: Settings, data: Path | None, name: str) -> None:
        from pipeline.store.database import open_database
        from pipeline.store.people import person_named

        self.settings = with_data(settings, data)
        self.database: Database = open_database(self.settings.store.url)
        self.now = datetime.now(UTC)
        with self.database.snapshot() as connection:
            self.person: Person = person_named(connection, name)


def _throw(desk: Desk, reason: str, *, stopped: bool) -> None:
    from pipeline.store.stops import turn_switch

    with desk.database.transaction() as connection:
        turn_switch(connection, desk.person, stopped=stopped, reason=reason, now=desk.now)


def _show(flight: Flight, steps: tuple[StepProgress, ...], *, as_json: bool) -> None:
    if as_json:
        content = {**asdict(flight), "steps": [asdict(step) for step in steps]}
        typer.echo(json.dumps(_plain(content), ensure_ascii=False))
        return
    typer.echo(f"{flight.id}  {flight.state}  {flight.name}{f': {flight.reason}' if flight.reason else ''}")
    for step in steps:
        counted = f"{step.done} of {step.total} {step.unit}" if step.total else ""
        typer.echo(f"  {step.step:<8} {step.state:<9} {counted} {step.message}".rstrip())


def _plain(content: Any) -> Any:
    """The same as JSON would have it; times in UTC."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return content.isoformat() if isinstance(content, date | datetime) else content
