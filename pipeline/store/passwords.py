"""Passwords: argon2id, and what a new one must be."""

import secrets
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final, Self

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from pipeline.errors import InvalidInputError

SHORTEST: Final = 12
LONGEST: Final = 128
"""A longer one only costs time (OWASP ASVS 5.0, 6.2.9 asks for 64 at least)."""
READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1."""
AT_ONCE: Final = 4
"""Each takes 64 MiB for as long as it takes: a crowd at the door must not use up the memory of the server."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """Hashes and verifies. Make one a process: ``of_cost`` measures nothing but prepares a stand-in hash.

    Neither belongs into a transaction that writes: others would wait for it. At most ``AT_ONCE`` are done at a time.
    """

    hasher: PasswordHash
    nobodys: str
    room: BoundedSemaphore

    @classmethod
    def of_cost(cls, *, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> Self:
        """Argon2id of a cost; the defaults are those of RFC 9106, second recommended option. Tests use a cheap one."""
        hasher = PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism),))
        return cls(hasher, hasher.hash("nobody's password"), BoundedSemaphore(AT_ONCE))

    def hash(self, password: str) -> str:
        """The hash of a new password.

        Raises:
            InvalidInputError: It is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidInputError(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
        with self.room:
            return self.hasher.hash(password)

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether ``password`` is the one of ``hashed``. None, for nobody, takes as long and is never right."""
        if len(password) > LONGEST:
            return False
        try:
            with self.room:
                right = self.hasher.verify(password, hashed or self.nobodys)
        except UnknownHashError:
            return False
        return right and hashed is not None


def one_time_password() -> str:
    """A password to be read out and typed once: five groups of four letters and digits that nobody mistakes, 98 bit."""
    letters = "".join(secrets.choice(READABLE) for _ in range(20))
    return "-".join(letters[at : at + 4] for at in range(0, 20, 4))
