"""Laws of visits: who is sent where, and what was found; it is said once, with its leaf, and never altered."""

from typing import Final

from pipeline.store.laws.law import Change, Law, ends_once, frozen, never_deleted
from pipeline.store.laws.review import STATUS, STOPPED, has_role, in_district, law
from pipeline.store.laws.survey import NEWEST, newest_leaf
from pipeline.store.tables import visit_details, visits

FOUND: Final = "SELECT visits.outcome FROM visits WHERE visits.id = NEW.visit_id"

VISITING: Final = (
    *never_deleted(visits, "visits"),
    frozen(visits, "visits", but=("outcome", "found_by", "found_at", "note")),
    ends_once(visits, "outcome", "visits"),
    ends_once(visits, "found_by", "visits"),
    ends_once(visits, "found_at", "visits"),
    law(
        "visits",
        Change.INSERT,
        "only a manager of the district plans visits",
        f"NOT {has_role('NEW.planned_by', 'manager')} OR NOT {in_district('NEW.planned_by', 'NEW.flag_id')}",
    ),
    law(
        "visits",
        Change.INSERT,
        "only a confirmed flag is visited",
        f"{STATUS} NOT IN ('confirmed', 'no_access') OR NEW.outcome IS NOT NULL",
    ),
    law("visits", Change.INSERT, "everything is stopped: nothing is released", STOPPED),
    law(
        "visits",
        Change.INSERT,
        "there is nothing to visit",
        "EXISTS (SELECT 1 FROM flags what WHERE what.id = NEW.flag_id AND what.origin = 'control')",
    ),
    law(
        "visits",
        Change.INSERT,
        "visits of a flag are counted from 1",
        "NEW.number IS DISTINCT FROM (SELECT COUNT(*) + 1 FROM visits held WHERE held.flag_id = NEW.flag_id)",
    ),
    law(
        "visits",
        Change.INSERT,
        "a release needs its leaf in the ledger",
        f"NEW.leaf IS DISTINCT FROM {NEWEST} OR NOT "
        + newest_leaf("NEW.id", "release", more="AND leaf.person_id = NEW.planned_by AND leaf.at = NEW.planned_at"),
    ),
    law(
        "visits",
        Change.UPDATE,
        "only a field team of the district says what it found, and its leaf is in the ledger",
        f"NEW.outcome IS NULL OR NOT {has_role('NEW.found_by', 'field')} "
        f"OR NOT {in_district('NEW.found_by', 'NEW.flag_id')} "
        f"OR NOT {newest_leaf('NEW.id', 'finding', more='AND leaf.person_id = NEW.found_by')}",
    ),
    Law(
        table="visits",
        change=Change.UPDATE,
        broken="OLD.outcome IS NOT NULL AND NEW.note IS DISTINCT FROM OLD.note",
        sentence="visits end once, and what was noted stays",
    ),
    *never_deleted(visit_details, "findings of visits"),
    frozen(visit_details, "findings of visits"),
    Law(
        table="visit_details",
        change=Change.INSERT,
        broken=f"({FOUND}) IS NULL "
        f"OR NOT {newest_leaf('NEW.visit_id', 'finding', more='AND leaf.position = NEW.leaf')}",
        sentence="what was found is written down with its visit, and its leaf is in the ledger",
    ),
    Law(
        table="visit_details",
        change=Change.INSERT,
        broken=f"NEW.look_alike <> '' AND ({FOUND}) IS DISTINCT FROM 'look_alike'",
        sentence="only a look-alike is like something else",
    ),
)
