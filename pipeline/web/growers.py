"""Licensed growers on pages: what each licence is for, in words, and never by whose name or number."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from pipeline.domain.flight import Flight
from pipeline.domain.grower import GrowerKind
from pipeline.domain.people import Person
from pipeline.store.database import Database
from pipeline.store.growers import Grower, growers_about
from pipeline.web.languages import marked

KINDS: Final = {
    GrowerKind.MEDICAL: marked("licensed: medical"),
    GrowerKind.ORNAMENTAL: marked("licensed: ornamental"),
    GrowerKind.INDUSTRIAL_HEMP: marked("licensed: industrial hemp"),
}


def growers_of_flight(database: Database, person: Person, flight: Flight) -> tuple[Grower, ...]:
    """Licensed ground on a flight, by licences of the day it was flown, for those who may see flags on its map.

    Whoever only reads flags sees none here: shapes about a plot, found again on a map, would tell where the plot lies.
    """
    if flight.extent is None or not person.counts_flags:
        return ()
    with database.snapshot() as connection:
        return growers_about(connection, flight.district, flight.extent, flight.day)


def collected(growers: Iterable[Grower], draw: Callable[[Any], Any], say: Callable[[str], str]) -> dict[str, Any]:
    """Growers as GeoJSON: ``draw`` makes a geometry of an outline, ``say`` is the language of the page."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": draw(grower.outline),
                "properties": {"kind": grower.kind.value, "label": say(KINDS[grower.kind])},
            }
            for grower in growers
        ],
    }
