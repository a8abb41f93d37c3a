"""Commands for field visits: release confirmed flags to them, and write their route for other tools."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.flights import As, Data, Desk
from pipeline.cli.options import AsJson, Config
from pipeline.domain.format import Format
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.domain.people import DistrictId

District = Annotated[str, typer.Option(help="The district's name.")]


def plan(district: District, as_: As, data: Data = None, config: Config = None) -> None:
    """Release the confirmed flags of a district to its field teams; only its managers may."""
    from pipeline.workflow.visit import plan_visits

    desk = Desk(load_settings(config), data, as_)
    planned = plan_visits(desk.database, desk.person, _district(desk, district), now=desk.now)
    typer.echo(f"planned {len(planned)} visits in {district}")


def export(
    district: District,
    as_: As,
    format_: Annotated[Format, typer.Option("--format", help="What other tools want to read.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    start: Annotated[str, typer.Option(help="Where the way begins: latitude,longitude in degrees (WGS 84).")] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Write the open visits of a district in an order of travel, with coordinates in several systems."""
    from pipeline.imagery.whole import whole_file
    from pipeline.workflow.export_visits import as_bytes
    from pipeline.workflow.visit import place_said, travel

    desk = Desk(load_settings(config), data, as_)
    route = travel(desk.database, desk.person, _district(desk, district), place_said(start))
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as partial:
        partial.write_bytes(as_bytes(route, format_))
    typer.echo(f"{out}: {len(route.stops)} visits, {route.length_m / 1000:.1f} km as a bird flies")


def conflicts(as_: As, data: Data = None, config: Config = None, as_json: AsJson = False) -> None:
    """Visits of which teams found different things, of which no manager wrote down yet what came of it."""
    from pipeline.workflow.settle import list_conflicts

    desk = Desk(load_settings(config), data, as_)
    found = list_conflicts(desk.database, desk.person)
    rows = [
        {
            "visit": one.visit,
            "district": one.district,
            "flight": one.flight,
            "flag": one.label,
            "stands": one.standing.finding.outcome.value,
            "others": [other.finding.outcome.value for other in one.others],
            "since": one.since.isoformat(timespec="seconds"),
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        others = ", ".join(row["others"])
        typer.echo(f"/visits/{row['visit']}  {row['district']}  {row['flag']}  {row['stands']}, later: {others}")
    typer.echo(f"{len(rows)} visits with findings that differ")


def _district(desk: Desk, name: str) -> "DistrictId":
    from pipeline.store.districts import district_named

    with desk.database.snapshot() as connection:
        return district_named(connection, name).id
