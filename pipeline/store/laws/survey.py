"""Laws of people, flights, scans and the ledger."""

from typing import Final

from pipeline.domain.flight import ALLOWED, BEGINNINGS
from pipeline.store.laws.law import Change, Law, ends_once, frozen, never_deleted
from pipeline.store.tables import (
    api_tokens,
    checkpoints,
    districts,
    flights,
    ledger,
    orthomosaics,
    people,
    person_districts,
    person_roles,
    scans,
    sessions,
)

TIME: Final = "____-__-__T__:__:__.______Z"
NEWEST: Final = "(SELECT COALESCE(MAX(position), 0) FROM ledger)"


def newest_leaf(subject: str, *kinds: str, more: str = "") -> str:
    """True where the newest leaf of the ledger is about ``subject`` and of one of ``kinds``."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    wanted = f"leaf.position = {NEWEST} AND leaf.subject = {subject} AND leaf.kind IN ({listed}) {more}"
    return f"EXISTS (SELECT 1 FROM ledger leaf WHERE {wanted})"


def _beginnings() -> str:
    return ", ".join(f"'{state}'" for state in sorted(BEGINNINGS))


def _moves() -> str:
    return " OR ".join(
        f"(OLD.state = '{before}' AND NEW.state = '{after}')"
        for before, ways in ALLOWED.items()
        for after in sorted(ways)
    )


LEDGER: Final = (
    *never_deleted(ledger, "leaves of the ledger"),
    frozen(ledger, "leaves of the ledger"),
    Law(
        table="ledger",
        change=Change.INSERT,
        broken=f"NEW.position IS DISTINCT FROM {NEWEST} + 1",
        sentence="a leaf goes to the end of the ledger",
    ),
    Law(
        table="ledger",
        change=Change.INSERT,
        broken=f"NEW.at NOT LIKE '{TIME}' OR NEW.at < (SELECT MAX(leaf.at) FROM ledger leaf)",
        sentence="time never runs backwards in the ledger",
    ),
    *never_deleted(checkpoints, "checkpoints"),
    frozen(checkpoints, "checkpoints"),
    Law(
        table="checkpoints",
        change=Change.INSERT,
        broken=f"NEW.leaves > {NEWEST}",
        sentence="a checkpoint speaks of leaves that are there",
    ),
)

ACCOUNTS: Final = (
    *never_deleted(people, "people"),
    frozen(people, "names of people", but=("password_hash", "locked_at", "locked_until", "one_time_since")),
    Law(
        table="people",
        change=Change.UPDATE,
        broken=f"NOT {newest_leaf('NEW.id', 'person.changed', 'person.locked', 'person.unlocked')}",
        sentence="a change of a person needs its leaf in the ledger",
    ),
    Law(
        table="people",
        change=Change.INSERT,
        broken=f"NOT {newest_leaf('NEW.id', 'person.added')}",
        sentence="a new person needs a leaf in the ledger",
    ),
    *(
        Law(
            table=table.name,
            change=change,
            broken=f"NOT {newest_leaf(f'{row}.person_id', 'person.added', 'person.changed')}",
            sentence="a change of access needs its leaf in the ledger",
        )
        for table in (person_roles, person_districts)
        for change, row in ((Change.INSERT, "NEW"), (Change.DELETE, "OLD"))
    ),
    frozen(person_roles, "roles given"),
    frozen(person_districts, "districts given"),
    *never_deleted(districts, "districts"),
    *never_deleted(sessions, "sessions"),
    frozen(sessions, "sessions", but=("seen_at", "ended_at")),
    ends_once(sessions, "ended_at", "sessions"),
    *never_deleted(api_tokens, "tokens"),
    frozen(api_tokens, "tokens", but=("used_at", "revoked_at")),
    ends_once(api_tokens, "revoked_at", "tokens"),
)

FLIGHTS: Final = (
    *never_deleted(flights, "flights"),
    frozen(
        flights,
        "district, uploader and arrival of flights",
        but=set(flights.columns.keys()) - {"id", "district_id", "uploaded_by", "received_at"},
    ),
    Law(
        table="flights",
        change=Change.INSERT,
        broken=f"NEW.state NOT IN ({_beginnings()})",
        sentence="a flight begins as received or not flown",
    ),
    Law(
        table="flights",
        change=Change.UPDATE,
        broken=f"NEW.state <> OLD.state AND NOT ({_moves()})",
        sentence="the life of a flight does not allow this step",
    ),
    Law(
        table="flights",
        change=Change.UPDATE,
        broken=f"NEW.state <> OLD.state AND NOT {newest_leaf('NEW.id', 'flight.moved')}",
        sentence="a step of a flight needs its leaf in the ledger",
    ),
    *never_deleted(orthomosaics, "orthomosaics"),
    frozen(orthomosaics, "orthomosaics"),
    *never_deleted(scans, "scans"),
    frozen(scans, "scans"),
)
