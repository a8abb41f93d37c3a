"""Shadow run: what a challenger would ask of recent flights, beside what the champion asks. Nothing is released."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.domain.flag import FlagOrigin, FlagStatus
from pipeline.domain.progress import Progress, Report
from pipeline.imagery.intake import read_intake_record
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.placing import outline_in_degrees
from pipeline.imagery.whole import write_text
from pipeline.scanning.bundle import open_bundle
from pipeline.scanning.results import read_flags
from pipeline.store.flags import flags_of_flight
from pipeline.store.lessons import ScannedFlight, scanned_flights
from pipeline.store.removals import removed
from pipeline.store.scans import scans_of
from pipeline.workflow.collect_labels import Bureau
from pipeline.workflow.order import Order
from pipeline.workflow.scan import scan

MAP: Final = "shadow.geojson"


class Change(StrEnum):
    """What becomes of a flag."""

    STAYS = "stays"
    APPEARS = "appears"
    VANISHES = "vanishes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFlag:
    """A flag of one of the two models, in degrees; ``status`` is what people made of the champion's."""

    outline: shapely.Geometry
    score: float
    status: FlagStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """One flight under both models: how many flags each raises, how much ground they cover, and what changes.

    ``vanishing_confirmed`` and ``vanishing_rejected`` are of those that vanish, by what readers said of them.
    """

    flight: str
    name: str
    champion_flags: int
    challenger_flags: int
    stays: int
    appears: int
    vanishes: int
    vanishing_confirmed: int
    vanishing_rejected: int
    champion_m2: float
    challenger_m2: float


def shadow(bureau: Bureau, models: tuple[Path, Path], out: Path, *, most: int, report: Report) -> tuple[Shadowed, ...]:
    """Scan the ``most`` newest flights of the person's districts with champion and challenger (``models``).

    Those whose imagery was let go are passed over. Leaves ``shadow.geojson`` in ``out``, and nothing in the store.

    Raises:
        NotFoundError: An original is gone.
    """
    with bureau.database.snapshot() as connection:
        gone = frozenset(removed(connection))
        theirs = (one for one in scanned_flights(connection) if one.district in bureau.person.districts)
        flights = [one for one in theirs if one.id not in gone]
    recent = flights[::-1][:most]
    features: list[dict[str, Any]] = []
    found = []
    for number, flight in enumerate(recent, start=1):
        old = _of_champion(bureau, flight, models[0], out)
        new = _scanned(bureau, flight, models[1], out / "challenger" / flight.id)
        changes = list(_changes(old, new))
        features += [_feature(flight, change, flag) for change, flag in changes]
        found.append(_counted(flight, old, new, changes))
        report(Progress(stage="shadow run", done=number, total=len(recent), unit="flights"))
    content = {"type": "FeatureCollection", "features": features}
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / MAP, json.dumps(content, ensure_ascii=False) + "\n")
    return tuple(found)


def as_record(shadowed: Sequence[Shadowed]) -> list[dict[str, Any]]:
    """The counts as JSON."""
    return [asdict(one) for one in shadowed]


def _of_champion(bureau: Bureau, flight: ScannedFlight, model: Path, out: Path) -> list[ShadowFlag]:
    """The champion's flags: those of the store where it made the newest scan, else of a scan made now."""
    with bureau.database.snapshot() as connection:
        newest = scans_of(connection, flight.id)[0]
        held = [
            flag
            for flag in flags_of_flight(connection, flight.id)
            if flag.scan == newest.id and flag.origin is FlagOrigin.SCAN
        ]
    if newest.model_sha256 == open_bundle(model).sha256:
        return [ShadowFlag(outline=flag.outline, score=flag.score, status=flag.status) for flag in held]
    return _scanned(bureau, flight, model, out / "champion" / flight.id)


def _scanned(bureau: Bureau, flight: ScannedFlight, model: Path, out: Path) -> list[ShadowFlag]:
    order = Order(source=bureau.files.original(flight.original_sha256), model=model, out=out)
    scan(order, bureau.settings)
    place = read_intake_record(order.workplace).orthomosaic.georeference
    return [
        ShadowFlag(outline=outline_in_degrees(place, flag.plot.outline), score=flag.plot.score)
        for flag in read_flags(out)
    ]


def _changes(old: Sequence[ShadowFlag], new: Sequence[ShadowFlag]) -> Iterator[tuple[Change, ShadowFlag]]:
    """What becomes of each flag: the champion's that stay or vanish, and the challenger's that appear."""
    before, after = _touching(old, new), _touching(new, old)
    for flag, touches in zip(old, before, strict=True):
        yield (Change.STAYS if touches else Change.VANISHES), flag
    for flag, touches in zip(new, after, strict=True):
        if not touches:
            yield Change.APPEARS, flag


def _touching(these: Sequence[ShadowFlag], those: Sequence[ShadowFlag]) -> list[bool]:
    """Which of ``these`` touch any of ``those``."""
    tree = shapely.STRtree(np.array([flag.outline for flag in those], dtype=object))
    return [bool(len(tree.query(flag.outline, predicate="intersects"))) for flag in these]


def _counted(
    flight: ScannedFlight,
    old: Sequence[ShadowFlag],
    new: Sequence[ShadowFlag],
    changes: Sequence[tuple[Change, ShadowFlag]],
) -> Shadowed:
    counts = Counter(change for change, _ in changes)
    gone = Counter(flag.status for change, flag in changes if change is Change.VANISHES)
    return Shadowed(
        flight=flight.id,
        name=flight.name,
        champion_flags=len(old),
        challenger_flags=len(new),
        stays=counts[Change.STAYS],
        appears=counts[Change.APPEARS],
        vanishes=counts[Change.VANISHES],
        vanishing_confirmed=gone[FlagStatus.CONFIRMED] + gone[FlagStatus.VERIFIED],
        vanishing_rejected=gone[FlagStatus.REJECTED] + gone[FlagStatus.LOOK_ALIKE] + gone[FlagStatus.ABSENT],
        champion_m2=_area_m2(old),
        challenger_m2=_area_m2(new),
    )


def _area_m2(flags: Sequence[ShadowFlag]) -> float:
    return float(sum(frame_of(flag.outline).flat(flag.outline).area for flag in flags))


def _feature(flight: ScannedFlight, change: Change, flag: ShadowFlag) -> dict[str, Any]:
    """A flag for a map. What it shows is a question of a model, and no finding."""
    properties = {"flight": flight.id, "change": change.value, "score": round(flag.score, 4)}
    return {
        "type": "Feature",
        "geometry": json.loads(shapely.to_geojson(flag.outline)),
        "properties": properties | {"meaning": "candidate for verification"},
    }
