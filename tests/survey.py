"""A small survey to try the laws on: a few people with different roles, one flight, two flags."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import shapely
from databases import NOW
from sqlalchemy import Connection

from pipeline.domain.decision import DecisionId, Evidence, Verdict
from pipeline.domain.flag import FlagId, FlagOrigin
from pipeline.domain.flight import FlightId
from pipeline.domain.people import Person, Role
from pipeline.store.database import Database
from pipeline.store.decisions import Ruling
from pipeline.store.districts import add_district
from pipeline.store.flags import RaisedFlag, insert_flags
from pipeline.store.flights import NewFlight, create_flight
from pipeline.store.leases import Lease, evidence_sha256, note_served, note_shown, take_lease
from pipeline.store.people import NewPerson, add_person
from pipeline.store.scans import Scan, ScanId, record_scan
from pipeline.store.sessions import Session, begin_session

CAST = {
    "ada": {Role.REVIEWER},
    "bai": {Role.REVIEWER},
    "cui": {Role.REVIEWER, Role.MANAGER},
    "dou": {Role.REVIEWER},
    "uploader": {Role.REVIEWER, Role.SURVEYOR},
    "stranger": {Role.REVIEWER},
    "manager": {Role.MANAGER},
    "field": {Role.FIELD},
    "chief": {Role.ADMINISTRATOR},
}
"""Everybody's district is the flight's, but the stranger's."""

SQUARE = shapely.box(100.0, 25.0, 100.001, 25.001)
EVIDENCE = evidence_sha256("a" * 64, "b" * 64)
NO_PASSWORD = "-"  # noqa: S105 of nobody
ONE_READ, TWO_READS, CONTROL = FlagId("scan-F00001"), FlagId("scan-F00002"), FlagId("scan-F00003")


@dataclass
class Survey:
    """What was set up; ``now`` is moved by the tests."""

    database: Database
    people: dict[str, Person] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    flight: FlightId = field(default="", init=False)  # type: ignore[assignment]
    now: datetime = NOW + timedelta(minutes=1)


def set_up(database: Database) -> Survey:
    survey = Survey(database)
    with database.transaction() as connection:
        home = add_district(connection, "北山区", by=None, now=NOW)
        away = add_district(connection, "南山区", by=None, now=NOW)
        for name, roles in CAST.items():
            district = away if name == "stranger" else home
            new = NewPerson(
                name=name,
                password_hash=NO_PASSWORD,
                roles=frozenset(roles),
                districts=frozenset({district.id}),
            )
            survey.people[name] = add_person(connection, new, by=None, now=NOW)
            survey.secrets[name], survey.sessions[name] = begin_session(
                connection, survey.people[name].id, now=NOW, lasts=timedelta(hours=6)
            )
        flight = NewFlight(district=home.id, name="东坡", uploaded_by=survey.people["uploader"].id)
        survey.flight = create_flight(connection, flight, now=NOW).id
        scan = Scan(
            id=ScanId("scan"),
            flight=survey.flight,
            model="m",
            model_sha256="a" * 64,
            original_sha256="b" * 64,
            record={},
            recorded_at=NOW,
        )
        record_scan(connection, scan, now=NOW)
        insert_flags(connection, scan, [raised("F00001")], now=NOW, second_read=0.0)
        insert_flags(connection, scan, [raised("F00002")], now=NOW, second_read=1.0)
        insert_flags(connection, scan, [raised("F00003")], now=NOW, second_read=0.0, origin=FlagOrigin.CONTROL)
    return survey


def raised(label: str = "F00001") -> RaisedFlag:
    return RaisedFlag(
        label=label, outline=SQUARE, class_name="red", score=0.9, area_m2=5.0, cells=3, model="m", threshold=0.5
    )


def ruling(flag: FlagId, verdict: Verdict, *, corrects: DecisionId | None = None) -> Ruling:
    evidence = Evidence(pictures_sha256=EVIDENCE, model="m", threshold=0.5)
    return Ruling(flag=flag, verdict=verdict, reason="rows", evidence=evidence, seconds_looked=4.5, corrects=corrects)


def looked(connection: Connection, person: Person, flag: FlagId, *, now: datetime) -> Lease:
    """A lease under which the evidence was served and was on the screen."""
    lease = take_lease(connection, person, flag, now=now)
    note_served(connection, lease.id, picture_sha256="a" * 64, overview_sha256="b" * 64, now=now)
    note_shown(connection, lease.id, now=now)
    return lease


def raw_path(database: Database) -> Path:
    """The file of a SQLite database, for those who come with the sqlite3 program."""
    return Path(str(database.engine.url.database))
