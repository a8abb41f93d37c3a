"""Laws of imagery that is let go (section 6 of the rules): what keeps it, and what nobody does without it."""

from typing import Final

from pipeline.domain.flight import RUNNING
from pipeline.domain.retention import SETTLED, WAITING
from pipeline.store.laws.law import Change, frozen, never_deleted
from pipeline.store.laws.review import STOPPED, law
from pipeline.store.laws.survey import NEWEST, newest_leaf
from pipeline.store.tables import imagery_removals


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


def is_gone(flight: str) -> str:
    """True where the imagery of a flight was let go."""
    return f"EXISTS (SELECT 1 FROM imagery_removals gone WHERE gone.flight_id = {flight})"


FLIGHT_OF_FLAG: Final = "(SELECT what.flight_id FROM flags what WHERE what.id = NEW.flag_id)"
NOTHING_TO_SEE: Final = "the imagery of this flight was removed: nobody can look at its ground any more"

RETENTION: Final = (
    *never_deleted(imagery_removals, "removals of imagery"),
    frozen(imagery_removals, "removals of imagery"),
    law("imagery_removals", Change.INSERT, "everything is stopped: nothing is removed", STOPPED),
    law(
        "imagery_removals",
        Change.INSERT,
        "imagery that the machine works on is kept",
        f"EXISTS (SELECT 1 FROM flights trip WHERE trip.id = NEW.flight_id AND trip.state IN ({_listed(RUNNING)}))",
    ),
    law(
        "imagery_removals",
        Change.INSERT,
        "imagery is kept while a flag of it is confirmed or waits for verdicts",
        "EXISTS (SELECT 1 FROM flags what WHERE what.flight_id = NEW.flight_id "
        f"AND ((what.origin <> 'control' AND what.status NOT IN ({_listed(SETTLED)})) "
        f"OR what.status IN ({_listed(WAITING)})))",
    ),
    law(
        "imagery_removals",
        Change.INSERT,
        "imagery is kept while readers are measured by its ground",
        "EXISTS (SELECT 1 FROM controls ground WHERE ground.flight_id = NEW.flight_id AND ground.retired_at IS NULL)",
    ),
    law(
        "imagery_removals",
        Change.INSERT,
        "a removal of imagery needs its leaf in the ledger",
        f"NEW.leaf IS DISTINCT FROM {NEWEST} OR NOT "
        + newest_leaf("NEW.flight_id", "imagery.removed", more="AND leaf.at = NEW.removed_at"),
    ),
    law("flights", Change.UPDATE, NOTHING_TO_SEE, f"NEW.state <> OLD.state AND {is_gone('NEW.id')}"),
    law("flags", Change.INSERT, NOTHING_TO_SEE, is_gone("NEW.flight_id")),
    law("controls", Change.INSERT, NOTHING_TO_SEE, is_gone("NEW.flight_id")),
    law("leases", Change.INSERT, NOTHING_TO_SEE, is_gone(FLIGHT_OF_FLAG)),
    law("decisions", Change.INSERT, NOTHING_TO_SEE, is_gone(FLIGHT_OF_FLAG)),
)
