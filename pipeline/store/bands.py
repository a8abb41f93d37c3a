"""Bands of scores: what became of flags whose score was much the same, so that a score can be said in plain numbers."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.sight import RELEASED
from pipeline.store.flags import StoredFlag
from pipeline.store.tables import flags

TENTHS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Scores in [``low``, ``high``): how many flags of one model two readers settled, and how many they confirmed."""

    low: float
    high: float
    read: int
    confirmed: int


def band_of(connection: Connection, flag: StoredFlag) -> Band:
    """The tenth in which the score of a flag lies. Counts neither itself nor controls nor audits.

    It counts what was read twice whatever the first reader said: of all others only rejections rest on a single
    reading, which would make a score look worse than it is where first readers miss.
    """
    tenth = min(int(flag.score * TENTHS), TENTHS - 1)
    low, high = tenth / TENTHS, (tenth + 1) / TENTHS
    settled = sorted(status.value for status in {*RELEASED, FlagStatus.REJECTED})
    counted = (
        select(flags.c.status, func.count())
        .where(
            flags.c.model == flag.model,
            flags.c.origin == FlagOrigin.SCAN.value,
            flags.c.id != flag.id,
            flags.c.second_read.is_(True),
            flags.c.score >= low,
            flags.c.score < (high if tenth < TENTHS - 1 else 2.0),
            flags.c.status.in_(settled),
        )
        .group_by(flags.c.status)
    )
    found = {FlagStatus(status): count for status, count in connection.execute(counted)}
    rejected = found.get(FlagStatus.REJECTED, 0)
    return Band(low=low, high=high, read=sum(found.values()), confirmed=sum(found.values()) - rejected)
