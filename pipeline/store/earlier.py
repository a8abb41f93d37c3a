"""Earlier flights over the same ground."""

from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from pipeline.domain.flight import Flight, FlightState
from pipeline.domain.geometry import Extent
from pipeline.store.flights import flight_of_row
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
    before = [one for one in found if _when(one) < _when(flight)]
    return tuple(sorted(before, key=_when, reverse=True)[:MOST_LOOKED_AT])


def _when(flight: Flight) -> tuple[date, str, str]:
    return flight.day, flight.received_at.isoformat(), flight.id
