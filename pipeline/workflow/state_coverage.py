"""State: what may be claimed of an area in a window of days, with all that it rests on; what may not, in words.

The *statement*, version 1, is JSON: ``of`` (ids of district and region), ``coverage`` with days, ``flights`` (sha256 of
original and model, and what the model may claim of each, as ``scan.json`` has it), ``model`` and ``readers`` (recall
with its bounds), ``audit``, ``flags`` and ``visits`` (how many stand where, and each visit), ``absence`` with factors,
``ground`` and ``uncovered`` (GeoJSON), ``ledger`` (how many leaves there are, and the hash of the newest) and
``not_supported``, in English sentences that the pages' catalogues know.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from importlib.metadata import version
from typing import Any, Final
from zoneinfo import ZoneInfo

import shapely

from pipeline.domain.assurance import Recall, absence, recall_of
from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.interval import wilson
from pipeline.domain.misses import Misses, misses
from pipeline.domain.people import District
from pipeline.domain.sight import RELEASED, UNDECIDED
from pipeline.domain.watching import Truth, marks
from pipeline.imagery.looked import plane_in
from pipeline.store.controls import readings_of_controls
from pipeline.store.database import Database
from pipeline.store.figures import audited
from pipeline.store.ground import Region
from pipeline.store.ground_basis import (
    FlownOver,
    PaidVisit,
    flags_in_region,
    newest_leaf,
    scans_over,
    visits_in_region,
)
from pipeline.workflow.tell_coverage import (
    WORLD,
    as_rows,
    course_as_json,
    gaps_as_json,
    gaps_of,
    share_down,
    tell,
    tell_course,
)

SURE: Final = 0.95
NOTHING: Final = frozenset({FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE})
"""Flags that were visited for nothing."""
OPEN: Final = "open"
"""Where a visit stands to which no team has been."""
UNSEEN: Final = (
    "nobody saw the uncovered ground; what is said of it rests on the assumption that plots lie there as elsewhere"
)
EARLIER: Final = "the uncovered ground was not seen; only the assumption that plots lie there as elsewhere speaks of it"
"""What statements of earlier software say instead; the pages' catalogues know it still."""
REMAINING: Final = (0, 1, 2, 5, 10)
"""For so many plots it is said how sure it is that no more remain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a statement rests on beside coverage."""

    flown: tuple[FlownOver, ...]
    flags: Mapping[FlagStatus, int]
    visits: tuple[PaidVisit, ...]
    readings: tuple[tuple[Truth, Any], ...]
    audit: Misses
    unread: int
    leaves: int
    newest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """The recalls of models and readers; what is said of absence, None where nothing may be; and what is not said."""

    model: Recall
    readers: Recall
    absence: dict[str, Any] | None
    not_supported: list[str]


def state(
    database: Database, region: Region, district: District, window: Window, *, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """The statement for a survey area, or for all those of a district."""
    outline = plane_in(region.outline, WORLD)
    told = next(one for one in tell(database, {region.district}, window) if one.id == region.id)
    basis = _basis(database, region, window, outline, zone)
    concluded = conclude(basis, share=share_down(told.ground))
    return {
        "version": 1,
        "software": f"plotwatch {version('plotwatch')}",
        "made_at": now.isoformat(timespec="seconds"),
        "of": {"district": district.id, "region": region.id},
        "coverage": as_rows([told], window)[0] | course_as_json(tell_course(database, region, window)),
        "flights": [_flight(flown) for flown in basis.flown],
        "model": _recall(concluded.model),
        "readers": _recall(concluded.readers),
        "audit": asdict(basis.audit) | {"unread_places": basis.unread},
        "flags": {status.value: count for status, count in sorted(basis.flags.items())},
        "visits": _visits(basis.visits, zone),
        "absence": concluded.absence,
        "ground": json.loads(shapely.to_geojson(outline)),
        "uncovered": gaps_as_json(gaps_of(database, region, district, window)),
        "ledger": {"leaves": basis.leaves, "newest_leaf": basis.newest},
        "not_supported": concluded.not_supported,
    }


def conclude(basis: Basis, *, share: float) -> Concluded:
    """What follows from ``basis`` for ground of which ``share`` was seen."""
    model, readers = _model(basis.flown), _readers(basis)
    forbidding, others = _forbidding(basis, model, readers), _others(basis, share)
    said = None if forbidding else _absence(absence(share, model, readers))
    return Concluded(model=model, readers=readers, absence=said, not_supported=forbidding + others)


def _basis(database: Database, region: Region, window: Window, outline: shapely.Geometry, zone: ZoneInfo) -> Basis:
    since = datetime.combine(window.first, time(), zone)
    theirs = frozenset({region.district})
    with database.snapshot() as connection:
        known = readings_of_controls(connection, theirs)
        settled, unread = audited(connection, theirs, since)
        leaves, newest = newest_leaf(connection)
        return Basis(
            flown=scans_over(connection, region, window),
            flags=flags_in_region(connection, region, window, outline),
            visits=visits_in_region(connection, region, window, outline),
            readings=tuple(pair for given in known.values() for pair in given),
            audit=misses(settled),
            unread=unread,
            leaves=leaves,
            newest=newest,
        )


def _model(flown: Iterable[FlownOver]) -> Recall:
    """The weakest recall of the models that were used."""
    claims = [_claim(one) for one in flown]
    recalls = [recall_of(int(claim.get("n_found", 0)), int(claim.get("n_plots", 0))) for claim in claims]
    return min(recalls, key=lambda recall: recall.at_least, default=recall_of(0, 0))


def _readers(basis: Basis) -> Recall:
    hits = marks(basis.readings).hits
    return recall_of(hits.hits, hits.n)


def _recall(recall: Recall) -> dict[str, Any]:
    """A recall with its 95 % interval (Wilson) beside the lower bound that the statement counts with."""
    interval = wilson(recall.hits, recall.n)
    return asdict(recall) | {"low": interval.low, "high": interval.high}


def _claim(flown: FlownOver) -> dict[str, Any]:
    """What the model may claim of a flight (``scanning.results.Claimed``); {} where its scan says nothing of it."""
    return dict(flown.scan.record.get("claim", {}))


def _flight(flown: FlownOver) -> dict[str, Any]:
    scan = flown.scan
    return {
        "flight": scan.flight,
        "name": flown.name,
        "day": flown.day.isoformat(),
        "scan": scan.id,
        "original_sha256": scan.original_sha256,
        "model": scan.model,
        "model_sha256": scan.model_sha256,
        "claim_holds": bool(_claim(flown).get("holds", False)),
        "claim": _claim(flown),
    }


def _visits(paid: tuple[PaidVisit, ...], zone: ZoneInfo) -> dict[str, Any]:
    """How many visits there were, what came of them, and each of them; ``day`` is that of the newest that is known."""
    ended = [OPEN if one.outcome is None else one.outcome.value for one in paid]
    return {
        "planned": len(paid),
        "outcomes": dict(sorted(Counter(ended).items())),
        "each": [
            {"visit": one.visit, "outcome": outcome, "day": _day(one.found_at or one.planned_at, zone)}
            for one, outcome in zip(paid, ended, strict=True)
        ],
    }


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()


def _absence(said: Any) -> dict[str, Any]:
    return {
        "factors": {"coverage": said.coverage, "model": said.model, "readers": said.readers},
        "found_with_at_least": said.p,
        "doubt_of_factors": said.doubt,
        "confidence_that_at_most": {str(number): round(said.confidence(number), 4) for number in REMAINING},
        "at_most_with_95_percent": said.fewest(SURE),
        "takes_for_granted": [
            "plots are spread over the area without regard to what was seen of it",
            "readers err independently of each other and of the model",
            "nothing was planted or removed after the last look",
        ],
    }


def _forbidding(basis: Basis, model: Recall, readers: Recall) -> list[str]:
    """Why nothing is said of absence, in words."""
    count = basis.flags
    found = sum(number for status, number in count.items() if status in RELEASED - NOTHING)
    waiting = sum(number for status, number in count.items() if status in UNDECIDED)
    flights = len(basis.flown)
    unlike = sum(not _claim(flown).get("holds", False) for flown in basis.flown)
    reasons = (
        (flights == 0, "nothing was flown in this window, so nothing can be said of the ground"),
        (found == 1, "a plot was found; nothing is said of absence"),
        (found > 1, f"{found} plots were found; nothing is said of absence"),
        (waiting == 1, "a flag still waits for readers; nothing is said of absence before it is settled"),
        (waiting > 1, f"{waiting} flags still wait for readers; nothing is said of absence before they are settled"),
        (unlike == flights == 1, "the model's claim does not hold for the flight"),
        (unlike > 0 and flights > 1, f"the model's claim does not hold for {unlike} of the {flights} flights"),
        (flights > 0 and not model.is_known, "no plots of known truth tell how many the model finds"),
        (not readers.is_known, "readers were given no controls with a target, so nobody knows what they miss"),
    )
    return [sentence for is_so, sentence in reasons if is_so]


def _others(basis: Basis, share: float) -> list[str]:
    """What else is not supported, in words."""
    reasons = (
        (share < 1, UNSEEN),
        (basis.audit.n == 0, "no clear ground was read at random, so the model's misses are not checked on this land"),
        (basis.unread == 1, "a place drawn at random is not read yet"),
        (basis.unread > 1, f"{basis.unread} places drawn at random are not read yet"),
    )
    return [sentence for is_so, sentence in reasons if is_so]
