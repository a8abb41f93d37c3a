"""A season of scanned flights, of which one is unlike those before it, with visits and flags that wait."""

from datetime import timedelta

import numpy as np
import shapely
from offices import Office

from pipeline.domain.flight import FlightId
from pipeline.store import tables
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.scans import Scan, ScanId, record_scan

ODD = 33
"""The number of the flight that is unlike those before it: its red is far too strong."""


def season(office: Office, flights: int = 40, *, odd: int = ODD, model: str = "m") -> list[FlightId]:
    """``flights`` of the east, one every two days up to now; each has a flag that waits since its scan."""
    rng = np.random.default_rng(7)
    made = []
    for number in range(flights):
        at = office.clock() - timedelta(days=2 * (flights - number))
        flight = office.fly(f"Terrace {number:02}", flown_on=at.date())
        colour = [round(float(one), 2) for one in rng.normal((96, 110, 70), 3)]
        if number == odd:
            colour[0] += 60
        looks = {"mean_rgb": colour, "mean_score": round(float(0.02 * np.exp(rng.normal(0, 0.3))), 6)}
        scan = Scan(
            id=ScanId(f"{flight.id}-1"),
            flight=flight.id,
            model=model,
            model_sha256=model * 64,
            original_sha256="b" * 64,
            record={"looks": looks} if number else {},
            recorded_at=at,
        )
        with office.database.transaction() as connection:
            record_scan(connection, scan, now=at)
            insert_flags(connection, scan, [_raised(number)], now=at)
            connection.execute(
                tables.flights.update()
                .where(tables.flights.c.id == flight.id)
                .values(gsd_m=round(0.02 + 0.0003 * float(rng.normal()), 5))
            )
        made.append(flight.id)
    return made


def _raised(number: int) -> RaisedFlag:
    west = 111.6 + 0.001 * number
    return RaisedFlag(
        label=f"F{number:05d}",
        outline=shapely.box(west, 40.8, west + 0.0001, 40.8001),
        class_name="poppy",
        score=0.8,
        area_m2=90.0,
        cells=4,
        model="m",
        threshold=0.5,
    )
