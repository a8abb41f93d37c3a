"""Surroundings: what else is known of the ground of an item, for its reader."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import shapely

from pipeline.domain.flight import Flight
from pipeline.domain.geometry import Extent
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.local_frame import LocalFrame, frame_of
from pipeline.imagery.look import View, covers, slope_deg
from pipeline.imagery.relief import RELIEF_NAME
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.database import Database
from pipeline.store.earlier import earlier_flights
from pipeline.store.files import Files
from pipeline.store.growers import Grower, growers_about
from pipeline.store.leases import NO_READING
from pipeline.store.readings import Reading

MOST_EARLIER: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierFlight:
    """A flight over the same ground; ``place`` among the earlier ones is its address while the lease lasts."""

    place: int
    flight: Flight
    working: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies around an item in time and in space; earlier flights with the newest first.

    ``slope_deg`` is the median slope of the ground in view; None where no surface model tells.
    """

    earlier: tuple[EarlierFlight, ...]
    growers: tuple[Grower, ...]
    slope_deg: int | None = None


def surroundings_of(database: Database, files: Files, reading: Reading, view: View) -> Surroundings:
    """Flights that show most of the ground in ``view``, and the licensed growers there on the day it was flown."""
    frame = frame_of(reading.flag.outline)
    with database.snapshot() as connection:
        before = earlier_flights(connection, reading.flight, _box(reading), reading.lease)
        growers = growers_about(connection, reading.flight.district, _view_box(reading, view), reading.flight.day)
    found = (_found(files, at) for at in enumerate(before))
    seen = (one for one in found if one.working.is_file() and covers(one.working, frame, view))
    relief = files.working(reading.flight.id) / RELIEF_NAME
    return Surroundings(
        earlier=tuple(islice(seen, MOST_EARLIER)), growers=growers, slope_deg=_slope_deg(relief, frame, view)
    )


def _slope_deg(relief: Path, frame: LocalFrame, view: View) -> int | None:
    """The slope in view; None where there is no surface model, or one that is damaged: reading goes on without it."""
    if not relief.is_file():
        return None
    try:
        return slope_deg(relief, frame, view)
    except InvalidInputError:
        return None


def find_earlier(database: Database, files: Files, reading: Reading, place: int) -> EarlierFlight:
    """The earlier flight at an address.

    Raises:
        NotFoundError: There is none.
    """
    with database.snapshot() as connection:
        before = earlier_flights(connection, reading.flight, _box(reading), reading.lease)
    if not 0 <= place < len(before):
        raise NotFoundError(NO_READING)
    found = _found(files, (place, before[place]))
    if not found.working.is_file():
        raise NotFoundError(NO_READING)
    return found


def _found(files: Files, at: tuple[int, Flight]) -> EarlierFlight:
    place, flight = at
    return EarlierFlight(place=place, flight=flight, working=files.working(flight.id) / WORKING_NAME)


def _box(reading: Reading) -> Extent:
    west, south, east, north = reading.flag.outline.bounds
    return Extent(west=west, south=south, east=east, north=north)


def _view_box(reading: Reading, view: View) -> Extent:
    west, south, east, north = frame_of(reading.flag.outline).on_earth(shapely.box(*view.bounds_m)).bounds
    return Extent(west=west, south=south, east=east, north=north)
