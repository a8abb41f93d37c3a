"""Laws of the interpretation key."""

from typing import Final

from pipeline.store.laws.law import Change, Law, frozen, never_deleted
from pipeline.store.laws.review import has_role
from pipeline.store.laws.survey import newest_leaf
from pipeline.store.tables import key_entries, key_views

KEY: Final = (
    *never_deleted(key_entries, "entries of the key"),
    frozen(key_entries, "entries of the key"),
    Law(
        table="key_entries",
        change=Change.INSERT,
        broken=f"NOT {newest_leaf('NEW.id', 'key.changed', more='AND leaf.position = NEW.leaf')}",
        sentence="a change of the key needs its leaf in the ledger",
    ),
    Law(
        table="key_entries",
        change=Change.INSERT,
        broken=f"NOT {has_role('NEW.person_id', 'manager')}",
        sentence="only managers change the key",
    ),
    Law(
        table="key_entries",
        change=Change.INSERT,
        broken="NEW.version IS DISTINCT FROM "
        "(SELECT COALESCE(MAX(held.version), 0) FROM key_entries held WHERE held.id = NEW.id) + 1",
        sentence="versions of an entry of the key follow each other",
    ),
    *never_deleted(key_views, "views of the key"),
    frozen(key_views, "views of the key"),
)
