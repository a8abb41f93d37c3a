"""The command that says what was seen, and where nobody has looked."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import AsJson, Config, day
from pipeline.cli.storing import Store, open_store
from pipeline.errors import InvalidInputError

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from pipeline.domain.freshness import Window
    from pipeline.store.ground import Region


def coverage(
    district: Annotated[str, typer.Option(help="The district's name.")],
    area: Annotated[str, typer.Option(help="A survey area of it; else all of them.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day, as 2026-06-01; else that of the first flight.")] = "",
    to: Annotated[str, typer.Option(help="Last day, as 2026-11-26; else today.")] = "",
    gpkg: Annotated[Path | None, typer.Option(help="Write the uncovered ground here, for plotwatch plan.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the areas as CSV.")] = False,
    again: Annotated[bool, typer.Option("--recount", help="Count anew from the imagery first.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what of the survey areas was seen in a window of days, what was not, and why."""
    from pipeline.store.districts import district_named
    from pipeline.workflow.cover import recount
    from pipeline.workflow.tell_coverage import find_region, gaps_of, window_of, write_gaps

    if as_csv and as_json:
        raise InvalidInputError("choose one of --csv and --json")
    with open_store(config) as store:
        if again:
            recount(store.database, store.files)
        with store.database.snapshot() as connection:
            where = district_named(connection, district)
        region = find_region(store.database, where, area or None)
        today = _today(store, config)
        window = window_of(store.database, {where.id}, first=day(from_), last=day(to), today=today)
        if gpkg is not None:
            write_gaps(gpkg, gaps_of(store.database, region, where, window))
        _print(store, region, window, as_json=as_json, as_csv=as_csv)


def statement(
    district: Annotated[str, typer.Option(help="The district's name.")],
    area: Annotated[str, typer.Option(help="A survey area of it; else all of them.")] = "",
    from_: Annotated[str, typer.Option("--from", help="First day, as 2026-06-01; else that of the first flight.")] = "",
    to: Annotated[str, typer.Option(help="Last day, as 2026-11-26; else today.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write it here; else it is printed.")] = None,
    config: Config = None,
) -> None:
    """Say in JSON what may be claimed of an area, with all that it rests on, and what may not be claimed."""
    from pipeline.imagery.whole import write_text
    from pipeline.store.districts import district_named
    from pipeline.workflow.state_coverage import state
    from pipeline.workflow.tell_coverage import find_region, window_of

    zone = _zone(config)
    with open_store(config) as store:
        with store.database.snapshot() as connection:
            where = district_named(connection, district)
        region = find_region(store.database, where, area or None)
        today = _today(store, config)
        window = window_of(store.database, {where.id}, first=day(from_), last=day(to), today=today)
        said = state(store.database, region, where, window, now=store.now, zone=zone)
    text = json.dumps(said, ensure_ascii=False, indent=1)
    if out is None:
        typer.echo(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, text + "\n")
    typer.echo(str(out))


def _print(store: Store, region: "Region", window: "Window", *, as_json: bool, as_csv: bool) -> None:
    from pipeline.domain.coverage import area_in_words
    from pipeline.workflow import tell_coverage as telling

    told = telling.tell(store.database, {region.district}, window)
    told = tuple(one for one in told if region.area is None or one.id == region.id)
    if as_csv:
        typer.echo(telling.as_csv(told, window), nl=False)
        return
    if as_json:
        course = telling.course_as_json(telling.tell_course(store.database, region, window))
        said = {"version": 1, "areas": telling.as_rows(told, window), **course}
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    typer.echo(f"{window.first} to {window.last}")
    for one in told:
        ground = one.ground
        parts = ", ".join(
            f"{state.replace('_', ' ')} {area_in_words(ground.area_m2(state))}" for state in telling.COLUMNS[:-1]
        )
        name = one.area or f"{one.district}, all areas"
        typer.echo(
            f"{name}: {100 * telling.share_down(ground):.2f} % of {area_in_words(ground.area_m2('total'))}: {parts}"
        )


def _zone(config: Path | None) -> "ZoneInfo":
    """The time zone of the bureau, by which pages count days too."""
    from zoneinfo import ZoneInfo

    from pipeline.settings import load_settings

    return ZoneInfo(load_settings(config).web.time_zone)


def _today(store: Store, config: Path | None) -> "date":
    return store.now.astimezone(_zone(config)).date()
