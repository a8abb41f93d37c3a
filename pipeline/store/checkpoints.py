"""Checkpoints: the root of the ledger at a size, signed (Ed25519). An exported one proves what was there by then.

    {"version": 1, "leaves": 1234, "root": "...", "signed_at": "...Z", "public_key": "...", "signature": "..."}

The signature covers the canonical JSON of the first four. Keep exported checkpoints where whoever runs this server
cannot reach them: what was written after the last one that is kept elsewhere is proved by nothing.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pymerkle.core import BaseMerkleTree
from sqlalchemy import Connection, func, insert, select

from pipeline.errors import InvalidInputError
from pipeline.store.columns import utc_text, utc_time
from pipeline.store.ledger import leaves
from pipeline.store.tables import checkpoints, ledger

VERSION: Final = 1


class HashTree(BaseMerkleTree):  # type: ignore[misc]  # pymerkle ships no types
    """A Merkle tree (RFC 9162, 2.1) over leaf hashes that are there already, in order."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        super().__init__("sha256", disable_cache=True)
        self._hashes = hashes

    def root_at(self, leaves_counted: int) -> str:
        """The root over the first leaves, in hexadecimal."""
        return bytes(self.get_root(leaves_counted)).hex()

    def _encode_entry(self, data: bytes) -> bytes:
        return data

    def _store_leaf(self, data: bytes, digest: bytes) -> int:
        raise NotImplementedError("leaves are appended by store.ledger")

    def _get_leaf(self, index: int) -> bytes:
        return self._hashes[index - 1]

    def _get_leaves(self, offset: int, width: int) -> Iterable[bytes]:
        return self._hashes[offset : offset + width]

    def _get_size(self) -> int:
        return len(self._hashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement: with so many leaves the ledger had this root."""

    leaves: int
    root: str
    signed_at: datetime
    public_key: str
    signature: str = ""

    @property
    def content(self) -> bytes:
        """The bytes that are signed."""
        what = {"version": VERSION, "leaves": self.leaves, "root": self.root, "signed_at": utc_text(self.signed_at)}
        return json.dumps(what, sort_keys=True, separators=(",", ":")).encode()

    @property
    def is_genuine(self) -> bool:
        """Whether the signature is that of the key it names."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), self.content)
        except (InvalidSignature, ValueError):
            return False
        return True

    def to_json(self) -> str:
        """The checkpoint as it is exported."""
        said = json.loads(self.content) | {"public_key": self.public_key, "signature": self.signature}
        return json.dumps(said, indent=2) + "\n"


def read_checkpoint(path: Path) -> Checkpoint:
    """An exported checkpoint.

    Raises:
        InvalidInputError: It is none, or was changed after it was signed.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != VERSION:
            raise InvalidInputError(f"{path.name} is of version {said['version']}, this software knows {VERSION}")
        found = checkpoint_from(said)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path.name} is no checkpoint; make one with: plotwatch audit checkpoint") from error
    if not found.is_genuine:
        raise InvalidInputError(f"{path.name} was changed after it was signed; use another copy of it")
    return found


def checkpoint_from(said: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint that ``Checkpoint.to_json`` wrote; nothing says yet that it is genuine.

    Raises:
        KeyError: Something of it is missing.
        TypeError, ValueError: Something of it is of another kind.
    """
    return Checkpoint(
        leaves=int(said["leaves"]),
        root=str(said["root"]),
        signed_at=utc_time(said["signed_at"]),
        public_key=str(said["public_key"]),
        signature=str(said["signature"]),
    )


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs checkpoints, made on first use and readable by its owner alone.

    Raises:
        InvalidInputError: The file is there and is no such key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return key


def sign_checkpoint(connection: Connection, key: Ed25519PrivateKey, *, now: datetime) -> Checkpoint:
    """Sign the ledger as it is, unless its newest leaf is signed already; returns the newest checkpoint.

    Raises:
        InvalidInputError: The ledger is empty.
    """
    hashes = [bytes.fromhex(leaf.rightful_hash) for leaf in leaves(connection)]
    if not hashes:
        raise InvalidInputError("the ledger is empty: there is nothing to sign yet")
    held = stored_checkpoints(connection)
    if held and held[-1].leaves == len(hashes):
        return held[-1]
    public = key.public_key().public_bytes_raw().hex()
    unsigned = Checkpoint(
        leaves=len(hashes), root=HashTree(hashes).root_at(len(hashes)), signed_at=now, public_key=public
    )
    values: dict[str, Any] = {"leaves": unsigned.leaves, "root": unsigned.root, "signed_at": now, "public_key": public}
    connection.execute(insert(checkpoints).values(values | {"signature": key.sign(unsigned.content).hex()}))
    return stored_checkpoints(connection)[-1]


def is_checkpoint_due(connection: Connection, *, every: timedelta, now: datetime) -> bool:
    """Whether the ledger has grown since its last checkpoint, and that is older than ``every``."""
    last = connection.execute(select(checkpoints).order_by(checkpoints.c.leaves.desc()).limit(1)).mappings().first()
    grown = counted_leaves(connection) > (last["leaves"] if last else 0)
    return grown and (last is None or now - last["signed_at"] >= every)


def stored_checkpoints(connection: Connection) -> tuple[Checkpoint, ...]:
    """Every checkpoint that is stored, oldest first."""
    chosen = connection.execute(select(checkpoints).order_by(checkpoints.c.leaves)).mappings()
    return tuple(
        Checkpoint(
            leaves=row["leaves"],
            root=row["root"],
            signed_at=row["signed_at"],
            public_key=row["public_key"],
            signature=row["signature"],
        )
        for row in chosen
    )


def counted_leaves(connection: Connection) -> int:
    """How many leaves the ledger has."""
    return connection.execute(select(func.count()).select_from(ledger)).scalar_one()


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInputError(f"{path} cannot be read as the key that signs the ledger") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInputError(f"{path} is a key of another kind than Ed25519")
    return key
