"""The command that plans flights over ground nobody has seen."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import AsJson, Config, time_zone
from pipeline.cli.storing import open_store

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def plan(
    ground: Annotated[Path, typer.Argument(help="What to fly: a GeoPackage, a GeoJSON, or a zipped shapefile.")],
    no_fly: Annotated[Path | None, typer.Option(help="No-fly zones, a file of the same kinds.")] = None,
    district: Annotated[str | None, typer.Option(help="Keep out of the no-fly zones of this district, too.")] = None,
    camera: Annotated[str, typer.Option(help="m3e, m3m or m30.")] = "m3e",
    gsd_cm: Annotated[float, typer.Option(help="Wanted ground sampling distance, in centimetres.")] = 2.0,
    front: Annotated[float, typer.Option(help="Share that pictures have in common along a strip.")] = 0.8,
    side: Annotated[float, typer.Option(help="Share that pictures have in common between strips.")] = 0.7,
    margin_m: Annotated[float, typer.Option(help="Distance kept from no-fly zones, in metres.")] = 10.0,
    minutes: Annotated[float, typer.Option(help="Minutes of pictures on one battery.")] = 20.0,
    highest_m: Annotated[float, typer.Option(help="Height above ground that the law allows, in metres.")] = 120.0,
    out: Annotated[Path, typer.Option(help="Folder for the plan.")] = Path("out/plan"),
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Plan flights that cover ground and keep out of no-fly zones: KML to look at, KMZ for DJI's aircraft.

    Every waypoint and every way between two lies outside the zones. Look at plan.kml, and at the sky, before you fly.
    """
    import shapely

    from pipeline.domain.camera import camera_named
    from pipeline.domain.flight_plan import Overlap
    from pipeline.imagery.areas import read_areas
    from pipeline.workflow.plan_flight import Wish, plan_over, told_of, write_plan

    gap = shapely.union_all([area.outline for area in read_areas(ground)])
    zones = shapely.union_all([area.outline for area in read_areas(no_fly)] if no_fly else [])
    if district is not None:
        zones = shapely.union(zones, _stored(gap, district, config))
    wish = Wish(
        camera=camera_named(camera),
        gsd_m=gsd_cm / 100,
        overlap=Overlap(front=front, side=side),
        margin_m=margin_m,
        minutes=minutes,
        highest_m=highest_m,
    )
    planned = plan_over(gap, zones, wish)
    written = write_plan(planned, out, ground.stem, now=datetime.now(UTC))
    told = told_of(planned)
    if as_json:
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{told['height_m']} m above the take-off, {told['speed_m_s']} m/s")
    for number, mission in enumerate(told["missions"], start=1):
        typer.echo(
            f"mission {number}: {mission['minutes']} min, {mission['length_m']} m, {mission['strips']} strips, "
            f"{mission['pictures']} pictures"
        )
    if told["unseen_m2"]:
        typer.echo(f"{told['unseen_m2']:.0f} m2 cannot be seen from outside the no-fly zones")
    typer.echo(told["terrain"])
    typer.echo("\n".join(str(path) for path in written))


def _stored(ground: "BaseGeometry", district: str, config: Path | None) -> "BaseGeometry":
    """The zones about ``ground`` that are kept for a district, but those that are over today."""
    from pipeline.store.districts import district_named
    from pipeline.workflow.keep_out import zones_near

    with open_store(config) as store:
        with store.database.snapshot() as connection:
            where = district_named(connection, district).id
        return zones_near(store.database, where, ground, store.now.astimezone(time_zone(config)).date())
