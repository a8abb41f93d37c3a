"""Visits: confirmed flags go to field teams in an order of travel, and what a team found is written down once.

Managers release flags to visits; field teams go and say what they found; both see the visits of their districts.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.domain.route import Point, legs_m, order_of_travel
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.imagery.key_picture import CleanPicture, clean_photograph
from pipeline.imagery.local_frame import frame_of
from pipeline.imagery.look import UNKNOWN_GSD_M, picture, plot_view
from pipeline.imagery.map_tiles import Tile
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.database import Database
from pipeline.store.errands import Stop, stops_of
from pipeline.store.files import Files
from pipeline.store.ledger import take_turn
from pipeline.store.visits import (
    Finding,
    Telling,
    Visit,
    VisitId,
    ended_visits,
    find_visit,
    flags_to_visit,
    found_at_visit,
    is_photograph_of,
    open_visits,
    plan_visit,
    record_found,
    tellings_of,
)

MOST_ENDED: Final = 20
"""So many visits that found something are listed."""
MOST_NOTE: Final = 1000
MOST_LOOK_ALIKE: Final = 80
MOST_ACCURACY_M: Final = 10_000.0
ONLY_FIELD: Final = "only field teams and managers see visits"
ONLY_FOUND_BY_FIELD: Final = "only field teams say what a visit found"
FOUND_ALREADY: Final = "what this visit found is written down already; findings are never altered"
NO_DISTRICT: Final = "you have no such district"
NOTHING_TO_PLAN: Final = "nothing is waiting for a visit"
WHICH_LOOK_ALIKE: Final = "say what grows there instead"
NO_LOOK_ALIKE: Final = "what grows there instead is said of a look-alike only"
NO_ACCURACY: Final = "the accuracy is a number of metres from 0.1 to 10,000"
LONG_NOTE: Final = "a note has at most 1,000 letters"
LONG_LOOK_ALIKE: Final = "what grows there instead is said in at most 80 letters"
NO_START: Final = "a place is latitude,longitude in degrees, as 25.0412,102.7123"
NO_PICTURE: Final = "there is no such picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The open visits of a district in an order of travel; ``legs_m`` are metres to each from the one before."""

    district: DistrictId
    stops: tuple[Stop, ...]
    legs_m: tuple[float, ...]
    ended: tuple[Stop, ...]
    waiting: int

    @property
    def length_m(self) -> float:
        """Metres of the whole way, as a bird flies."""
        return sum(self.legs_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a team says of a visit, as it was sent; ``photograph`` are the bytes of a JPEG, empty for none.

    ``id`` and ``made_at`` are those of the device on which it was written down, where one did so without a signal.
    """

    outcome: FlagStatus
    note: str = ""
    look_alike: str = ""
    accuracy_m: float | None = None
    photograph: bytes = b""
    id: str = ""
    made_at: datetime | None = None


def plan_visits(database: Database, person: Person, district: DistrictId, *, now: datetime) -> tuple[Visit, ...]:
    """Release every confirmed flag of a district to its field teams, and again where nobody got to; all or none.

    Raises:
        NotFoundError: The district is not the person's.
        NotAllowedError: The person is no manager, or everything is stopped.
        InvalidInputError: Nothing is waiting.
    """
    _must_see(person, district)
    with database.transaction() as connection:
        waiting = flags_to_visit(connection, district)
        if not waiting:
            raise InvalidInputError(NOTHING_TO_PLAN)
        return tuple(plan_visit(connection, person, flag, now=now) for flag in waiting)


def place_said(said: str) -> Point | None:
    """Longitude and latitude of what somebody typed, latitude first as people say it; None where nobody did.

    Raises:
        InvalidInputError: It is no place.
    """
    if not said.strip():
        return None
    try:
        latitude, longitude = (float(part) for part in said.split(","))
    except ValueError as error:
        raise InvalidInputError(NO_START) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # noqa: PLR2004 the Earth
        raise InvalidInputError(NO_START)
    return longitude, latitude


def travel(database: Database, person: Person, district: DistrictId, start: Point | None = None) -> Route:
    """The open visits of a district in an order of travel from ``start`` (longitude, latitude in degrees).

    Raises:
        NotFoundError: The district is not the person's.
        NotAllowedError: The person neither goes to the field nor manages.
    """
    _must_see(person, district)
    with database.snapshot() as connection:
        stops = stops_of(connection, person, open_visits(connection, district))
        ended = stops_of(connection, person, ended_visits(connection, district, MOST_ENDED))
        waiting = len(flags_to_visit(connection, district))
    order = order_of_travel([stop.point for stop in stops], start)
    ordered = tuple(stops[place] for place in order)
    legs = legs_m([stop.point for stop in ordered], start)
    return Route(district=district, stops=ordered, legs_m=legs, ended=ended, waiting=waiting)


def open_visit(database: Database, person: Person, visit: VisitId) -> tuple[Stop, Finding | None]:
    """A visit, and what was found there.

    Raises:
        NotFoundError: There is none for this person.
        NotAllowedError: The person neither goes to the field nor manages.
    """
    _must_go(person)
    with database.snapshot() as connection:
        found = find_visit(connection, person, visit)
        (stop,) = stops_of(connection, person, (found,))
        return stop, found_at_visit(connection, found)


def told_of(database: Database, person: Person, visit: VisitId) -> tuple[Telling, ...]:
    """What was said of a visit, in the order in which it arrived.

    Raises:
        NotFoundError: There is none for this person.
        NotAllowedError: The person neither goes to the field nor manages.
    """
    _must_go(person)
    with database.snapshot() as connection:
        find_visit(connection, person, visit)
        return tellings_of(connection, visit)


def report_found(
    database: Database, files: Files, person: Person, visit: VisitId, report: Report, *, now: datetime
) -> Finding:
    """Write down what a team found, with its photograph; it is never altered.

    Raises:
        InvalidInputError: Something of it cannot be so; the message says what.
        NotFoundError: There is no such visit for this person.
        NotAllowedError: The person goes to no field, or it is written down already.
    """
    finding, kept = as_finding(person, report)
    with database.transaction() as connection:
        take_turn(connection)
        if find_visit(connection, person, visit).outcome is not None:
            raise NotAllowedError(FOUND_ALREADY)
        record_found(connection, person, visit, finding, now=now)
        keep_photograph(files, kept)
    return finding


def as_finding(person: Person, report: Report) -> tuple[Finding, CleanPicture | None]:
    """A report as it can be written down, and its photograph without what a camera says of itself.

    Raises:
        InvalidInputError: Something of it cannot be so; the message says what.
        NotAllowedError: The person goes to no field.
    """
    _must_find(person)
    _check(report)
    kept = clean_photograph(report.photograph) if report.photograph else None
    finding = Finding(
        outcome=report.outcome,
        note=report.note.strip(),
        look_alike=" ".join(report.look_alike.split()),
        accuracy_m=report.accuracy_m,
        photograph_sha256=kept.sha256 if kept else None,
        id=report.id,
        made_at=report.made_at,
    )
    return finding, kept


def keep_photograph(files: Files, kept: CleanPicture | None) -> None:
    """Keep the photograph of what has just been written down, before that is for good: who is late leaves none."""
    if kept is not None:
        files.keep_picture(kept.jpeg, sha256=kept.sha256)


def photograph_of(database: Database, files: Files, person: Person, visit: VisitId, sha256: str) -> Path:
    """The file of a visit's photograph.

    Raises:
        NotFoundError: The visit is not there for this person, has no such photograph, or its file is gone.
        NotAllowedError: The person neither goes to the field nor manages.
    """
    _must_go(person)
    with database.snapshot() as connection:
        find_visit(connection, person, visit)
        known = is_photograph_of(connection, visit, sha256)
    if not known or not files.picture(sha256).is_file():
        raise NotFoundError(NO_PICTURE)
    return files.picture(sha256)


def has_picture(files: Files, stop: Stop) -> bool:
    """Whether the imagery of a visit's flight is still there."""
    return (files.working(stop.flight.id) / WORKING_NAME).is_file()


def plot_picture(database: Database, files: Files, person: Person, visit: VisitId) -> Tile:
    """The plot as readers saw it, at full resolution.

    Raises:
        NotFoundError: The visit is not there for this person, or its flight has no imagery any more.
        NotAllowedError: The person neither goes to the field nor manages.
    """
    stop, _ = open_visit(database, person, visit)
    working = files.working(stop.flight.id) / WORKING_NAME
    if not working.is_file():
        raise NotFoundError(NO_PICTURE)
    frame = frame_of(stop.flag.outline)
    view = plot_view(frame.flat(stop.flag.outline), stop.flight.gsd_m or UNKNOWN_GSD_M)
    try:
        return picture(working, frame, view)
    except InvalidInputError as error:
        raise NotFoundError(NO_PICTURE) from error


def _check(report: Report) -> None:
    if (report.outcome is FlagStatus.LOOK_ALIKE) != bool(report.look_alike.strip()):
        raise InvalidInputError(NO_LOOK_ALIKE if report.look_alike.strip() else WHICH_LOOK_ALIKE)
    if len(report.look_alike) > MOST_LOOK_ALIKE:
        raise InvalidInputError(LONG_LOOK_ALIKE)
    if len(report.note) > MOST_NOTE:
        raise InvalidInputError(LONG_NOTE)
    accuracy = report.accuracy_m
    if accuracy is not None and not (math.isfinite(accuracy) and 0.1 <= accuracy <= MOST_ACCURACY_M):  # noqa: PLR2004
        raise InvalidInputError(NO_ACCURACY)


def _must_see(person: Person, district: DistrictId) -> None:
    _must_go(person)
    if district not in person.sees:
        raise NotFoundError(NO_DISTRICT)


def _must_go(person: Person) -> None:
    if not (person.has(Role.FIELD) or person.has(Role.MANAGER)):
        raise NotAllowedError(ONLY_FIELD)


def _must_find(person: Person) -> None:
    if not person.has(Role.FIELD):
        raise NotAllowedError(ONLY_FOUND_BY_FIELD)
