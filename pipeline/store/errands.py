"""Errands: visits with all that a field team needs on the way, and nothing of whom it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import shapely
from sqlalchemy import Connection

from pipeline.domain.flag import FlagId
from pipeline.domain.flight import Flight, FlightId
from pipeline.domain.geometry import Extent
from pipeline.domain.people import Person
from pipeline.errors import NotFoundError
from pipeline.store.flags import StoredFlag, find_flags
from pipeline.store.flights import get_flights
from pipeline.store.growers import growers_within, kinds_at
from pipeline.store.visits import Reading, Visit, readings_behind

NO_FLAG: Final = "there is no such flag"


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
    """The stops of ``visits``, in their order; the number of questions to the database does not grow with theirs.

    Raises:
        NotFoundError: One of them is of a district that is not the person's.
    """
    flags = find_flags(connection, person, {visit.flag for visit in visits})
    if any(visit.flag not in flags for visit in visits):
        raise NotFoundError(NO_FLAG)
    flights = get_flights(connection, {flag.flight for flag in flags.values()})
    readings = readings_behind(connection, flags)
    kinds = _kinds(connection, flights, tuple(flags.values()))
    return tuple(
        Stop(
            visit=visit,
            flag=flags[visit.flag],
            flight=flights[flags[visit.flag].flight],
            readings=readings.get(visit.flag, ()),
            kinds=kinds[visit.flag],
        )
        for visit in visits
    )


def _kinds(
    connection: Connection, flights: Mapping[FlightId, Flight], flags: tuple[StoredFlag, ...]
) -> dict[FlagId, tuple[str, ...]]:
    """What is licensed where each flag lies, on the day it was flown; one question a district."""
    kinds: dict[FlagId, tuple[str, ...]] = {}
    for district in {flight.district for flight in flights.values()}:
        here = [flag for flag in flags if flights[flag.flight].district == district]
        west, south, east, north = (float(side) for side in shapely.total_bounds([flag.outline for flag in here]))
        growers = growers_within(connection, district, Extent(west=west, south=south, east=east, north=north))
        for flag in here:
            day = flights[flag.flight].day
            valid = (one for one in growers if one.licence.valid_from <= day <= one.licence.valid_until)
            kinds[flag.id] = kinds_at(flag.outline, valid)
    return kinds
