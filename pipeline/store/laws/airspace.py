"""Laws of no-fly zones: none comes, changes or goes without its leaf in the ledger."""

from typing import Final

from pipeline.store.laws.law import Change, Law, frozen
from pipeline.store.laws.survey import newest_leaf
from pipeline.store.tables import no_fly_zones

AIRSPACE: Final = (
    frozen(no_fly_zones, "no-fly zones"),
    Law(
        table="no_fly_zones",
        change=Change.INSERT,
        broken="EXISTS (SELECT 1 FROM no_fly_zones held WHERE held.id = NEW.id)",
        sentence="no-fly zones are never replaced",
    ),
    Law(
        table="no_fly_zones",
        change=Change.INSERT,
        broken=f"NOT {newest_leaf('NEW.district_id', 'no_fly.imported')}",
        sentence="a new no-fly zone needs its leaf in the ledger",
    ),
    Law(
        table="no_fly_zones",
        change=Change.DELETE,
        broken=f"NOT {newest_leaf('OLD.id', 'no_fly.removed')}",
        sentence="a no-fly zone that goes needs its leaf in the ledger",
    ),
)
