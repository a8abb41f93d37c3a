"""Audit: is the ledger whole, does it match what was signed, and do the tables say what the ledger says?

Finds a leaf that was edited, deleted or moved, a ledger that was cut off or rolled back, and rows that were changed
behind the back of the laws. What it cannot see is what was written after the last checkpoint and then rewritten as a
whole by somebody who has the signing key or before any checkpoint left the server.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from pipeline.store.audit_of_airspace import changed_zones
from pipeline.store.audit_of_statements import astray
from pipeline.store.checkpoints import Checkpoint, HashTree, stored_checkpoints
from pipeline.store.decisions import leaf_body, outlines_sha256
from pipeline.store.files import Files
from pipeline.store.key import entry_body
from pipeline.store.laws import missing_laws
from pipeline.store.ledger import Kind, Leaf, leaves
from pipeline.store.registry import model_body, promotion_body
from pipeline.store.tables import (
    decisions,
    flights,
    key_entries,
    models,
    people,
    person_districts,
    person_roles,
    promotions,
    redrawn_outlines,
    uploads,
    visit_details,
    visits,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found: how much there is, and a sentence for each thing that is wrong."""

    leaves: int
    checkpoints: int
    wrong: tuple[str, ...]


def audit(
    connection: Connection,
    exported: Checkpoint | None = None,
    *,
    public_key: str | None = None,
    files: Files | None = None,
) -> Audit:
    """Look at everything. ``exported`` is a checkpoint that was kept elsewhere; ``public_key`` the one of this server.

    Statements that were issued are read again where ``files`` says where they lie. Without an exported checkpoint
    nobody can tell a whole old backup from the present.
    """
    all_leaves = tuple(leaves(connection))
    signed = stored_checkpoints(connection)
    wrong = [
        *_chain(all_leaves),
        *_signed(all_leaves, signed, "a stored checkpoint", public_key),
        *(_signed(all_leaves, (exported,), "the exported checkpoint", public_key) if exported else ()),
        *_decisions(connection, all_leaves),
        *_outlines(connection),
        *_visits(connection, all_leaves),
        *_people(connection, all_leaves),
        *_flights(connection, all_leaves),
        *_originals(connection, all_leaves),
        *_flags(connection),
        *_models(connection, all_leaves),
        *_key(connection, all_leaves),
        *changed_zones(connection, all_leaves),
        *astray(all_leaves, files),
        *(f"the law {name} is missing or was changed: run plotwatch db migrate" for name in missing_laws(connection)),
    ]
    return Audit(leaves=len(all_leaves), checkpoints=len(signed), wrong=tuple(wrong))


def _chain(all_leaves: Iterable[Leaf]) -> Iterator[str]:
    """Positions without a gap, time that does not run backwards, hashes of what is there."""
    before: Leaf | None = None
    for expected, leaf in enumerate(all_leaves, start=1):
        if leaf.position != expected:
            yield f"leaf {expected} is missing: the next one is {leaf.position}"
            return
        if leaf.hash != leaf.rightful_hash:
            yield f"leaf {leaf.position} was edited or moved: its hash is another one"
        if before is not None and leaf.at < before.at:
            yield f"leaf {leaf.position} is older than the one before it"
        before = leaf


def _signed(
    all_leaves: tuple[Leaf, ...], signed: Iterable[Checkpoint], which: str, public_key: str | None
) -> Iterator[str]:
    """What was signed is there, and is what was signed."""
    tree = HashTree([bytes.fromhex(leaf.rightful_hash) for leaf in all_leaves])
    for checkpoint in signed:
        where = f"{which} of {checkpoint.leaves} leaves"
        if not checkpoint.is_genuine:
            yield f"{where} was changed after it was signed"
        elif public_key is not None and checkpoint.public_key != public_key:
            yield f"{where} was signed by another key than this server's"
        if checkpoint.leaves > len(all_leaves):
            yield f"{where} speaks of more than the {len(all_leaves)} that are here: cut off, or an old backup"
        elif tree.root_at(checkpoint.leaves) != checkpoint.root:
            yield f"{where} does not match: one of the leaves up to it was changed"


def _decisions(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each decision says what its leaf says, and no decision is gone."""
    told = {leaf.position: leaf for leaf in all_leaves if leaf.kind == Kind.DECISION}
    for row in connection.execute(select(decisions)).mappings():
        leaf = told.pop(row["leaf"], None)
        if leaf is None:
            yield f"decision {row['id']} has no leaf"
        elif (leaf.subject, leaf.person, leaf.at) != (row["id"], row["person_id"], row["decided_at"]) or (
            leaf.said != leaf_body(row)
        ):
            yield f"decision {row['id']} is not what leaf {leaf.position} says"
    yield from (f"decision {leaf.subject} of leaf {leaf.position} is gone" for leaf in told.values())


def _outlines(connection: Connection) -> Iterator[str]:
    """What readers drew is what their decisions, and so the leaves, name."""
    drawn: dict[str, list[bytes]] = {}
    rows = select(redrawn_outlines).order_by(redrawn_outlines.c.decision_id, redrawn_outlines.c.part)
    for row in connection.execute(rows):
        drawn.setdefault(row.decision_id, []).append(row.outline)
    for row in connection.execute(select(decisions.c.id, decisions.c.outline_sha256)):
        if outlines_sha256(drawn.pop(row.id, [])) != row.outline_sha256:
            yield f"the outline of decision {row.id} is not the one that was drawn"


def _visits(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each release and each finding is what its leaf says, and none is gone."""
    released = {leaf.subject: leaf for leaf in all_leaves if leaf.kind == Kind.RELEASE}
    found = {leaf.subject: _told(leaf.said) for leaf in all_leaves if leaf.kind == Kind.FINDING}
    beside = {row["visit_id"]: row for row in connection.execute(select(visit_details)).mappings()}
    for row in connection.execute(select(visits)).mappings():
        leaf = released.pop(row["id"], None)
        if leaf is None or leaf.said.get("flag") != row["flag_id"] or leaf.person != row["planned_by"]:
            yield f"visit {row['id']} is not what the ledger says"
        if _told({**row, **beside.get(row["id"], {})}) != found.get(row["id"], _told({})):
            yield f"what was found at visit {row['id']} is not what the ledger says"
    yield from (f"visit {visit} is gone" for visit in released)


def _told(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    """What can be compared of a finding in a row and in a leaf; a visit that found nothing yet has no note."""
    rest = tuple(finding.get(name) for name in ("outcome", "accuracy_m", "photograph_sha256"))
    return (*rest, *(finding.get(name) or "" for name in ("note", "look_alike")))


def _people(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Roles and districts of each person are those that the ledger gave last."""
    given: dict[str, dict[str, Any]] = {}
    for leaf in all_leaves:
        if leaf.kind in {Kind.PERSON_ADDED, Kind.PERSON_CHANGED}:
            given[leaf.subject] = given.get(leaf.subject, {}) | leaf.said
    roles = _gathered(connection, select(person_roles.c.person_id, person_roles.c.role))
    districts = _gathered(connection, select(person_districts.c.person_id, person_districts.c.district_id))
    for row in connection.execute(select(people.c.id, people.c.name)):
        said = given.pop(row.id, {})
        if said.get("roles", []) != roles.get(row.id, []) or said.get("districts", []) != districts.get(row.id, []):
            yield f"the roles or districts of {row.name} are not what the ledger says"
    yield from (f"the person {said.get('name')} is gone" for said in given.values())


def _flights(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each flight stands where the ledger left it."""
    stood: dict[str, Any] = {}
    for leaf in all_leaves:
        if leaf.kind == Kind.FLIGHT_RECEIVED:
            stood[leaf.subject] = leaf.said.get("state")
        elif leaf.kind == Kind.FLIGHT_MOVED:
            stood[leaf.subject] = leaf.said.get("to")
    for row in connection.execute(select(flights.c.id, flights.c.state)):
        if stood.pop(row.id, None) != row.state:
            yield f"flight {row.id} does not stand where the ledger left it"
    yield from (f"flight {flight} is gone" for flight in stood)


def _originals(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each flight is of the bytes that were handed in."""
    hashes = _gathered(
        connection, select(uploads.c.flight_id, uploads.c.sha256).where(uploads.c.flight_id.is_not(None))
    )
    for leaf in all_leaves:
        if leaf.kind == Kind.ORIGINAL_KEPT and leaf.said.get("original_sha256") not in hashes.get(leaf.subject, []):
            yield f"the original of flight {leaf.subject} is not the one that was handed in"


def _flags(connection: Connection) -> Iterator[str]:
    """Each flag stands where decisions and visits put it."""
    elsewhere = text(
        "SELECT flags.id FROM flags JOIN flag_standings standing ON standing.flag_id = flags.id "
        "WHERE flags.status <> standing.status ORDER BY flags.id"
    )
    for flag in connection.execute(elsewhere).scalars():
        yield f"flag {flag} does not stand where decisions and visits put it"


def _models(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each model and each promotion is what its leaf says, none is gone, and the champion is who was promoted last."""
    added = {leaf.position: leaf for leaf in all_leaves if leaf.kind == Kind.MODEL_ADDED}
    signed = {leaf.position: leaf for leaf in all_leaves if leaf.kind in {Kind.MODEL_PROMOTED, Kind.MODEL_ROLLED_BACK}}
    held = {row["id"]: row for row in connection.execute(select(models)).mappings()}
    for row in held.values():
        leaf = added.pop(row["leaf"], None)
        if leaf is None or leaf.subject != row["id"] or leaf.said != model_body(row):
            yield f"the model {row['name']} is not what the ledger says"
    for row in connection.execute(select(promotions)).mappings():
        leaf, model = signed.pop(row["leaf"], None), held.get(row["model_id"])
        said = None if leaf is None else (leaf.subject, leaf.person, leaf.at)
        if leaf is None or model is None or said != (row["model_id"], row["person_id"], row["at"]):
            yield f"promotion {row['number']} is not what the ledger says"
        elif leaf.said != promotion_body(row, model):
            yield f"promotion {row['number']} is not what was signed"
    yield from (f"the model {leaf.said.get('name')} is gone" for leaf in added.values())
    yield from (f"promotion {leaf.said.get('number')} is gone" for leaf in signed.values())
    elsewhere = text(
        "SELECT models.name FROM models JOIN model_standings standing ON standing.model_id = models.id "
        "WHERE models.state <> standing.state ORDER BY models.name"
    )
    for name in connection.execute(elsewhere).scalars():
        yield f"the model {name} does not stand where promotions put it"


def _key(connection: Connection, all_leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """Each version of the interpretation key is what its leaf says, and none is gone."""
    told = {leaf.position: leaf for leaf in all_leaves if leaf.kind == Kind.KEY_CHANGED}
    for row in connection.execute(select(key_entries)).mappings():
        leaf = told.pop(row["leaf"], None)
        said = None if leaf is None else (leaf.subject, leaf.person, leaf.at)
        if leaf is None or said != (row["id"], row["person_id"], row["at"]) or leaf.said != entry_body(row):
            yield f"version {row['version']} of {row['id']} in the interpretation key is not what the ledger says"
    for leaf in told.values():
        yield f"version {leaf.said.get('version')} of {leaf.subject} in the interpretation key is gone"


def _gathered(connection: Connection, chosen: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for person, value in connection.execute(chosen):
        found.setdefault(person, []).append(value)
    return {person: sorted(values) for person, values in found.items()}
