"""The identity of a file: the sha256 of its bytes."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The sha256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
