"""Compare flights: what became of candidate plots since the last flight over the same ground.

Which flight? -> how does its picture lie on this one? -> is that good enough to say anything? -> which plots are new,
still there, vanished, and which were not seen by both.

How the pictures lie is found out when it is first asked for, and kept beside the results of the later scan:
``registration-FLIGHT.json``, version 1, with the sha256 of both originals. What is said of plots is said anew each
time: people decide about them meanwhile, and not everybody may see each of them.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.domain.change import Change, Plot, Registration, Survey, changes_between
from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import Person
from pipeline.domain.sight import may_compare, told
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.local_frame import LocalFrame, frame_of
from pipeline.imagery.look import View
from pipeline.imagery.looked import PLANE, kept_looked, plane_in
from pipeline.imagery.placing import moved_to_crs
from pipeline.imagery.registration import Pair, register
from pipeline.imagery.whole import write_text
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.database import Database
from pipeline.store.earlier import flights_before
from pipeline.store.files import Files
from pipeline.store.flags import StoredFlag, flags_of_flight
from pipeline.store.flights import find_flight
from pipeline.store.scans import Scan, scans_of

VERSION: Final = 1
LEAST_SHARED_M2: Final = 100.0
MOST_OF_IT: Final = 0.5
"""The last flight over the same ground is the newest one that saw so much of it; else the one that saw most."""
UNKNOWN_GSD_M: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier flight that saw some of the same ground; ``shared`` in metres of the equal-area plane."""

    flight: Flight
    shared: BaseGeometry

    @property
    def shared_m2(self) -> float:
        """How much ground both saw."""
        return float(self.shared.area)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """Two flights in one plane, the picture of the earlier one moved onto that of the later one."""

    flight: Flight
    earlier: Earlier
    now: Path
    then: Path
    frame: LocalFrame
    ground: View
    registration: Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What may be said of change; ``changes`` is None where the pictures do not lie on each other well enough.

    Outlines are in metres of ``laid.frame``. ``left_out`` counts changes that whoever asks may not be told of yet;
    ``models`` are those that read the later and the earlier flight.
    """

    laid: Laid
    changes: tuple[Change, ...] | None
    left_out: int
    models: tuple[str, str]

    @property
    def same_model(self) -> bool:
        """Whether one and the same model read both."""
        return self.models[0] == self.models[1]


def earlier_of(
    database: Database, files: Files, person: Person, flight: FlightId, only: FlightId | None = None
) -> tuple[Flight, tuple[Earlier, ...]]:
    """A flight and the earlier ones that saw some of its ground, the last flight over it first.

    With ``only`` a flight, that one or none.

    Raises:
        NotFoundError: The flight does not exist for ``person``, or was not scanned.
        NotAllowedError: They may not know of change.
    """
    with database.snapshot() as connection:
        found = find_flight(connection, person, flight)
        before = [one for one in flights_before(connection, found) if only in {None, one.id}]
    if not may_compare(role for role in person.roles if person.has(role)):
        raise NotAllowedError("only surveyors and managers see what changed since an earlier flight")
    if found.state is not FlightState.SCANNED:
        raise NotFoundError("this flight has not been scanned")
    shared = tuple(one for one in _sharing(files, found, before) if one.shared_m2 >= LEAST_SHARED_M2)
    seen_m2 = _seen(files, found).area
    most = next((one for one in shared if one.shared_m2 >= MOST_OF_IT * seen_m2), None)
    last = most or max(shared, key=lambda one: one.shared_m2, default=None)
    return found, (() if last is None else (last, *(one for one in shared if one is not last)))


def compare(
    database: Database, files: Files, person: Person, flight: FlightId, other: FlightId | None = None
) -> Comparison:
    """What became of the plots of ``flight`` since ``other``, or since the last flight over its ground.

    Raises:
        NotFoundError: As ``earlier_of``; or there is no such earlier flight, or a picture is not kept any more.
        NotAllowedError: As ``earlier_of``.
    """
    laid = lay(database, files, person, flight, other)
    with database.snapshot() as connection:
        scans = [scans_of(connection, one.id) for one in (laid.flight, laid.earlier.flight)]
        flags = [flags_of_flight(connection, one.id) for one in (laid.flight, laid.earlier.flight)]
    models = (_model(scans[0]), _model(scans[1]))
    if laid.registration.doubt is not None:
        return Comparison(laid=laid, changes=None, left_out=0, models=models)
    shift = laid.registration
    surveys = [
        Survey(plots=_plots(kept, laid.frame, moved), seen=_flat(_seen(files, one), laid.frame, moved))
        for kept, one, moved in (
            (flags[0], laid.flight, (0.0, 0.0)),
            (flags[1], laid.earlier.flight, (shift.east_m, shift.north_m)),
        )
    ]
    changes = changes_between(surveys[0], surveys[1], reach_m=shift.residual_m)
    roles = [role for role in person.roles if person.has(role)]
    told_of = tuple(one for one in changes if may_compare(roles, [plot.status for plot in one.plots]))
    return Comparison(laid=laid, changes=told_of, left_out=len(changes) - len(told_of), models=models)


def lay(database: Database, files: Files, person: Person, flight: FlightId, other: FlightId | None = None) -> Laid:
    """Lay the picture of an earlier flight on that of ``flight``.

    Raises:
        NotFoundError: As ``compare``.
        NotAllowedError: As ``compare``.
    """
    found, before = earlier_of(database, files, person, flight, only=other)
    if not before:
        raise NotFoundError("no such earlier flight of this district saw the ground of this one")
    earlier = before[0]
    now, then = (files.working(one.id) / WORKING_NAME for one in (found, earlier.flight))
    if not (now.is_file() and then.is_file()):
        raise NotFoundError("the picture of one of the two flights is not kept any more")
    frame = frame_of(plane_in(earlier.shared, "EPSG:4326"))
    pair = Pair(
        now=now,
        then=then,
        gsd_m=max(one.gsd_m or UNKNOWN_GSD_M for one in (found, earlier.flight)),
        frame=frame,
        ground=_square(_flat(earlier.shared, frame, (0.0, 0.0))),
    )
    with database.snapshot() as connection:
        originals = [scans_of(connection, one.id)[0].original_sha256 for one in (found, earlier.flight)]
    kept = files.results(found.id) / f"registration-{earlier.flight.id}.json"
    return Laid(
        flight=found,
        earlier=earlier,
        now=now,
        then=then,
        frame=frame,
        ground=pair.ground,
        registration=_kept(kept, originals) or _keep(kept, originals, register(pair)),
    )


def registration_as_json(registration: Registration) -> dict[str, Any]:
    """How two pictures lie; the residual is null where no patch carried."""
    rounded = {name: round(value, 3) for name, value in asdict(registration).items() if math.isfinite(value)}
    return {name: rounded.get(name) for name in asdict(registration)}


def _sharing(files: Files, flight: Flight, before: Sequence[Flight]) -> Iterator[Earlier]:
    seen = _seen(files, flight)
    shapely.prepare(seen)
    for other in before:
        if (files.results(other.id) / "states.tif").is_file():
            yield Earlier(flight=other, shared=shapely.intersection(seen, _seen(files, other)))


def _seen(files: Files, flight: Flight) -> BaseGeometry:
    """The ground that a flight saw, in metres of the equal-area plane."""
    results = files.results(flight.id)
    if not (results / "states.tif").is_file():
        raise NotFoundError("the results of this flight are not kept any more")
    return kept_looked(results).seen


def _flat(ground: BaseGeometry, frame: LocalFrame, moved: tuple[float, float]) -> BaseGeometry:
    """Ground of the equal-area plane in metres of a frame, moved east and north."""
    if ground.is_empty:
        return ground
    laid = shapely.transform(ground, lambda points: moved_to_crs(points, PLANE, frame.crs) + moved)
    return shapely.make_valid(laid)


def _plots(flags: Sequence[StoredFlag], frame: LocalFrame, moved: tuple[float, float]) -> tuple[Plot, ...]:
    return tuple(
        Plot(
            label=flag.label,
            status=told(flag.status),
            outline=shapely.make_valid(shapely.transform(frame.flat(flag.outline), lambda points: points + moved)),
            area_m2=flag.area_m2,
        )
        for flag in flags
    )


def _square(ground: BaseGeometry) -> View:
    """The smallest square about some ground; its pixels are for whoever draws it."""
    west, south, east, north = ground.bounds
    half_m = max(east - west, north - south) / 2
    return View(east_m=(west + east) / 2, north_m=(south + north) / 2, half_m=half_m, side_px=1)


def _model(scans: Sequence[Scan]) -> str:
    return f"{scans[0].model} ({scans[0].model_sha256[:12]})"


def _kept(path: Path, originals: Sequence[str]) -> Registration | None:
    """What was found out before, of the same two pictures; None where nothing was, or it cannot be read."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != VERSION or said["originals"] != list(originals):
            return None
        measured = said["registration"]
        residual_m = math.inf if measured["residual_m"] is None else float(measured["residual_m"])
        return Registration(**(measured | {"residual_m": residual_m}))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, originals: Sequence[str], found: Registration) -> Registration:
    said = {"version": VERSION, "originals": list(originals), "registration": registration_as_json(found)}
    write_text(path, json.dumps(said) + "\n")
    return _kept(path, originals) or found
