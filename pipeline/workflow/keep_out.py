"""Keep out: the no-fly zones of a district about ground that is to be flown."""

import math
from datetime import date
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.geometry import Extent
from pipeline.domain.people import DistrictId
from pipeline.store.database import Database
from pipeline.store.no_fly import zones_about
from pipeline.workflow.plan_flight import WIDEST_M

DEGREE_M: Final = 110_000
"""A degree of latitude is at least this long."""
LEAST_COSINE: Final = 0.01


def zones_near(database: Database, district: DistrictId, ground: BaseGeometry, day: date) -> BaseGeometry:
    """The zones that a plan over ``ground`` can come near to, in degrees, but those that are over on ``day``."""
    west, south, east, north = ground.bounds
    high = WIDEST_M / DEGREE_M
    wide = high / max(LEAST_COSINE, math.cos(math.radians(max(abs(south), abs(north)))))
    sides = {"west": max(west - wide, -180), "east": min(east + wide, 180)}
    within = Extent(**sides, south=max(south - high, -90), north=min(north + high, 90))
    with database.snapshot() as connection:
        found = zones_about(connection, district, within, day)
    return shapely.union_all([zone.barred.outline for zone in found])
