"""Audit of statements: do they lie there as they were issued, and was each that was withdrawn issued before, once?"""

import hashlib
from collections.abc import Iterable, Iterator

from pipeline.store.files import Files
from pipeline.store.ledger import Kind, Leaf


def astray(all_leaves: Iterable[Leaf], files: Files | None) -> Iterator[str]:
    """A sentence for each statement that is not as the ledger says; files are read where it is said where they lie."""
    district_of: dict[str, str] = {}
    withdrawn: set[str] = set()
    for leaf in all_leaves:
        sha256 = str(leaf.said.get("sha256"))
        if leaf.kind == Kind.STATEMENT_ISSUED:
            district_of[sha256] = leaf.subject
            yield from _unlike(leaf, sha256, files)
        elif leaf.kind == Kind.STATEMENT_WITHDRAWN:
            yield from _unfounded(leaf, sha256, district_of, withdrawn)
            withdrawn.add(sha256)


def _unlike(leaf: Leaf, sha256: str, files: Files | None) -> Iterator[str]:
    """A statement that does not lie there as it was issued; withdrawing it takes no file away."""
    if files is None:
        return
    path = files.root / "statements" / f"{sha256}.json"
    if not path.is_file():
        yield f"the statement of leaf {leaf.position} is gone"
    elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        yield f"the statement of leaf {leaf.position} is not the one that was issued"


def _unfounded(leaf: Leaf, sha256: str, district_of: dict[str, str], withdrawn: set[str]) -> Iterator[str]:
    """A withdrawal that was not made here: of what was not issued there, once more, or without a person or reason."""
    other = leaf.said.get("replaced_by")
    if district_of.get(sha256) != leaf.subject:
        yield f"leaf {leaf.position} withdraws a statement that was not issued before it in that district"
    elif sha256 in withdrawn:
        yield f"leaf {leaf.position} withdraws a statement that was withdrawn before"
    elif leaf.person is None or not leaf.said.get("reason"):
        yield f"leaf {leaf.position} withdraws a statement without a person or a reason"
    if other is not None and (other == sha256 or district_of.get(str(other)) != leaf.subject):
        yield f"leaf {leaf.position} replaces a statement by one that was not issued before it in that district"
