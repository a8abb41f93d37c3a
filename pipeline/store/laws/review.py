"""Laws of flags, leases, decisions, controls and the stop switch (sections 2 and 5 of the rules of the survey)."""

from typing import Final

from pipeline.store.laws.law import Change, Consequence, Law, ends_once, frozen, never_deleted, written_once
from pipeline.store.laws.standing import MOVES, follow
from pipeline.store.laws.survey import NEWEST, newest_leaf
from pipeline.store.tables import (
    audit_items,
    control_items,
    controls,
    decisions,
    flags,
    leases,
    redrawn_outlines,
    stops,
)


def has_role(person: str, *roles: str) -> str:
    """True where a person has one of ``roles`` and is not locked by somebody; other roles count for nothing."""
    listed = ", ".join(f"'{role}'" for role in roles)
    free = "(who.locked_at IS NULL OR who.locked_until IS NOT NULL)"
    held = f"held.person_id = {person} AND held.role IN ({listed}) AND {free}"
    return f"EXISTS (SELECT 1 FROM person_roles held JOIN people who ON who.id = held.person_id WHERE {held})"


def in_district(person: str, flag: str) -> str:
    """True where a flag lies in a district of a person."""
    return (
        "EXISTS (SELECT 1 FROM flags what JOIN flights trip ON trip.id = what.flight_id "
        "JOIN person_districts held ON held.district_id = trip.district_id "
        f"WHERE what.id = {flag} AND held.person_id = {person})"
    )


def own_flight(person: str, flag: str) -> str:
    """True where a person uploaded the flight of a flag."""
    return (
        "EXISTS (SELECT 1 FROM flags what JOIN flights trip ON trip.id = what.flight_id "
        f"WHERE what.id = {flag} AND trip.uploaded_by = {person})"
    )


def law(table: str, change: Change, sentence: str, broken: str) -> Law:
    """A law in the order in which it is read: where, when, what it says, what breaks it."""
    return Law(table=table, change=change, broken=broken, sentence=sentence)


STATUS: Final = "(SELECT what.status FROM flags what WHERE what.id = NEW.flag_id)"
STOPPED: Final = "COALESCE((SELECT stopped FROM stops ORDER BY number DESC LIMIT 1), 1 = 0)"
STANDING: Final = "(SELECT standing.status FROM flag_standings standing WHERE standing.flag_id = NEW.id)"
DECIDED: Final = (
    "EXISTS (SELECT 1 FROM decisions given WHERE given.flag_id = NEW.flag_id AND given.person_id = NEW.person_id)"
)

FLAGS: Final = (
    *never_deleted(flags, "flags"),
    frozen(flags, "flags", but=("status",)),
    law("flags", Change.INSERT, "a flag begins unreviewed", "NEW.status <> 'unreviewed'"),
    law(
        "flags",
        Change.UPDATE,
        "the life of a flag does not allow this step",
        f"NEW.status <> OLD.status AND NOT ({MOVES})",
    ),
    law(
        "flags",
        Change.UPDATE,
        "a flag stands where decisions and visits put it",
        f"NEW.status <> OLD.status AND NEW.status IS DISTINCT FROM {STANDING}",
    ),
)

KNOWN: Final = (
    "(EXISTS (SELECT 1 FROM control_items item JOIN controls ground ON ground.id = item.control_id "
    "JOIN decisions given ON given.flag_id = ground.flag_id AND given.person_id = NEW.person_id "
    "AND given.supersedes IS NULL WHERE item.flag_id = NEW.flag_id) "
    "OR EXISTS (SELECT 1 FROM control_items item JOIN control_items other ON other.control_id = item.control_id "
    "JOIN decisions given ON given.flag_id = other.flag_id AND given.person_id = NEW.person_id "
    "AND given.supersedes IS NULL WHERE item.flag_id = NEW.flag_id))"
)
"""True where a control is of ground that its reader has judged before."""
SEEN: Final = ("picture_sha256", "overview_sha256", "served_at", "pictures_sha256", "shown_at", "revealed_at")
"""What a lease remembers of the screen of its reader."""

LEASES: Final = (
    *never_deleted(leases, "leases"),
    frozen(leases, "leases", but=("ended_at", "undone", *SEEN)),
    ends_once(leases, "ended_at", "leases"),
    *written_once(leases, SEEN, "what was on screen is written down once"),
    law(
        "leases",
        Change.UPDATE,
        "nothing is on screen that was not served",
        "(NEW.served_at IS NULL) <> (NEW.pictures_sha256 IS NULL) "
        "OR (NEW.served_at IS NOT NULL AND (NEW.picture_sha256 IS NULL OR NEW.overview_sha256 IS NULL)) "
        "OR (NEW.shown_at IS NOT NULL AND (NEW.served_at IS NULL OR NEW.shown_at < NEW.served_at))",
    ),
    law(
        "leases",
        Change.UPDATE,
        "the model's opinion is shown after one's own verdict, never before",
        "NEW.revealed_at IS NOT NULL AND OLD.revealed_at IS NULL AND NOT EXISTS (SELECT 1 FROM decisions given "
        "WHERE given.flag_id = NEW.flag_id AND given.person_id = NEW.person_id)",
    ),
    law(
        "leases",
        Change.INSERT,
        "only a reviewer of the district looks at a flag",
        f"NOT {has_role('NEW.person_id', 'reviewer')} OR NOT {in_district('NEW.person_id', 'NEW.flag_id')}",
    ),
    law(
        "leases",
        Change.INSERT,
        "nobody reviews a flight of their own",
        own_flight("NEW.person_id", "NEW.flag_id"),
    ),
    law("leases", Change.INSERT, "this reviewer has judged the flag already", f"{DECIDED} OR {KNOWN}"),
    law(
        "leases",
        Change.INSERT,
        "this flag waits for no reviewer",
        f"{STATUS} NOT IN ('unreviewed', 'in_review', 'disputed')",
    ),
)

DECISIONS: Final = (
    *never_deleted(decisions, "decisions"),
    frozen(decisions, "decisions"),
    law(
        "decisions",
        Change.INSERT,
        "only a reviewer of the district decides",
        f"NOT {has_role('NEW.person_id', 'reviewer')} OR NOT {in_district('NEW.person_id', 'NEW.flag_id')}",
    ),
    law(
        "decisions",
        Change.INSERT,
        "only somebody who is signed in decides",
        "NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = NEW.session_id AND s.person_id = NEW.person_id "
        "AND s.ended_at IS NULL AND s.started_at <= NEW.decided_at AND s.expires_at > NEW.decided_at)",
    ),
    law(
        "decisions",
        Change.INSERT,
        "nobody decides on a flight of their own",
        own_flight("NEW.person_id", "NEW.flag_id"),
    ),
    law(
        "decisions",
        Change.INSERT,
        "a decision needs its leaf in the ledger",
        f"NEW.leaf IS DISTINCT FROM {NEWEST} OR NOT "
        + newest_leaf("NEW.id", "decision", more="AND leaf.person_id = NEW.person_id AND leaf.at = NEW.decided_at"),
    ),
    law(
        "decisions",
        Change.INSERT,
        "this reviewer has judged the flag already",
        f"NEW.supersedes IS NULL AND {DECIDED}",
    ),
    law(
        "decisions",
        Change.INSERT,
        "this flag waits for no reviewer",
        f"NEW.supersedes IS NULL AND {STATUS} NOT IN ('unreviewed', 'in_review', 'disputed')",
    ),
    law(
        "decisions",
        Change.INSERT,
        "only a flag that was offered, and not too long ago, is decided on",
        "NEW.supersedes IS NULL AND NOT EXISTS (SELECT 1 FROM leases held WHERE held.flag_id = NEW.flag_id "
        "AND held.person_id = NEW.person_id AND held.ended_at IS NULL "
        "AND held.leased_at <= NEW.decided_at AND held.expires_at > NEW.decided_at)",
    ),
    law(
        "decisions",
        Change.INSERT,
        "a verdict is on evidence that was on the reader's screen",
        "NOT EXISTS (SELECT 1 FROM leases held WHERE held.flag_id = NEW.flag_id AND held.person_id = NEW.person_id "
        "AND held.shown_at <= NEW.decided_at AND held.pictures_sha256 = NEW.pictures_sha256)",
    ),
    law(
        "decisions",
        Change.INSERT,
        "a verdict stands once the model's opinion was seen",
        "NEW.supersedes IS NOT NULL AND EXISTS (SELECT 1 FROM leases held WHERE held.flag_id = NEW.flag_id "
        "AND held.person_id = NEW.person_id AND held.revealed_at IS NOT NULL)",
    ),
    law(
        "decisions",
        Change.INSERT,
        "readers of a flag are counted from 1",
        "NEW.supersedes IS NULL AND NEW.reader IS DISTINCT FROM "
        "(SELECT COUNT(*) + 1 FROM verdicts_in_force v WHERE v.flag_id = NEW.flag_id)",
    ),
    law(
        "decisions",
        Change.INSERT,
        "a correction is of one's own verdict in force on the same flag",
        "NEW.supersedes IS NOT NULL AND (NEW.supersedes = NEW.id OR NOT EXISTS (SELECT 1 FROM decisions given "
        "WHERE given.id = NEW.supersedes AND given.flag_id = NEW.flag_id AND given.person_id = NEW.person_id "
        "AND given.reader = NEW.reader "
        "AND NOT EXISTS (SELECT 1 FROM decisions later WHERE later.supersedes = given.id)))",
    ),
    law(
        "decisions",
        Change.INSERT,
        "a verdict is corrected before a visit is planned, not after",
        f"NEW.supersedes IS NOT NULL AND {STATUS} NOT IN ('in_review', 'disputed', 'rejected', 'confirmed')",
    ),
)

REDRAWN: Final = (
    *never_deleted(redrawn_outlines, "outlines"),
    frozen(redrawn_outlines, "outlines"),
    law(
        "redrawn_outlines",
        Change.INSERT,
        "an outline is drawn with a verdict, never after it",
        "NOT EXISTS (SELECT 1 FROM decisions given WHERE given.id = NEW.decision_id "
        f"AND given.outline_sha256 IS NOT NULL AND given.leaf = {NEWEST})",
    ),
)

CONTROLS: Final = (
    *never_deleted(controls, "controls"),
    frozen(controls, "controls", but=("retired_at",)),
    ends_once(controls, "retired_at", "controls"),
    law(
        "controls",
        Change.INSERT,
        "only a manager of the district adds controls",
        f"NOT {has_role('NEW.added_by', 'manager')} OR NOT EXISTS (SELECT 1 FROM flights trip "
        "JOIN person_districts held ON held.district_id = trip.district_id "
        "WHERE trip.id = NEW.flight_id AND held.person_id = NEW.added_by)",
    ),
    law(
        "controls",
        Change.INSERT,
        "a control needs its leaf in the ledger",
        "NOT "
        + newest_leaf("NEW.id", "control.added", more="AND COALESCE(leaf.person_id, '') = COALESCE(NEW.added_by, '')"),
    ),
    law(
        "controls",
        Change.UPDATE,
        "retiring a control needs its leaf in the ledger",
        "NEW.retired_at IS NOT NULL AND OLD.retired_at IS NULL AND NOT " + newest_leaf("NEW.id", "control.retired"),
    ),
    *never_deleted(control_items, "control items"),
    frozen(control_items, "control items"),
    law(
        "control_items",
        Change.INSERT,
        "a control item is a flag put there for it",
        "NOT EXISTS (SELECT 1 FROM flags what JOIN controls ground ON ground.id = NEW.control_id "
        "WHERE what.id = NEW.flag_id AND what.origin = 'control' AND what.flight_id = ground.flight_id)",
    ),
    *never_deleted(audit_items, "audit items"),
    frozen(audit_items, "audit items"),
    law(
        "audit_items",
        Change.INSERT,
        "an audit item is a flag put there for it",
        "NOT EXISTS (SELECT 1 FROM flags what WHERE what.id = NEW.flag_id AND what.origin = 'audit')",
    ),
)

STOPS: Final = (
    *never_deleted(stops, "turns of the stop switch"),
    frozen(stops, "turns of the stop switch"),
    law(
        "stops",
        Change.INSERT,
        "turns of the stop switch are counted from 1",
        "NEW.number IS DISTINCT FROM (SELECT COUNT(*) + 1 FROM stops)",
    ),
    law(
        "stops",
        Change.INSERT,
        "a manager or an administrator turns the stop switch",
        f"NOT {has_role('NEW.person_id', 'manager', 'administrator')}",
    ),
    law(
        "stops",
        Change.INSERT,
        "a turn of the stop switch needs its leaf in the ledger",
        "NOT " + newest_leaf("'stop'", "stop", more="AND leaf.person_id = NEW.person_id"),
    ),
)

CONSEQUENCES: Final = (
    Consequence(table="leases", change=Change.INSERT, statement=follow("NEW.flag_id")),
    Consequence(table="decisions", change=Change.INSERT, statement=follow("NEW.flag_id")),
    Consequence(table="visits", change=Change.INSERT, statement=follow("NEW.flag_id")),
    Consequence(table="visits", change=Change.UPDATE, statement=follow("NEW.flag_id")),
)
