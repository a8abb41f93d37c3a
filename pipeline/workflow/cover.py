"""Cover: account for the ground of survey areas, as flights come in and as areas are drawn.

A district's ground is covered by its own flights. A flight without a date counts for the day on which it arrived.
"""

from collections.abc import Iterable

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.freshness import LEVELS, Level, Look, LookKind, moves_of, pieces_of
from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.errors import NotFoundError
from pipeline.imagery.looked import Looked, degrees_in_plane, kept_looked, plane_in, smoothed
from pipeline.store.database import Database, Transaction
from pipeline.store.files import Files
from pipeline.store.flights import flights_in
from pipeline.store.ground import (
    NewLook,
    Placed,
    Region,
    RegionId,
    add_moves,
    areas_without_regions,
    flights_with_looks,
    forget_moves,
    grow_region,
    insert_look,
    insert_region,
    looks_at,
    regions_of,
)
from pipeline.store.scans import ScanId, scans_of

DRAWN_M = 1.0
"""What a map may leave away at the edge of ground that was looked at."""
KINDS: dict[Level, tuple[LookKind, ...]] = {
    level: tuple(kind for kind in LookKind if level in LEVELS[kind]) for level in Level
}


def cover_scan(connection: Transaction, flight: Flight, scan: ScanId, looked: Looked) -> None:
    """Account for the ground of a scan that was recorded just now; once, however often it is asked."""
    if looked.imaged.is_empty:
        return
    blind = shapely.difference(looked.imaged, looked.seen)
    _look(connection, flight, scan, LookKind.IMAGED, placed(looked.imaged, drawn=blind))
    if not looked.seen.is_empty:
        _look(connection, flight, scan, LookKind.SEEN, placed(looked.seen))


def cover_skipped(connection: Transaction, flight: Flight, area: str) -> None:
    """Account for a survey area that could not be flown.

    Raises:
        NotFoundError: The flight's district has no such area.
    """
    regions = regions_of(connection, {flight.district})
    ground = next((region.outline for region in regions if region.id == area and region.area is not None), None)
    if ground is None:
        raise NotFoundError("the district has no such survey area")
    _look(connection, flight, None, LookKind.SKIPPED, placed(ground))


def cover_new_areas(connection: Transaction) -> int:
    """Account for survey areas that were imported since; how many there were."""
    new = areas_without_regions(connection)
    for area, district, outline in new:
        ground = degrees_in_plane(outline)
        place = placed(ground)
        insert_region(connection, area, district, place, is_area=True)
        _count(connection, area, district, ground)
        _widen(connection, district, ground)
    return len(new)


def recount(database: Database, files: Files) -> int:
    """Account for everything anew from the imagery's own records; how many flights were not accounted for before."""
    with database.transaction() as connection:
        known, missing = flights_with_looks(connection), 0
        for flight in flights_in(connection, FlightState.SCANNED):
            scans = scans_of(connection, flight.id)
            results = files.results(flight.id)
            if flight.id not in known and scans and (results / "states.tif").is_file():
                cover_scan(connection, flight, scans[0].id, kept_looked(results))
                missing += 1
        cover_new_areas(connection)
        regions = regions_of(connection, {flight.district for flight in flights_in(connection)})
        forget_moves(connection, [region.id for region in regions])
        for region in regions:
            _count(connection, region.id, region.district, region.outline)
    return missing


def placed(outline: BaseGeometry, drawn: BaseGeometry | None = None) -> Placed:
    """An outline of the equal-area plane with its box in degrees and what a map draws of it, else all of it.

    Of imagery that is the part nobody could assess: the rest lies under what was seen.
    """
    west, south, east, north = plane_in(shapely.box(*outline.bounds), "EPSG:4326").bounds
    return Placed(
        outline=outline,
        drawn=plane_in(smoothed(outline if drawn is None else drawn, DRAWN_M), "EPSG:3857"),
        extent=Extent(west=west, south=south, east=east, north=north),
    )


def _look(connection: Transaction, flight: Flight, scan: ScanId | None, kind: LookKind, place: Placed) -> None:
    look = Look(day=flight.day, ground=place.outline)
    others = {level: looks_at(connection, flight.district, KINDS[level], place.extent) for level in LEVELS[kind]}
    new = NewLook(flight=flight.id, scan=scan, district=flight.district, kind=kind, day=look.day, place=place)
    if not insert_look(connection, new):
        return
    regions = regions_of(connection, {flight.district}, place.extent)
    for level, known in others.items():
        _add(connection, regions, level, look, known)


def _add(connection: Transaction, regions: Iterable[Region], level: Level, look: Look, known: tuple[Look, ...]) -> None:
    """Add the moves of a look to each region that it touches."""
    touched = [region for region in regions if region.outline.intersects(look.ground)]
    if not touched:
        return
    pieces = pieces_of(look, known)
    for region in touched:
        add_moves(connection, region.id, level, moves_of(look.day, pieces, region.outline))


def _count(connection: Transaction, region: RegionId, district: DistrictId, ground: BaseGeometry) -> None:
    """Add the moves of all looks over ``ground`` to a region, one look after the other."""
    if ground.is_empty:
        return
    shapely.prepare(ground)
    for level in Level:
        known: list[Look] = []
        for look in looks_at(connection, district, KINDS[level], placed(ground).extent):
            if not look.ground.intersects(ground):
                continue
            add_moves(connection, region, level, moves_of(look.day, pieces_of(look, known), ground))
            known.append(look)


def _widen(connection: Transaction, district: DistrictId, ground: BaseGeometry) -> None:
    """Put an area's ground into the region of its district, and count what is new of it."""
    whole = RegionId(district)
    held = next((region for region in regions_of(connection, {district}) if region.id == whole), None)
    if held is None:
        insert_region(connection, whole, district, placed(ground), is_area=False)
        _count(connection, whole, district, ground)
        return
    new = shapely.difference(ground, held.outline)
    if new.area > 0:
        grow_region(connection, whole, placed(shapely.union(held.outline, ground)))
        _count(connection, whole, district, new)
