"""Proofs: that a leaf is in the ledger of a signed checkpoint, for whoever has neither the ledger nor this server.

    {"version": 1, "leaf": "[20,...]", "position": 20, "path": ["...", ...], "checkpoint": {"leaves": 21, ...}}

``leaf`` is the text that was hashed (``ledger.Leaf.content``), ``path`` the audit path of RFC 9162 (2.1.3.1) in
hexadecimal, from the leaf to the root that ``checkpoint`` signs. To check it: hash a zero byte and the leaf, fold in
the path (2.1.3.2), compare with the root, and check the signature; ``workflow.verify_statement`` does.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from pipeline.errors import NotFoundError
from pipeline.store.checkpoints import Checkpoint, HashTree
from pipeline.store.ledger import leaves

VERSION: Final = 1


def prove(connection: Connection, position: int, checkpoint: Checkpoint) -> dict[str, Any]:
    """The proof that the leaf at ``position`` is among those of ``checkpoint``.

    Raises:
        NotFoundError: There is no such leaf in it.
    """
    held = [leaf for leaf in leaves(connection) if leaf.position <= checkpoint.leaves]
    if not 1 <= position <= len(held):
        raise NotFoundError("no signed checkpoint covers this statement; sign one with: plotwatch audit checkpoint")
    path = _path([bytes.fromhex(leaf.rightful_hash) for leaf in held], position - 1)
    return {
        "version": VERSION,
        "leaf": held[position - 1].content.decode(),
        "position": position,
        "path": [one.hex() for one in path],
        "checkpoint": json.loads(checkpoint.to_json()),
    }


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of a tree of ``size`` leaves, by the hash of the one at ``index`` (from 0) and its audit path.

    Raises:
        ValueError: A leaf there has a path of another length.
    """
    if size == 1 and not path and index == 0:
        return leaf
    if size <= 1 or not path or not 0 <= index < size:
        raise ValueError(f"no leaf {index} of {size} has a path of {len(path)}")
    half = _half(size)
    *below, beside = path
    if index < half:
        return _node(root_from(leaf, index, half, below), beside)
    return _node(beside, root_from(leaf, index - half, size - half, below))


def _path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from a leaf to the root, nearest first (RFC 9162, 2.1.3.1)."""
    if len(hashes) == 1:
        return []
    half = _half(len(hashes))
    if index < half:
        return [*_path(hashes[:half], index), _root(hashes[half:])]
    return [*_path(hashes[half:], index - half), _root(hashes[:half])]


def _half(size: int) -> int:
    """The largest power of two below ``size``, where a tree is divided (RFC 9162, 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _root(hashes: Sequence[bytes]) -> bytes:
    return bytes.fromhex(HashTree(hashes).root_at(len(hashes)))
