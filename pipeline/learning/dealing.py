"""Which flight plays which role: dealt once, by its id, and for good.

Flights over the same ground stay together. A flight takes the role of the ground that was dealt before it, in the order
of first scans; so nothing that comes later moves what was dealt, and what is held out stays held out over the years.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.geometry import Extent
from pipeline.learning.sources import Role

SHARES: Final = ((Role.TRAIN, 0.55), (Role.CALIBRATE, 0.15), (Role.VALIDATE, 0.15), (Role.TEST, 0.15))
"""Of the grounds of a bureau; ``test`` is held out, to compare models on."""
NEAR_DEGREES: Final = 0.0003
"""About 30 m: flights nearer than this share ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """A flight and its role; None where it lies over ground of two roles and can play none."""

    flight: str
    role: Role | None


def deal(flights: Sequence[tuple[str, Extent]]) -> tuple[Dealt, ...]:
    """The role of each flight; ``flights`` are ids and boxes in degrees in the order of first scans."""
    dealt: list[tuple[Dealt, Extent]] = []
    for flight, extent in flights:
        roles = {before.role for before, ground in dealt if before.role is not None and _near(extent, ground)}
        role = role_by_id(flight) if not roles else next(iter(roles)) if len(roles) == 1 else None
        dealt.append((Dealt(flight=flight, role=role), extent))
    return tuple(one for one, _ in dealt)


def role_by_id(flight: str) -> Role:
    """The role of a flight over ground that nobody flew before."""
    lot = int(hashlib.sha256(f"role of {flight}".encode()).hexdigest()[:8], 16) / 2**32
    for role, share in SHARES:
        if lot < share:
            return role
        lot -= share
    return Role.TEST


def _near(first: Extent, second: Extent) -> bool:
    return (
        first.west - NEAR_DEGREES <= second.east
        and second.west - NEAR_DEGREES <= first.east
        and first.south - NEAR_DEGREES <= second.north
        and second.south - NEAR_DEGREES <= first.north
    )
