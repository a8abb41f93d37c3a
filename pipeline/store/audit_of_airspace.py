"""Audit of no-fly zones: each is what its leaf says, and none came or went without one."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from pipeline.store.ledger import Kind, Leaf
from pipeline.store.no_fly import fingerprint
from pipeline.store.tables import no_fly_zones


def changed_zones(connection: Connection, all_leaves: Iterable[Leaf]) -> Iterator[str]:
    """A sentence for each zone that is not as the ledger says."""
    told: dict[str, tuple[str, str]] = {}
    for leaf in all_leaves:
        if leaf.kind == Kind.NO_FLY_IMPORTED:
            told |= {zone: (leaf.subject, print_) for zone, print_ in leaf.said.get("zones", {}).items()}
        elif leaf.kind == Kind.NO_FLY_REMOVED:
            told.pop(leaf.subject, None)
    for row in connection.execute(select(no_fly_zones)).mappings():
        if told.pop(row["id"], None) != (row["district_id"], fingerprint(row)):
            yield f"the no-fly zone {row['name']} is not what the ledger says"
    yield from (f"the no-fly zone {zone} is gone" for zone in told)
