"""Earlier flights over the same ground."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.geometry import Extent
from pipeline.store.flights import flight_of_row
from pipeline.store.ground import meets
from pipeline.store.leases import Lease
from pipeline.store.tables import flights

MOST_LOOKED_AT: Final = 30


def earlier_flights(connection: Connection, flight: Flight, within: Extent, lease: Lease) -> tuple[Flight, ...]:
    """Scanned flights of the same district, flown before ``flight``, whose box holds ``within``; the newest first.

    The order stays the same while the lease lasts, so that a place in it is an address: a scan that ends meanwhile does
    not count. Where nobody wrote down the day of a flight, the day on which it was received stands for it.
    """
    columns = flights.c
    chosen = select(flights).where(
        columns.district_id == flight.district,
        columns.id != flight.id,
        columns.state == FlightState.SCANNED.value,
        columns.changed_at <= lease.leased_at,
        columns.west <= within.west,
        columns.east >= within.east,
        columns.south <= within.south,
        columns.north >= within.north,
    )
    found = [flight_of_row(row) for row in connection.execute(chosen).mappings()]
    return _before(found, flight)


def flights_before(connection: Connection, flight: Flight) -> tuple[Flight, ...]:
    """Scanned flights of the same district, flown before ``flight``, whose box meets its own; the newest first."""
    if flight.extent is None:
        return ()
    chosen = select(flights).where(
        flights.c.district_id == flight.district,
        flights.c.id != flight.id,
        flights.c.state == FlightState.SCANNED.value,
        *meets(flights, flight.extent),
    )
    return _before([flight_of_row(row) for row in connection.execute(chosen).mappings()], flight)


def _before(found: Iterable[Flight], flight: Flight) -> tuple[Flight, ...]:
    """Where two flights are of one day, the one that was received first comes before the other."""
    before = [one for one in found if _when(one) < _when(flight)]
    return tuple(sorted(before, key=_when, reverse=True)[:MOST_LOOKED_AT])


def _when(flight: Flight) -> tuple[date, str, str]:
    return flight.day, flight.received_at.isoformat(), flight.id
