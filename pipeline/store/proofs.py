"""Proofs: that a leaf is in the ledger of a signed checkpoint, for whoever has neither the ledger nor this server.

    {"version": 1, "leaf": "[20,...]", "position": 20, "path": ["...", ...], "checkpoint": {"leaves": 21, ...}}

``leaf`` is the text that was hashed (``ledger.Leaf.content``), ``path`` the audit path of RFC 9162 (2.1.3.1) in
hexadecimal, from the leaf to the root that ``checkpoint`` signs. To check it: hash a zero byte and the leaf, fold in
the path (2.1.3.2), compare with the root, and check the signature.
"""

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


def _path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from a leaf to the root, nearest first (RFC 9162, 2.1.3.1)."""
    if len(hashes) == 1:
        return []
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    if index < half:
        return [*_path(hashes[:half], index), _root(hashes[half:])]
    return [*_path(hashes[half:], index - half), _root(hashes[:half])]


def _root(hashes: Sequence[bytes]) -> bytes:
    return bytes.fromhex(HashTree(hashes).root_at(len(hashes)))
