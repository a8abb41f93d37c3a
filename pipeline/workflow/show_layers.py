"""Show layers: flags, flights, survey areas and what is uncovered of them, a page at a time.

All as far as a person may see them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

import shapely

from pipeline.domain.freshness import Window
from pipeline.domain.geometry import Extent
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.database import Database, Transaction
from pipeline.store.districts import list_districts
from pipeline.store.ground import Region, regions_of
from pipeline.store.search import (
    FoundArea,
    FoundFlight,
    Search,
    areas_found,
    count_areas,
    count_flights,
    flights_found,
)
from pipeline.store.shown_flags import ShownFlag, count_flags, flags_shown_to
from pipeline.workflow.show_flags import in_json, properties_of
from pipeline.workflow.tell_coverage import Gap, gaps_in


class Layer(StrEnum):
    """What other software can load."""

    FLAGS = "flags"
    FLIGHTS = "flights"
    AREAS = "areas"
    UNCOVERED = "uncovered"


PLANNED: Final = frozenset({Layer.AREAS, Layer.UNCOVERED})
"""Layers of ground that is to be flown."""
ALL_DAYS: Final = Window(first=date.min, last=date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something on the ground; ``outline`` in degrees (EPSG:4326), None where it has no known place."""

    id: str
    outline: Any
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some features by id; ``after`` begins the next page if there is one.

    ``total`` is None where it is not known: a box cut, or each feature would have to be made to be counted.
    """

    features: tuple[Feature, ...]
    after: str | None
    total: int | None


Find = Callable[[Transaction, Person, Search], tuple[Feature, ...]]
Count = Callable[[Transaction, Person, Search], int | None]


def layers_for(person: Person) -> tuple[Layer, ...]:
    """The layers that exist for somebody: ground that is to be flown is for those who plan flights."""
    return tuple(layer for layer in Layer if layer not in PLANNED or person.tends_flights)


def page_of(database: Database, person: Person, layer: Layer, search: Search) -> Page:
    """One page of a layer.

    Raises:
        NotFoundError: There is no such layer for ``person``.
    """
    _must_exist(person, layer)
    find, count = _SOURCES[layer]
    kept: list[Feature] = []
    wanted = replace(search, limit=search.limit + 1)
    with database.snapshot() as connection:
        while len(kept) <= search.limit and (found := find(connection, person, wanted)):
            kept += [feature for feature in found if _meets(feature, search.within)]
            wanted = replace(wanted, after=found[-1].id)
        total = None if search.within else count(connection, person, search)
    features = tuple(kept[: search.limit])
    return Page(features=features, after=features[-1].id if len(kept) > search.limit else None, total=total)


def feature_of(database: Database, person: Person, layer: Layer, feature: str) -> Feature:
    """The feature of an id.

    Raises:
        NotFoundError: There is none for ``person``.
    """
    _must_exist(person, layer)
    if feature.isprintable():
        with database.snapshot() as connection:
            found = _SOURCES[layer][0](connection, person, Search(ids=frozenset({feature}), limit=1))
        if found:
            return found[0]
    raise NotFoundError("there is no such feature")


def _must_exist(person: Person, layer: Layer) -> None:
    if layer not in layers_for(person):
        raise NotFoundError("there is no such layer")


def _meets(feature: Feature, within: tuple[Extent, ...]) -> bool:
    """Whether the outline itself meets one of the boxes, where there are any."""
    boxes = [shapely.box(box.west, box.south, box.east, box.north) for box in within]
    return not boxes or any(shapely.intersects(box, feature.outline) for box in boxes)


def _flags(connection: Transaction, person: Person, search: Search) -> tuple[Feature, ...]:
    return tuple(_of_flag(flag) for flag in flags_shown_to(connection, person, person.sees, search))


def _flights(connection: Transaction, person: Person, search: Search) -> tuple[Feature, ...]:
    return tuple(_of_flight(found) for found in flights_found(connection, person.sees, search))


def _areas(connection: Transaction, person: Person, search: Search) -> tuple[Feature, ...]:
    return tuple(_of_area(found) for found in areas_found(connection, person.sees, search))


def _uncovered(connection: Transaction, person: Person, search: Search) -> tuple[Feature, ...]:
    """What nobody saw of survey areas, by area and state; in a window of days, what nobody saw in it."""
    names = {district.id: district.name for district in list_districts(connection)}
    window = search.window or ALL_DAYS
    found: list[Feature] = []
    for region in sorted(regions_of(connection, person.sees), key=lambda region: region.id):
        if region.area is None or len(found) >= search.limit or not _wanted(region, search):
            continue
        gaps = gaps_in(connection, region, names[region.district], window)
        made = (_of_gap(gap, region.id, search.window) for gap in sorted(gaps, key=lambda gap: gap.state))
        found += (one for one in made if one.id > search.after and (search.ids is None or one.id in search.ids))
    return tuple(found[: search.limit])


def _wanted(region: Region, search: Search) -> bool:
    """Whether features of a region can be on the page that is asked for, by their ids and the region's box."""
    place = region.extent
    here = not search.within or any(
        place.west <= box.east and place.east >= box.west and place.south <= box.north and place.north >= box.south
        for box in search.within
    )
    named = search.ids is None or any(one.startswith(f"{region.id}-") for one in search.ids)
    return here and named and f"{region.id}-~" > search.after


_SOURCES: Final[dict[Layer, tuple[Find, Count]]] = {
    Layer.FLAGS: (_flags, lambda connection, person, search: count_flags(connection, person, person.sees, search)),
    Layer.FLIGHTS: (_flights, lambda connection, person, search: count_flights(connection, person.sees, search)),
    Layer.AREAS: (_areas, lambda connection, person, search: count_areas(connection, person.sees, search)),
    Layer.UNCOVERED: (_uncovered, lambda *_: None),
}


def _of_flag(flag: ShownFlag) -> Feature:
    said = {name: in_json(value) for name, value in properties_of(flag).items() if name != "id"}
    return Feature(id=flag.id, outline=flag.outline, properties=said)


def _of_flight(found: FoundFlight) -> Feature:
    flight = found.flight
    place = flight.extent
    return Feature(
        id=flight.id,
        outline=shapely.box(place.west, place.south, place.east, place.north) if place else None,
        properties={
            "name": flight.name,
            "district": found.district,
            "state": flight.state.value,
            "reason": flight.reason,
            "flown_on": in_json(flight.flown_on),
            "received_at": in_json(flight.received_at),
            "area_m2": flight.area_m2,
            "gsd_m": flight.gsd_m,
        },
    )


def _of_area(found: FoundArea) -> Feature:
    said = {
        "name": found.name,
        "district": found.district,
        "area_m2": round(found.area_m2, 2),
        "imported_at": in_json(found.imported_at),
        "source_sha256": found.source_sha256,
    }
    return Feature(id=found.id, outline=found.outline, properties=said)


def _of_gap(gap: Gap, region: str, window: Window | None) -> Feature:
    said = {
        "name": gap.area,
        "district": gap.district,
        "state": gap.state,
        "area_m2": round(gap.area_m2, 2),
        "not_seen_from": in_json(window.first) if window and window.first > date.min else None,
        "not_seen_to": in_json(window.last) if window and window.last < date.max else None,
    }
    return Feature(id=f"{region}-{gap.state}", outline=gap.outline, properties=said)
