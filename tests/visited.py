"""A survey with flags that two readers confirmed, in the field of which somebody goes."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import rasterio
import shapely
from databases import NOW
from survey import NO_PASSWORD, Survey, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin
from pipeline.domain.flight import FlightId
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.files import Files
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.people import NewPerson, add_person
from pipeline.store.scans import Scan, ScanId, record_scan
from pipeline.store.sessions import begin_session

EAST = (100.03, 100.0, 100.02, 100.01)
"""Longitudes of the plots, in the order in which they were raised; all lie at 25 degrees north."""


@dataclass
class Field:
    """The survey, and its people by what they do in the field."""

    survey: Survey
    district: DistrictId

    @property
    def database(self) -> Database:
        return self.survey.database

    @property
    def team(self) -> Person:
        return self.survey.people["field"]

    @property
    def manager(self) -> Person:
        return self.survey.people["manager"]


def plot(label: str, east: float) -> RaisedFlag:
    outline = shapely.box(east, 25.0, east + 0.0001, 25.0001)
    return RaisedFlag(
        label=label, outline=outline, class_name="red", score=0.9, area_m2=110.0, cells=3, model="m", threshold=0.5
    )


def confirm(survey: Survey, flag: FlagId) -> None:
    """Two readers say so, as they do."""
    with survey.database.transaction() as connection:
        for name in ("ada", "bai"):
            looked(connection, survey.people[name], flag, now=survey.now)
            decide(connection, survey.sessions[name], ruling(flag, Verdict.CONFIRM), now=survey.now)


def open_field(database: Database) -> Field:
    """Four confirmed plots along a road, beside an unread flag and a control and audited ground that were confirmed."""
    survey = set_up(database)
    scan = Scan(
        id=ScanId("road"),
        flight=survey.flight,
        model="m",
        model_sha256="a" * 64,
        original_sha256="b" * 64,
        record={},
        recorded_at=NOW,
    )
    with database.transaction() as connection:
        record_scan(connection, scan, now=NOW)
        plots = [plot(f"F{number:05d}", east) for number, east in enumerate(EAST, start=1)]
        insert_flags(connection, scan, plots, now=NOW, second_read=0.0)
        insert_flags(connection, scan, [plot("C1", 100.4)], now=NOW, second_read=0.0, origin=FlagOrigin.CONTROL)
        insert_flags(connection, scan, [plot("A1", 100.5)], now=NOW, second_read=0.0, origin=FlagOrigin.AUDIT)
    for label in ("F00001", "F00002", "F00003", "F00004", "C1"):
        confirm(survey, FlagId(f"road-{label}"))
    return Field(survey=survey, district=next(iter(survey.people["field"].districts)))


def second_team(field: Field) -> str:
    """Another team of the same district; the secret of their session."""
    with field.database.transaction() as connection:
        new = NewPerson(
            name="second",
            password_hash=NO_PASSWORD,
            roles=frozenset({Role.FIELD}),
            districts=frozenset({field.district}),
        )
        person = add_person(connection, new, by=None, now=NOW)
        secret, _ = begin_session(connection, person.id, now=NOW, lasts=timedelta(hours=6))
    field.survey.people["second"], field.survey.secrets["second"] = person, secret
    return secret


def fly_over(files: Files, flight: FlightId) -> None:
    """Imagery of the road and its plots, each plot in red, half a metre a pixel."""
    west, north, step = 99.999, 25.001, 5e-6
    columns, rows = round(0.033 / step), round(0.002 / step)
    pixels_bhw = np.stack([np.full((rows, columns), value, np.uint8) for value in (120, 150, 90)])
    pixels_bhw[:, :, ::40] -= 20
    for east in EAST:
        left, top = round((east - west) / step), round((north - 25.0001) / step)
        pixels_bhw[:, top : top + 20, left : left + 20] = np.array([190, 40, 50], np.uint8)[:, None, None]
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": columns, "height": rows, "crs": "EPSG:4326"}
    where = rasterio.transform.from_origin(west, north, step, step)
    path = files.working(flight) / WORKING_NAME
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "w", transform=where, **profile) as raster:
        raster.write_mask(np.ones((rows, columns), bool))
        raster.write(pixels_bhw)
