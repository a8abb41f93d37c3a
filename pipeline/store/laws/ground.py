"""Laws of coverage: it comes from imagery, or from a flight that was recorded as not flown, and from nothing else."""

from typing import Final

from pipeline.store.laws.law import Change, Law, frozen, never_deleted
from pipeline.store.tables import ground_looks, ground_regions

WHAT: Final = "looks at ground"
FLIGHT: Final = "SELECT 1 FROM flights WHERE flights.id = NEW.flight_id AND flights.district_id = NEW.district_id"
SCAN: Final = "SELECT 1 FROM scans WHERE scans.id = NEW.scan_id AND scans.flight_id = NEW.flight_id"
IMAGED: Final = (
    "SELECT 1 FROM ground_looks held WHERE held.flight_id = NEW.flight_id AND held.kind = 'imaged' "
    "AND held.day = NEW.day AND held.area_m2 >= NEW.area_m2 - 0.001"
)

GROUND: Final = (
    *never_deleted(ground_looks, WHAT),
    frozen(ground_looks, WHAT),
    Law(
        table="ground_looks",
        change=Change.INSERT,
        broken=f"NEW.kind <> 'skipped' AND NOT EXISTS ({FLIGHT} AND EXISTS ({SCAN}))",
        sentence="ground is covered by a scan of its flight alone",
    ),
    Law(
        table="ground_looks",
        change=Change.INSERT,
        broken=f"NEW.kind = 'skipped' AND NOT EXISTS ({FLIGHT} AND flights.state = 'not_flown')",
        sentence="ground could not be flown where a flight says so",
    ),
    Law(
        table="ground_looks",
        change=Change.INSERT,
        broken=f"NEW.kind = 'seen' AND NOT EXISTS ({IMAGED})",
        sentence="no more ground is seen than there is imagery of",
    ),
    *never_deleted(ground_regions, "regions of coverage"),
    frozen(
        ground_regions,
        "survey areas of coverage",
        but={"outline", "drawn", "area_m2", "west", "south", "east", "north"},
    ),
    Law(
        table="ground_regions",
        change=Change.UPDATE,
        broken="OLD.area_id IS NOT NULL OR NEW.area_m2 < OLD.area_m2 - 0.001",
        sentence="ground that is to be covered is never taken out",
    ),
)
