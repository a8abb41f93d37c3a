"""A bureau that was restored from its backup, on the other engine: its pages, maps and readings go on as before."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from databases import opened
from fastapi.testclient import TestClient
from flown import scan
from offices import NOON, Office, office_on, sign_in
from reading_desks import YES, Desk, hire

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import Flight
from pipeline.settings import Settings
from pipeline.store.audit import audit
from pipeline.store.backup import back_up, restore
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.flags import flags_of_flight
from pipeline.web.app import build_app
from pipeline.workflow.collect_labels import Bureau, collect_labels


@pytest.fixture
def restored(postgresql_database: Database, tmp_path: Path) -> Iterator[tuple[Office, Flight]]:
    """A bureau of PostgreSQL, with a flight that one reader read, backed up and restored on SQLite."""
    office = office_on(postgresql_database, tmp_path / "here")
    hire(office, ("a", "b"))
    flight = scan(office, office.fly("东坡"))
    first = Desk(build_app(office.services()), "a")
    first.read(YES)
    checkpoint = back_up(office.database, Files(office.folder), tmp_path / "backup", now=NOON)
    with ExitStack() as stack:
        stack.callback(first.client.close)
        database = stack.enter_context(opened(f"sqlite:///{tmp_path / 'there.sqlite'}"))
        there = Files(tmp_path / "there")
        restore(tmp_path / "backup", database, there, now=NOON, exported=checkpoint)
        with database.snapshot() as connection:
            assert audit(connection, checkpoint).wrong == ()
        yield replace(office, database=database, folder=there.root), flight


def test_a_restored_bureau_shows_its_flights_goes_on_reading_and_learns_from_it(
    restored: tuple[Office, Flight],
) -> None:
    office, flight = restored
    app = build_app(office.services())
    with TestClient(app, base_url="https://plots.test", follow_redirects=False) as client:
        sign_in(client, "surveyor")
        assert "东坡" in client.get(f"/flights/{flight.id}").text
        picture = client.get(f"/flights/{flight.id}/picture")
        assert (picture.status_code, picture.headers["Content-Type"][:6]) == (200, "image/")
        assert len(client.get(f"/flights/{flight.id}/flags.geojson").json()["features"]) == 2
        assert client.get(f"/flights/{flight.id}/again.geojson").json()["features"]
    second = Desk(app, "b")
    second.number = 1000
    try:
        for _ in range(2):
            second.read(YES)
    finally:
        second.client.close()
    with office.database.snapshot() as connection:
        states = {flag.status for flag in flags_of_flight(connection, flight.id)}
    assert states == {FlagStatus.CONFIRMED, FlagStatus.IN_REVIEW}
    learner = Bureau(
        database=office.database,
        files=Files(office.folder),
        settings=Settings(),
        person=office.people["manager"],
    )
    made = collect_labels(learner, office.folder / "labels", target="poppy", now=NOON)
    assert made is not None
    assert made.labels == {"poppy": 1}
