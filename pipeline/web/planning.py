"""Plans of flights as pages ask for them: the form, the zones that are kept out of, and the file to take along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import shapely
from fastapi import Depends, Query

from pipeline.domain.camera import camera_named
from pipeline.domain.flight_plan import Overlap
from pipeline.domain.people import DistrictId
from pipeline.store.no_fly import Airspace, airspaces_of
from pipeline.web.services import Services
from pipeline.workflow.keep_out import zones_near
from pipeline.workflow.plan_flight import Wish, as_archive, plan_over

MOST_PLANNED: Final = 500
"""Of the largest: more of them, far apart, take the server longer than anybody waits."""
USUAL_CM: Final = 2.0
Centimetres = Annotated[float, Query(ge=0.2, le=20)]
Metres = Annotated[float, Query(ge=5, le=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPlan:
    """Ground to be planned: outlines in degrees, the largest first, of a district, under a title."""

    outlines: Sequence[shapely.Polygon | shapely.MultiPolygon]
    district: DistrictId
    title: str


def wished(
    camera: Literal["m3e", "m3m", "m30"] = "m3e", gsd_cm: Centimetres = USUAL_CM, highest_m: Metres = 120.0
) -> Wish:
    """How a plan is to be flown, as the form has it."""
    return Wish(camera=camera_named(camera), gsd_m=gsd_cm / 100, overlap=Overlap(), highest_m=highest_m)


Wished = Annotated[Wish, Depends(wished)]


def airspaces_here(services: Services, districts: Iterable[DistrictId]) -> dict[DistrictId, Airspace]:
    """What is known of the no-fly zones of some districts today."""
    with services.database.snapshot() as connection:
        return airspaces_of(connection, districts, services.today)


def archive_of(services: Services, what: ToPlan, wish: Wish) -> bytes:
    """Missions over the largest outlines, outside the zones of their district, as a zip.

    Raises:
        InvalidInputError: There is nothing to fly, or it is too much for one plan.
    """
    ground = shapely.union_all(list(what.outlines[:MOST_PLANNED]))
    zones = zones_near(services.database, what.district, ground, services.today) if what.outlines else ground
    planned = plan_over(ground, zones, wish)
    known = _known(services, airspaces_here(services, {what.district})[what.district], len(what.outlines))
    return as_archive(planned, what.title, now=services.now(), known=known)


def _known(services: Services, airspace: Airspace, pieces: int) -> Mapping[str, Any]:
    newest = airspace.newest and airspace.newest.astimezone(services.zone).date().isoformat()
    return {
        "pieces": {"planned": min(pieces, MOST_PLANNED), "left_out": max(0, pieces - MOST_PLANNED)},
        "no_fly_zones": {"known": airspace.zones, "newest_import": newest},
    }
