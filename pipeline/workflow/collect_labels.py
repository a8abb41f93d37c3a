"""Collect labels: what people decided becomes a data set, flight by flight.

    <out>/DATASET.toml            orthomosaic, labels, field and role of each flight
    <out>/labels/<flight>.gpkg    outlines with class, flag, decisions and visit

Only what two readers, or a visit, settled is known ground. All else of a flight is ``unknown``: single readings,
disputes, and whatever the model did not flag. That it raised no flag is its own answer, and would teach it to miss
again what it missed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.domain.lesson import Lesson
from pipeline.domain.people import Person, Role
from pipeline.domain.progress import Progress, Report, say_nothing
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.footprint import box_on_map
from pipeline.imagery.intake import take_in
from pipeline.imagery.placing import moved_to_crs, place_of
from pipeline.imagery.vectors import Outlines, write_outlines
from pipeline.imagery.whole import whole_file, write_text
from pipeline.imagery.working import WORKING_NAME
from pipeline.learning.dealing import deal
from pipeline.learning.merging import dataset_toml
from pipeline.learning.sources import DATASET_VERSION, DataSet, Source, data_fingerprint, read_dataset
from pipeline.learning.sources import Role as Part
from pipeline.settings import Settings
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.lessons import ScannedFlight, Taught, lessons_of, scanned_flights

NAME: Final = "decisions of readers"
LICENCE: Final = "the bureau's own; not to be given away"
UNKNOWN: Final = "unknown"
DEGREES: Final = "EPSG:4326"
TILE_M: Final = 64.0
"""Unknown ground is written in squares of this side, so that a chip burns few corners."""
ROUNDING: Final = 1e-6
"""Outlines that share less of the smaller one than this only touch."""
FIELDS: Final = ("class", "flag", "decisions", "visit", "redrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """An outline in map coordinates of its orthomosaic, what it is, and what that rests on."""

    outline: shapely.Geometry
    class_name: str
    taught: Taught | None = None
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A data set made of decisions. ``left_out`` says which flights or labels are not in it, in English and Chinese."""

    path: Path
    fingerprint: str
    flights: dict[str, tuple[str, ...]]
    labels: dict[str, int]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """Where decisions and imagery are, and on whose behalf they are read."""

    database: Database
    files: Files
    settings: Settings
    person: Person


def collect_labels(
    bureau: Bureau, out: Path, *, target: str, now: datetime, report: Report = say_nothing
) -> Collected | None:
    """Write what may be learnt from the person's districts to ``out``, with a leaf in the ledger; None of nothing.

    Raises:
        NotAllowedError: The person is no manager.
    """
    if not bureau.person.has(Role.MANAGER):
        raise NotAllowedError("only a manager has decisions made into labels")
    gathering = _Gathering(bureau, out, target, report)
    gathering.gather()
    if not gathering.sources:
        return None
    dataset = DataSet(
        version=DATASET_VERSION,
        name=NAME,
        licence=LICENCE,
        target=(target,),
        look_alikes=(Lesson.LOOK_ALIKE.value, Lesson.CLEAR.value),
        unknown=(UNKNOWN,),
        source=tuple(gathering.sources),
    )
    path = out / "DATASET.toml"
    write_text(path, dataset_toml(dataset, out))
    collected = gathering.collected(path)
    with bureau.database.transaction() as connection:
        body = {"flights": collected.flights, "labels": collected.labels}
        entry = Entry(kind=Kind.LABELS_COLLECTED, subject=collected.fingerprint, person=bureau.person.id, body=body)
        record(connection, entry, now)
    return collected


class _Gathering:
    """A collection under way."""

    def __init__(self, bureau: Bureau, out: Path, target: str, report: Report) -> None:
        self._bureau, self._out, self._target, self._report = bureau, out, target, report
        self.sources: list[Source] = []
        self.flights: dict[str, list[str]] = {}
        self.counts: Counter[str] = Counter()
        self.left_out: list[tuple[str, str]] = []

    def gather(self) -> None:
        """Every flight in turn."""
        with self._bureau.database.snapshot() as connection:
            flights = scanned_flights(connection)  # all of them: what is dealt must not depend on who collects
            mine = [flight for flight in flights if flight.district in self._bureau.person.districts]
            lessons = {flight.id: lessons_of(connection, flight.id) for flight in mine}
        dealt = {one.flight: one.role for one in deal([(flight.id, flight.extent) for flight in flights])}
        for number, flight in enumerate(mine, start=1):
            if lessons[flight.id]:
                self._take(flight, lessons[flight.id], dealt[flight.id])
            self._report(Progress(stage="collecting labels", done=number, total=len(mine), unit="flights"))

    def _take(self, flight: ScannedFlight, lessons: Sequence[Taught], role: Part | None) -> None:
        """One flight becomes a source, or a sentence."""
        if role is None:
            self.left_out.append(
                (
                    f"{flight.name} lies over ground of two roles and teaches nothing",
                    f"{flight.name} 跨越两种用途的地面，不用于训练",
                )
            )
            return
        try:
            orthomosaic = self._orthomosaic(flight)
        except NotFoundError:
            self.left_out.append((f"the imagery of {flight.name} is gone", f"{flight.name} 的影像已不存在"))
            return
        path = self._out / "labels" / f"{flight.id}.gpkg"
        self._write(path, orthomosaic, lessons, flight.name)
        self.flights.setdefault(role.value, []).append(flight.id)
        self.sources.append(
            Source(
                role=role,
                field=f"flight {flight.id}",
                orthomosaic=orthomosaic.absolute(),
                labels=path.absolute(),
                taken_at=flight.flown_on,
            )
        )

    def _orthomosaic(self, flight: ScannedFlight) -> Path:
        """The working copy, made again where it is gone: decisions are on what it shows."""
        files = self._bureau.files
        working = files.working(flight.id)
        if not (working / WORKING_NAME).is_file():
            take_in(files.original(flight.original_sha256), working, self._bureau.settings.intake)
        return working / WORKING_NAME

    def _write(self, path: Path, orthomosaic: Path, lessons: Sequence[Taught], name: str) -> None:
        """The labels of one flight, and all that is unknown around them."""
        place, size = place_of(orthomosaic).georeference, place_of(orthomosaic).size
        if place is None:
            raise NotFoundError(f"{orthomosaic} lies nowhere")
        kept = _consistent([_on_map(taught, place.crs, self._target) for taught in lessons])
        lost = len(lessons) - len({label.taught.flag for label in kept if label.taught})
        if lost:
            self.left_out.append(
                (
                    f"{name}: {lost} of its flags repeat or contradict others",
                    f"{name}：{lost} 个标记与其他标记重复或矛盾",
                )
            )
        frame = box_on_map(place, (0, 0, size.width_px, size.height_px))
        unknown = _around(frame, [label.outline for label in kept], TILE_M / place.metres_per_unit)
        self.counts.update(label.class_name for label in kept)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            write_outlines(partial, _layer([*kept, *unknown], place.crs), driver="GPKG")

    def collected(self, path: Path) -> Collected:
        """What was collected, once it is written."""
        return Collected(
            path=path,
            fingerprint=fingerprint_of(path),
            flights={role: tuple(ids) for role, ids in sorted(self.flights.items())},
            labels=dict(sorted(self.counts.items())),
            left_out=tuple(self.left_out),
        )


def fingerprint_of(path: Path) -> str:
    """The fingerprint of everything in a data set, held-out ground too."""
    dataset = read_dataset(path)
    roles = sorted({source.role for source in dataset.source})
    parts = [f"{role.value} {data_fingerprint(dataset, role=role)}" for role in roles]
    return digest_of("\n".join(parts))


def digest_of(text: str) -> str:
    """The sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _on_map(taught: Taught, crs: str, target: str) -> tuple[Label, ...]:
    """The labels of a flag in the reference system of its orthomosaic."""
    name = target if taught.lesson is Lesson.TARGET else taught.lesson.value
    moved = [
        shapely.transform(outline, lambda points: moved_to_crs(points, DEGREES, crs)) for outline in taught.outlines
    ]
    return tuple(
        Label(outline=part, class_name=name, taught=taught, decisions=taught.decisions)
        for outline in moved
        for part in shapely.get_parts(shapely.make_valid(outline))
        if part.geom_type == "Polygon"
    )


def _consistent(flags: Sequence[tuple[Label, ...]]) -> list[Label]:
    """The labels of flags of which none that came before says the same, or something else, of the same ground.

    Flags come with what a visit found first. Two that contradict each other without a visit are both left out.
    """
    kept: list[tuple[Label, ...]] = []
    doubtful: set[int] = set()
    for labels in flags:
        sharing = [number for number, before in enumerate(kept) if _share_ground(before, labels)]
        if not sharing:
            kept.append(labels)
        doubtful.update(number for number in sharing if _contradict(kept[number], labels))
    return [label for number, labels in enumerate(kept) if number not in doubtful for label in labels]


def _share_ground(first: Sequence[Label], second: Sequence[Label]) -> bool:
    """Whether two flags are of the same ground by more than a common edge, which a plot has with what is beside it."""
    pairs = ((one.outline, other.outline) for one in first for other in second)
    return any(
        shapely.intersects(one, other) and shapely.intersection(one, other).area > ROUNDING * min(one.area, other.area)
        for one, other in pairs
    )


def _contradict(before: Sequence[Label], after: Sequence[Label]) -> bool:
    """Whether one says target and the other not, and no visit found the first so."""
    one, other = (labels[0].taught if labels else None for labels in (before, after))
    if one is None or other is None:
        return False
    return (one.lesson is Lesson.TARGET) != (other.lesson is Lesson.TARGET) and one.visit is None


def _around(frame: shapely.Geometry, known: Sequence[shapely.Geometry], side: float) -> Iterator[Label]:
    """All of a frame but what is known, in squares."""
    left, bottom, right, top = frame.bounds
    tree = shapely.STRtree(np.array(known, dtype=object))
    for x in np.arange(left, right, side):
        for y in np.arange(bottom, top, side):
            square = shapely.box(x, y, min(x + side, right), min(y + side, top))
            near = tree.geometries[tree.query(square, predicate="intersects")]
            rest = shapely.difference(square, shapely.union_all(near)) if len(near) else square
            for part in shapely.get_parts(rest):
                if part.geom_type == "Polygon" and part.area > 0:
                    yield Label(outline=part, class_name=UNKNOWN)


def _layer(labels: Sequence[Label], crs: str) -> Outlines:
    """Labels as a layer, each with the flag, the decisions and the visit that it rests on."""
    rows: list[tuple[Any, ...]] = [
        (
            label.class_name,
            label.taught.flag if label.taught else "",
            " ".join(label.decisions),
            (label.taught.visit or "") if label.taught else "",
            "yes" if label.taught and label.taught.redrawn else "",
        )
        for label in labels
    ]
    columns = zip(*rows, strict=True)
    fields = {name: np.array(column, object) for name, column in zip(FIELDS, columns, strict=True)}
    return Outlines(
        layer="labels", crs=crs, kind="Polygon", geometries=[label.outline for label in labels], fields=fields
    )
