"""A survey with flags that two readers confirmed, in the field of which somebody goes."""

from dataclasses import dataclass

import shapely
from databases import NOW
from survey import Survey, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin
from pipeline.domain.people import DistrictId, Person
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.scans import Scan, ScanId, record_scan

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
