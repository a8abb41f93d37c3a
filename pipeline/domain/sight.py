"""Sight: which flags of a flight a person may see on its map, and what may be said of them there.

Nothing says what a reviewer decided while others still have to decide, nobody is shown a score, and field teams see
nothing that was not confirmed. Who only reads flags sees none on maps: comparing them with the queue would tell which
items are controls or audited ground. What became of a plot since an earlier flight is for those who see all flags; to
whoever also reads flags nothing is said of it while verdicts on it may still be given, their own among them.
"""

from collections.abc import Iterable
from typing import Final

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import Role

UNDECIDED: Final = frozenset({FlagStatus.UNREVIEWED, FlagStatus.IN_REVIEW, FlagStatus.DISPUTED})
SEES_ALL: Final = frozenset({Role.SURVEYOR, Role.MANAGER})
RELEASED: Final = frozenset(FlagStatus) - UNDECIDED - {FlagStatus.REJECTED}


def may_see(roles: Iterable[Role], status: FlagStatus) -> bool:
    """Whether somebody of these roles sees a flag of this status on the map of its flight."""
    held = frozenset(roles)
    return bool(held & SEES_ALL) or (Role.FIELD in held and status in RELEASED)


def may_compare(roles: Iterable[Role], statuses: Iterable[FlagStatus] = ()) -> bool:
    """Whether somebody of these roles is told what became of a plot whose flags have these statuses."""
    held = frozenset(roles)
    return bool(held & SEES_ALL) and (Role.REVIEWER not in held or not UNDECIDED & frozenset(statuses))


def told(status: FlagStatus) -> FlagStatus:
    """What is said of the status: a dispute would tell the third reader that the first two disagree."""
    return FlagStatus.IN_REVIEW if status is FlagStatus.DISPUTED else status
