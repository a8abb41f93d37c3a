"""Let go: imagery that is old, and that nothing keeps, is removed (section 6 of the rules of the survey).

What keeps it? -> write down that it goes -> remove the files

Interrupted after it was written down, the files go the next time. What was found stays: flags with their outlines,
verdicts, scores, states of the ground, sizes, and the sha256 of every original.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.domain.flight import Flight, FlightId
from pipeline.domain.retention import Keeps, what_keeps
from pipeline.errors import NotFoundError
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.ledger import take_turn
from pipeline.store.removals import Holding, holdings, needed, originals_of, remove_imagery, removed, removed_originals
from pipeline.store.stops import hold_switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A flight whose imagery is old enough to be let go, its size, and what keeps it all the same."""

    flight: Flight
    keeps: Keeps | None
    bytes_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """What was removed: flights, and all bytes, those of an earlier time that was interrupted included."""

    flights: tuple[Flight, ...]
    bytes_freed: int


def old_imagery(database: Database, files: Files, *, days: float, now: datetime) -> tuple[Old, ...]:
    """Flights whose imagery was kept for ``days`` or longer; none where ``days`` is 0."""
    return tuple(
        Old(flight=one.flight, keeps=_keeps(one, days, now), bytes_kept=_bytes(files, one))
        for one in _old(database, days, now)
    )


def let_go(database: Database, files: Files, *, days: float, now: datetime, most: int | None = None) -> LetGo:
    """Remove the imagery that nothing keeps, of ``most`` flights at most; nothing while everything is stopped."""
    gone: list[Flight] = []
    freed = _finish(database, files)
    for one in _old(database, days, now):
        if most is not None and len(gone) >= most:
            break
        if _keeps(one, days, now) is not None:
            continue
        if _write_down(database, one, days=days, now=now):
            gone.append(one.flight)
            freed += _remove(database, files, one.flight.id)
    return LetGo(flights=tuple(gone), bytes_freed=freed)


def _old(database: Database, days: float, now: datetime) -> tuple[Holding, ...]:
    if not days:
        return ()
    with database.snapshot() as connection:
        return holdings(connection, received_by=now - timedelta(days=days))


def _keeps(one: Holding, days: float, now: datetime) -> Keeps | None:
    return what_keeps(one.flight, one.statuses, known_ground=one.known_ground, days=days, now=now)


def _write_down(database: Database, before: Holding, *, days: float, now: datetime) -> bool:
    """Whether the flight's imagery goes: looked at once more when nobody else can write."""
    with database.transaction() as connection:
        if hold_switch(connection):
            return False
        take_turn(connection)
        found = holdings(connection, only=before.flight.id)
        if not found or _keeps(found[0], days, now) is not None:
            return False
        body = {"original_sha256": list(found[0].originals), "kept_for_days": days}
        remove_imagery(connection, before.flight.id, body=body, now=now)
        return True


def _finish(database: Database, files: Files) -> int:
    """Remove what should have gone before, had it not been interrupted; how many bytes that were."""
    with database.snapshot() as connection:
        gone, originals = removed(connection), removed_originals(connection)
    left = [one for one in originals if files.has_original(one)]
    return sum(map(files.remove_pictures, gone)) + sum(_remove_original(database, files, one) for one in left)


def _remove(database: Database, files: Files, flight: FlightId) -> int:
    """Remove the files of a flight; how many bytes that were."""
    with database.snapshot() as connection:
        originals = originals_of(connection, flight)
    return files.remove_pictures(flight) + sum(_remove_original(database, files, one) for one in originals)


def _remove_original(database: Database, files: Files, sha256: str) -> int:
    """Remove an original that no other flight needs, nor one that is being handed in at this moment."""
    with files.holding(sha256):
        with database.snapshot() as connection:
            alone = not needed(connection, [sha256])
        return files.remove_original(sha256) if alone else 0


def _bytes(files: Files, one: Holding) -> int:
    paths = (*files.pictures(one.flight.id), *_originals(files, one.originals))
    return sum(path.stat().st_size for path in paths)


def _originals(files: Files, sha256s: Iterable[str]) -> Iterable[Path]:
    for sha256 in sha256s:
        try:
            yield files.original(sha256)
        except NotFoundError:
            continue
