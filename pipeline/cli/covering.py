"""The command that says what was seen, and where nobody has looked."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import AsJson, Config, day, time_zone
from pipeline.cli.storing import Store, open_store
from pipeline.errors import InvalidInputError

if TYPE_CHECKING:
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
        today = store.now.astimezone(time_zone(config)).date()
        window = window_of(store.database, {where.id}, first=day(from_), last=day(to), today=today)
        if gpkg is not None:
            write_gaps(gpkg, gaps_of(store.database, region, where, window))
        _print(store, region, window, as_json=as_json, as_csv=as_csv)


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
