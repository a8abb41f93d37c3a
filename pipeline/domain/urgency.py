"""Urgency: in which order flags are put before readers. The model's score has no part in it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pipeline.domain.flag import FlagId
from pipeline.domain.people import DistrictId

WEEK: Final = timedelta(days=7)
DISPUTE_WEEKS: Final = 2.0
"""A dispute is as urgent as a flag that waits two weeks longer: two people have spent their time on it."""
SEASON_WEEKS: Final = 3.0
"""So is land that still stands as it was flown, weighed up to its harvest: afterwards nobody can go and see."""
BACKLOG_WEEKS: Final = 1.0
"""And land of a district that holds all of the backlog, or a share of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A flag that waits for a reader. ``passed_over`` is one that the reader has skipped a while ago."""

    flag: FlagId
    district: DistrictId
    raised_at: datetime
    flown_on: date | None
    disputed: bool
    passed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """The part of the year in which plants stand: both ends are (month, day), and it may run over the new year."""

    begins: tuple[int, int] = (4, 1)
    ends: tuple[int, int] = (10, 31)

    def stands(self, flown_on: date | None, today: date) -> bool:
        """Whether what was flown that day can still be found: the same season, and not yet over."""
        if flown_on is None or flown_on > today:
            return False
        return self._holds(today) and self._holds(flown_on) and today - flown_on < timedelta(days=300)

    def _holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= at <= self.ends
        return at >= self.begins or at <= self.ends


def by_urgency(
    waiting: Iterable[Waiting], backlog: Mapping[DistrictId, int], season: Season, *, now: datetime, today: date
) -> tuple[Waiting, ...]:
    """The most urgent first: by age in weeks, dispute, season and the share of the backlog of its district.

    Ties, such as all flags of one scan, fall by the hash of their ids: neighbours do not follow each other. What the
    reader has passed over comes last.
    """
    total = sum(backlog.values()) or 1

    def key(one: Waiting) -> tuple[bool, float, str]:
        weeks = (now - one.raised_at) / WEEK
        weeks += DISPUTE_WEEKS * one.disputed + SEASON_WEEKS * season.stands(one.flown_on, today)
        weeks += BACKLOG_WEEKS * backlog.get(one.district, 0) / total
        return one.passed_over, -round(weeks, 6), hashlib.sha256(one.flag.encode()).hexdigest()

    return tuple(sorted(waiting, key=key))
