"""Whoever has a proof and nothing else reckons the root that it leads to (RFC 9162, 2.1.3.2)."""

import hashlib
from collections.abc import Iterable


def root_by(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> str:
    """The root of a tree of ``size`` leaves by the hash of the one at ``index`` and the hashes beside its way."""
    found, at, last = leaf, index, size - 1
    for beside in path:
        assert last > 0
        if at % 2 or at == last:
            found = hashlib.sha256(b"\1" + beside + found).digest()
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            found = hashlib.sha256(b"\1" + found + beside).digest()
        at, last = at // 2, last // 2
    assert last == 0
    return found.hex()
