"""Errands: visits with all that a field team needs on the way, and nothing of whom it came from."""

from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from sqlalchemy import Connection

from pipeline.domain.flight import Flight
from pipeline.domain.geometry import Extent
from pipeline.domain.people import Person
from pipeline.store.flags import StoredFlag, find_flag
from pipeline.store.flights import get_flight
from pipeline.store.growers import Grower, growers_about, kinds_at
from pipeline.store.visits import Reading, Visit, readings_behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A visit with all that a team needs on the way. ``kinds`` are those of licensed growers that hold there."""

    visit: Visit
    flag: StoredFlag
    flight: Flight
    readings: tuple[Reading, ...]
    kinds: tuple[str, ...]

    @property
    def point(self) -> tuple[float, float]:
        """A point inside the plot: longitude and latitude in degrees."""
        inside = self.flag.outline.representative_point()
        return inside.x, inside.y


def stops_of(connection: Connection, person: Person, visits: tuple[Visit, ...]) -> tuple[Stop, ...]:
    """The stops of ``visits``, in their order.

    Raises:
        NotFoundError: One of them is of a district that is not the person's.
    """
    flags = {visit.flag: find_flag(connection, person, visit.flag) for visit in visits}
    flights = {flight: get_flight(connection, flight) for flight in {flag.flight for flag in flags.values()}}
    readings = readings_behind(connection, flags)
    growers = {flight: _growers(connection, one, flags.values()) for flight, one in flights.items()}
    return tuple(
        Stop(
            visit=visit,
            flag=flags[visit.flag],
            flight=flights[flags[visit.flag].flight],
            readings=readings.get(visit.flag, ()),
            kinds=kinds_at(flags[visit.flag].outline, growers[flags[visit.flag].flight]),
        )
        for visit in visits
    )


def _growers(connection: Connection, flight: Flight, flags: Iterable[StoredFlag]) -> tuple[Grower, ...]:
    """Licensed ground about those of ``flags`` that are of a flight, on its day."""
    west, south, east, north = shapely.total_bounds([flag.outline for flag in flags if flag.flight == flight.id])
    extent = Extent(west=float(west), south=float(south), east=float(east), north=float(north))
    return growers_about(connection, flight.district, extent, flight.day)
