"""Show layers: flags, flights and survey areas as features, a page at a time, as far as a person may see them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import shapely

from pipeline.domain.geometry import Extent
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.database import Database, Transaction
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


class Layer(StrEnum):
    """What other software can load."""

    FLAGS = "flags"
    FLIGHTS = "flights"
    AREAS = "areas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something on the ground; ``outline`` in degrees (EPSG:4326), None where it has no known place."""

    id: str
    outline: Any
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some features by id; ``after`` begins the next page if there is one; ``total`` is None where a box cut."""

    features: tuple[Feature, ...]
    after: str | None
    total: int | None


Find = Callable[[Transaction, Person, Search], tuple[Feature, ...]]
Count = Callable[[Transaction, Person, Search], int]


def layers_for(person: Person) -> tuple[Layer, ...]:
    """The layers that exist for somebody: survey areas are for those who plan flights."""
    return tuple(layer for layer in Layer if layer is not Layer.AREAS or person.tends_flights)


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


_SOURCES: Final[dict[Layer, tuple[Find, Count]]] = {
    Layer.FLAGS: (_flags, lambda connection, person, search: count_flags(connection, person, person.sees, search)),
    Layer.FLIGHTS: (_flights, lambda connection, person, search: count_flights(connection, person.sees, search)),
    Layer.AREAS: (_areas, lambda connection, person, search: count_areas(connection, person.sees, search)),
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
