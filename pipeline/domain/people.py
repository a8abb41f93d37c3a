"""People who work with the survey: what each may do, and in which districts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from pipeline.errors import NotAllowedError, NotFoundError

PersonId = NewType("PersonId", str)
DistrictId = NewType("DistrictId", str)


class Role(StrEnum):
    """What a person is there for. A person may have several; none of them includes another."""

    SURVEYOR = "surveyor"
    """Flies, and uploads what was flown."""
    REVIEWER = "reviewer"
    """Gives verdicts on flags."""
    FIELD = "field"
    """Goes to see confirmed flags."""
    MANAGER = "manager"
    """Plans visits, watches backlog and coverage of the districts."""
    ADMINISTRATOR = "administrator"
    """Keeps people and districts. Sees no flight and decides nothing by this role."""


SEES_FLIGHTS = frozenset({Role.SURVEYOR, Role.REVIEWER, Role.FIELD, Role.MANAGER})
"""Roles that open the flights of one's districts."""
COUNTS_FLAGS = frozenset({Role.SURVEYOR, Role.FIELD, Role.MANAGER})
"""Roles that see flags on maps. Who only reads flags does not: it would tell which of them are no flags."""
TENDS_FLIGHTS = frozenset({Role.SURVEYOR, Role.MANAGER})
"""Roles that stop and retry the work on a flight of their districts."""


ONE_TIME_LASTS: Final = timedelta(days=7)
"""How long a password that somebody else made may wait for its first use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district: the unit by which access is given."""

    id: DistrictId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person with an account. ``name`` is what they sign in with.

    Somebody locked a ``locked`` person. Too many wrong passwords only pause sign-in, ``paused_until`` a time: whoever
    is signed in already goes on, or a stranger could keep them from work.

    ``one_time_since``: somebody else made their password then. It opens the door to choosing one of their own, and for
    ``ONE_TIME_LASTS`` only.
    """

    id: PersonId
    name: str
    roles: frozenset[Role] = frozenset()
    districts: frozenset[DistrictId] = frozenset()
    locked: bool = False
    paused_until: datetime | None = None
    one_time_since: datetime | None = None

    def has(self, role: Role) -> bool:
        """Whether the person has ``role`` and may use it now."""
        return role in self.roles and not self.locked

    @property
    def sees(self) -> frozenset[DistrictId]:
        """The districts whose flights exist for this person; none for an administrator by that role alone."""
        return self.districts if not self.locked and self.roles & SEES_FLIGHTS else frozenset()

    def must_see(self, district: DistrictId, what: str) -> None:
        """Treat what lies in a district that is not the person's as if it did not exist.

        Raises:
            NotFoundError: It is not theirs to see; the message is the one of an unknown id.
        """
        if district not in self.sees:
            raise NotFoundError(f"there is no {what}")

    def is_too_late(self, now: datetime) -> bool:
        """Whether the password that somebody else made for the person has waited too long."""
        return self.one_time_since is not None and self.one_time_since + ONE_TIME_LASTS <= now

    @property
    def counts_flags(self) -> bool:
        """Whether the person may know how many flags a flight has, and where: not by reading flags alone."""
        return not self.locked and bool(self.roles & COUNTS_FLAGS)

    @property
    def tends_flights(self) -> bool:
        """Whether the person may stop and retry the work on flights."""
        return not self.locked and bool(self.roles & TENDS_FLIGHTS)

    def must_tend_flights(self) -> None:
        """Refuse whoever may not.

        Raises:
            NotAllowedError: They may not.
        """
        if not self.tends_flights:
            raise NotAllowedError("only surveyors and managers stop or retry the work on a flight")
