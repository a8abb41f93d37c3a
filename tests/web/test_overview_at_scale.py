"""10,000 flights, 100,000 flags, 45,000 decisions: what the overview costs. Run it by name; it prints what it measured.

pytest -m soak -s tests/web/test_overview_at_scale.py

On two shared cores of an Intel Xeon (2026-11-27): the page takes 0.8 s of CPU with SQLite; with PostgreSQL 0.2 s of
ours, and its queries 0.6 to 0.8 s of wall time, none of them above 0.25 s.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import covered
import numpy as np
import pytest
from covered import land
from fastapi.testclient import TestClient
from offices import NOON, Office, office_on, sign_in
from sqlalchemy import Connection, event, insert, text

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import FlightId
from pipeline.store import tables
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.flags import _row
from pipeline.store.ledger import Kind
from pipeline.store.sessions import begin_session
from pipeline.web.app import build_app
from pipeline.workflow.oversee import oversee
from pipeline.workflow.tell_overview import rows_of

FLIGHTS, FLAGS, DAYS = 10_000, 10, 365
FOUND = (FlagStatus.ABSENT, FlagStatus.LOOK_ALIKE, FlagStatus.VERIFIED, FlagStatus.VISIT_PLANNED)

pytestmark = pytest.mark.soak


def without_laws(connection: Connection) -> None:
    """Rows of a year are written in a minute, not in a day: the laws want each step by itself."""
    if connection.dialect.name == "sqlite":
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        return
    for table in tables.metadata.sorted_tables:
        connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))


class Year:
    """Rows of a year of work, written a thousand flights at a time."""

    def __init__(self, office: Office, connection: Connection) -> None:
        self.office, self.connection = office, connection
        self.rng = np.random.default_rng(1)
        self.rows: dict[Any, list[dict[str, Any]]] = {}
        begun = begin_session(connection, office.people["reviewer"].id, now=NOON)[1]
        self.session = begun.id
        self.position = 1_000

    def add(self, table: Any, row: dict[str, Any]) -> None:
        self.rows.setdefault(table, []).append(row)

    def leaf(self, kind: Kind, subject: str, at: Any, body: str = "{}") -> int:
        self.position += 1
        leaf = {"position": self.position, "at": at, "kind": kind.value, "subject": subject, "body": body}
        self.add(tables.ledger, leaf | {"person_id": self.office.people["field"].id, "hash": "a" * 64})
        return self.position

    def write(self) -> None:
        for table in (tables.ledger, tables.flights, tables.scans, tables.flags, tables.decisions, tables.visits):
            if self.rows.get(table):
                self.connection.execute(insert(table), self.rows[table])
        self.rows = {}

    def flight(self, number: int) -> None:
        """A scanned flight; of its ten flags four or five were read, and one in thirty was visited."""
        at = NOON - timedelta(days=DAYS * (FLIGHTS - number) / FLIGHTS)
        flight, shared = new_id(), {"district_id": self.office.east.id, "received_at": at, "changed_at": at}
        uploader = self.office.people["surveyor"].id
        state = "scanned" if number % 50 else "failed"
        flown = {"id": flight, "name": f"Terrace {number}", "state": state, "reason": "", "uploaded_by": uploader}
        self.add(tables.flights, shared | flown | {"flown_on": at.date(), "gsd_m": 0.02})
        scan = covered.scan_of(FlightId(flight))
        looks = f'{{"looks": {{"mean_rgb": [96.1, 110.2, 70.3], "mean_score": 0.02}}, "settings": "{"x" * 3000}"}}'
        self.add(
            tables.scans,
            {"id": scan.id, "flight_id": flight, "model": "m", "record": looks, "recorded_at": at}
            | {"model_sha256": scan.model_sha256, "original_sha256": scan.original_sha256},
        )
        for place in range(FLAGS):
            row = _row(scan, covered.flag_of(place, land(place * 0.01, 0, 0.005, 0.005)), at, 0.2)
            if place < 4 + number % 2:
                self.read(row, place, at)
            self.add(tables.flags, row | {"origin": "control" if place == 9 else "scan"})

    def read(self, row: dict[str, Any], place: int, at: Any) -> None:
        """A reading, in the last weeks as often as not; a flag in ten is visited."""
        decided = min(NOON, at + timedelta(hours=float(self.rng.uniform(1, 500))))
        row["status"] = FlagStatus.REJECTED.value
        made = {"id": new_id(), "flag_id": row["id"], "person_id": self.office.people["reviewer"].id, "reader": 1}
        made |= {"session_id": self.session, "verdict": "reject", "reason": "other_crop", "note": "", "model": "m"}
        made |= {"pictures_sha256": "e" * 64, "threshold": 0.5, "seconds_looked": 5.0, "decided_at": decided}
        self.add(tables.decisions, made | {"leaf": self.leaf(Kind.DECISION, made["id"], decided)})
        if place == 0 and self.rng.random() < 0.3:
            self.visit(row, decided)

    def visit(self, row: dict[str, Any], at: Any) -> None:
        visit, outcome = new_id(), FOUND[int(self.rng.integers(0, len(FOUND)))]
        row["status"] = outcome.value
        ended = outcome is not FlagStatus.VISIT_PLANNED
        made = {"id": visit, "flag_id": row["id"], "number": 1, "planned_by": self.office.people["manager"].id}
        made |= {"planned_at": at, "leaf": self.leaf(Kind.RELEASE, visit, at), "note": ""}
        made |= {"outcome": outcome.value if ended else None, "found_at": at if ended else None}
        self.add(tables.visits, made | {"found_by": self.office.people["field"].id if ended else None})
        if ended:
            self.leaf(Kind.FINDING, visit, at, f'{{"outcome": "{outcome.value}", "note": ""}}')
            if self.rng.random() < 0.05:
                self.leaf(Kind.FINDING_BESIDE, visit, at, '{"outcome": "no_access", "note": ""}')


@contextmanager
def queries(database: Database) -> Iterator[list[tuple[float, str]]]:
    """The seconds between sending a query and its first row, with its words."""
    told: list[tuple[float, str]] = []
    began = [0.0]

    def before(*_: object) -> None:
        began[0] = time.perf_counter()

    def after(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        told.append((time.perf_counter() - began[0], " ".join(statement.split())))

    event.listen(database.engine, "before_cursor_execute", before)
    event.listen(database.engine, "after_cursor_execute", after)
    yield told
    event.remove(database.engine, "before_cursor_execute", before)
    event.remove(database.engine, "after_cursor_execute", after)


def test_the_overview_of_a_year_of_10_000_flights(database: Database, tmp_path: Path) -> None:
    office = office_on(database, tmp_path)
    with database.transaction() as connection:
        without_laws(connection)
        year = Year(office, connection)
        for number in range(FLIGHTS):
            year.flight(number)
            if number % 500 == 499:
                year.write()
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    for again in ("first", "again"):
        with queries(database) as told:
            began, cpu = time.perf_counter(), time.process_time()
            found = oversee(database, office.people["manager"], now=NOON)
            print(  # noqa: T201 this is what it is for
                f"{database.engine.dialect.name}, {again}: {time.perf_counter() - began:.2f} s, "
                f"of which {time.process_time() - cpu:.2f} s of CPU are ours; {len(told)} queries"
            )
        for seconds, statement in sorted(told, reverse=True)[:8]:
            print(f"  {seconds:.3f} s  {statement[:140]}")  # noqa: T201 this is what it is for
    with TestClient(build_app(office.services()), base_url="https://plots.test", follow_redirects=False) as client:
        sign_in(client, "manager")
        cpu = time.process_time()
        assert client.get("/overview").status_code == 200
        print(f"the page: {time.process_time() - cpu:.2f} s of CPU are ours")  # noqa: T201 this is what it is for
    assert rows_of(found)
    assert len(found.conflicts) > 0
