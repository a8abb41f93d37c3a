"""Verify: is a file the statement that was issued and signed? Asks neither the server nor its record.

What it cannot tell is whose a key is, unless the key is named by whoever asks, and what was done since: a statement
that was withdrawn later verifies as before.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConflictError, InvalidInputError
from pipeline.store.checkpoints import VERSION as OF_CHECKPOINTS
from pipeline.store.checkpoints import Checkpoint, checkpoint_from, read_checkpoint
from pipeline.store.columns import utc_time
from pipeline.store.ledger import Kind
from pipeline.store.proofs import VERSION, root_from

MOST_OF_A_STATEMENT: Final = 64 * 1024 * 1024
"""Bytes. A district of 10,000 flights says less than a tenth of it."""
MOST_OF_A_PROOF: Final = 1024 * 1024
HASH: Final = re.compile(r"[0-9a-f]{64}")
FROM_A_PDF: Final = "save the two files that are attached to it, and verify those"
"""No library that comes with the base install takes attachments out of a PDF; every PDF viewer does."""
BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading something of another shape raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof as it was read; nothing of it is checked yet."""

    leaf: bytes
    position: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a proved leaf says of the statement that was issued."""

    sha256: str
    area: str | None
    first: str
    last: str
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A statement that is the one that was issued: what its leaf tells, and the checkpoint that covers that.

    ``district`` is the name in the file; ``key_was_named`` where whoever asked knew the key, and it is that one.
    """

    told: Told
    district: str
    position: int
    checkpoint: Checkpoint
    key_was_named: bool


def verify_statement(statement: Path, proof: Path, *, key: str | None = None) -> Verified:
    """See that the file is the one that a leaf names, and that the leaf is in a ledger that was signed.

    Args:
        statement: The JSON file of the statement.
        proof: Its ``proof.json``.
        key: The public key that must have signed; None takes whichever the proof names.

    Raises:
        InvalidInputError: A file is missing, too large or of another kind.
        ConflictError: Something was changed, is of another statement, or was signed by another key.
    """
    given = read_proof(proof)
    told = _told(given, proof.name)
    _must_be_signed(given, proof.name, key)
    content = _read(statement, MOST_OF_A_STATEMENT)
    if content.startswith(b"%PDF-"):
        raise InvalidInputError(f"{statement.name} is a PDF: {FROM_A_PDF}")
    if hashlib.sha256(content).hexdigest() != told.sha256:
        raise ConflictError(f"{_why_another(content, statement.name)}, so its sha256 is not the one in {proof.name}")
    return Verified(
        told=told,
        district=_district(_as_json(content, statement.name)),
        position=given.position,
        checkpoint=given.checkpoint,
        key_was_named=key is not None,
    )


def read_proof(path: Path) -> Proof:
    """A proof that ``store.proofs`` wrote.

    Raises:
        InvalidInputError: It is missing, too large, or none.
    """
    said = _as_json(_read(path, MOST_OF_A_PROOF), path.name)
    if said.get("version") != VERSION:
        raise InvalidInputError(f"{path.name} is a proof of another version than {VERSION}, which this software knows")
    try:
        if said["checkpoint"]["version"] != OF_CHECKPOINTS or not all(map(HASH.fullmatch, said["path"])):
            raise InvalidInputError(f"{path.name} is no proof of a statement")
        return Proof(
            leaf=said["leaf"].encode(),
            position=int(said["position"]),
            path=tuple(map(bytes.fromhex, said["path"])),
            checkpoint=checkpoint_from(said["checkpoint"]),
        )
    except BROKEN as error:
        raise InvalidInputError(
            f"{path.name} is no proof of a statement; download it where the statement was issued"
        ) from error


def known_key(said: str) -> str:
    """A public key as somebody names it: 64 hexadecimal digits, a file of them, or an exported checkpoint.

    Raises:
        InvalidInputError: It is none of these.
    """
    if HASH.fullmatch(said.strip().lower()):
        return said.strip().lower()
    path = Path(said)
    written = _read(path, MOST_OF_A_PROOF).decode(errors="replace").strip().lower()
    return written if HASH.fullmatch(written) else read_checkpoint(path).public_key


def _told(proof: Proof, name: str) -> Told:
    """What the leaf of a proof says, which is not proved yet."""
    try:
        position, at, kind, _, _, body = json.loads(proof.leaf, object_pairs_hook=_once)
        if kind != Kind.STATEMENT_ISSUED:
            raise ConflictError(f"{name} proves something else than that a statement was issued")
        said = json.loads(body, object_pairs_hook=_once)
        told = Told(
            sha256=said["sha256"], area=said["area"], first=said["from"], last=said["to"], issued_at=utc_time(at)
        )
    except BROKEN as error:
        raise ConflictError(f"{name} was changed: its leaf cannot be read") from error
    if position != proof.position:
        raise ConflictError(f"{name} was changed: its leaf stands at another position than it says")
    return told


def _must_be_signed(proof: Proof, name: str, key: str | None) -> None:
    """See that the leaf leads to the root, and that the key signed that."""
    signed = proof.checkpoint
    leaf = hashlib.sha256(b"\x00" + proof.leaf).digest()
    try:
        root = root_from(leaf, proof.position - 1, signed.leaves, proof.path).hex()
    except (ValueError, RecursionError):
        root = ""
    if root != signed.root:
        raise ConflictError(f"{name} was changed: its leaf and path do not lead to the root that was signed")
    if not signed.is_genuine:
        raise ConflictError(f"{name} was changed: the signature is not of this root by the key that it names")
    if key is not None and signed.public_key != key:
        raise ConflictError(f"{name} was signed by another key than yours: by {signed.public_key}")


def _district(said: Mapping[str, Any]) -> str:
    coverage = said.get("coverage")
    return str(coverage.get("district", "")) if isinstance(coverage, dict) else ""


def _why_another(content: bytes, name: str) -> str:
    """What can be told of a file that is not the one that was issued."""
    text = content.strip()
    if not text.startswith(b"{"):
        return f"{name} is no statement, which begins as JSON does"
    if not text.endswith(b"}"):
        return f"{name} ends too early: it was cut off"
    return f"{name} was changed, or belongs to another proof"


def _as_json(content: bytes, name: str) -> Mapping[str, Any]:
    try:
        said = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = "ends too early" if content.strip()[:1] == b"{" and content.strip()[-1:] != b"}" else "is not JSON"
        raise InvalidInputError(f"{name} {why}; download it once more") from error
    if not isinstance(said, dict):
        raise InvalidInputError(f"{name} is JSON, but neither a statement nor a proof")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which nothing is said twice: of two readers each could believe another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _read(path: Path, most: int) -> bytes:
    """A file of at most so many bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InvalidInputError(f"{path.name} cannot be read; name a file that is there") from error
    if len(content) > most:
        raise InvalidInputError(
            f"{path.name} has more than {most // 1024**2} MB: it is neither a statement nor a proof"
        )
    return content
