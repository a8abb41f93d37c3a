"""Add relief: a surface model of a flight becomes slope and shade for its readers. The heights are not kept.

May they? -> made in an enclosed process -> does it lie over the flight? -> put in its place, and written down
"""

from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import shapely

from pipeline.domain.flight import FlightId
from pipeline.domain.people import Person, Role
from pipeline.domain.progress import say_nothing
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.imagery.digest import sha256_of
from pipeline.imagery.enclosure import relief_enclosed
from pipeline.imagery.relief import RELIEF_NAME, Relief
from pipeline.settings import IntakeLimits
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.flights import find_flight
from pipeline.store.ledger import Entry, Kind, record


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceModel:
    """Heights of a flight's ground, as a GeoTIFF at ``path``."""

    flight: FlightId
    path: Path


def add_relief(
    database: Database, files: Files, person: Person, given: SurfaceModel, limits: IntakeLimits, *, now: datetime
) -> Relief:
    """Make ``relief.tif`` of a surface model, in the place of an earlier one.

    Raises:
        NotAllowedError: The person is no surveyor.
        NotFoundError: The flight does not exist for them, or there is no such file.
        InvalidInputError: It is no surface model, or none of this flight, or the flight has no orthomosaic yet.
    """
    if not person.has(Role.SURVEYOR):
        raise NotAllowedError("only surveyors hand in surface models; ask your administrator for that role")
    with database.snapshot() as connection:
        found = find_flight(connection, person, given.flight)
    if not given.path.is_file():
        raise NotFoundError(f"there is no file at {given.path}")
    if found.extent is None:
        raise InvalidInputError("the flight has no orthomosaic yet; hand in its surface model when it has been read")
    with TemporaryDirectory(dir=files.arriving) as folder:
        made = relief_enclosed(given.path, Path(folder), limits, say_nothing)
        if not shapely.box(*astuple(made.extent)).intersects(shapely.box(*astuple(found.extent))):
            raise InvalidInputError("the surface model lies elsewhere than the flight; hand in that of the same flight")
        body = {"surface_model": sha256_of(given.path), "gsd_m": round(made.gsd_m, 4)}
        with database.transaction() as connection:
            record(connection, Entry(kind=Kind.RELIEF_ADDED, subject=found.id, person=person.id, body=body), now=now)
            (Path(folder) / RELIEF_NAME).replace(files.working(found.id) / RELIEF_NAME)
    return made
