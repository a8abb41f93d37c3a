"""A bureau to test with: two districts, a person of each role, a clock that is set by hand."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from fastapi.testclient import TestClient

from pipeline.domain.flight import Flight, FlightId, FlightState
from pipeline.domain.people import District, Person, Role
from pipeline.settings import UploadLimits, WebSettings
from pipeline.store.database import Database, open_database
from pipeline.store.districts import add_district
from pipeline.store.files import Files
from pipeline.store.flights import NewFlight, create_flight
from pipeline.store.migration import migrate
from pipeline.store.partials import Partials
from pipeline.store.passwords import Passwords
from pipeline.store.people import NewPerson, add_person
from pipeline.web.assets import read_assets
from pipeline.web.renderer import Renderer
from pipeline.web.services import Check, Services
from pipeline.workflow.receive import Desk

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PASSWORD = "four green hills at dawn"  # noqa: S105 of nobody
CHEAP = Passwords.of_cost(time_cost=1, memory_kib=8, parallelism=1)
HASHED = CHEAP.hash(PASSWORD)
RENDERER = Renderer(read_assets(), "Asia/Shanghai")


@dataclass
class Clock:
    """A clock that somebody sets."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **much: float) -> None:
        self.at += timedelta(**much)


@dataclass
class Office:
    """A store with people in it."""

    database: Database
    east: District
    west: District
    people: dict[str, Person]
    clock: Clock = field(default_factory=Clock)
    folder: Path = Path()
    limits: UploadLimits = field(default_factory=lambda: UploadLimits(keep_free_bytes=0, idle_seconds=0.3))
    started: list[FlightId] = field(default_factory=list)

    def services(self, *checks: Check, hosts: tuple[str, ...] = ("plots.test", "127.0.0.1")) -> Services:
        settings = WebSettings(hosts=hosts, time_zone="Asia/Shanghai")
        return Services(
            settings=settings,
            renderer=RENDERER,
            database=self.database,
            desk=self.desk,
            passwords=CHEAP,
            now=self.clock,
            checks=checks,
        )

    @cached_property
    def desk(self) -> Desk:
        """Where flights are handed in; work on them is noted, not done."""
        files = Files(self.folder)
        partials = Partials(files.arriving, self.limits, self.clock)
        return Desk(database=self.database, files=files, partials=partials, start=self.started.append)

    def fly(self, name: str, by: str = "surveyor", district: District | None = None, **more: object) -> Flight:
        """A flight that ``by`` brought."""
        place = district or self.east
        new = NewFlight(district=place.id, name=name, uploaded_by=self.people[by].id, **more)
        with self.database.transaction() as connection:
            return create_flight(connection, new, now=self.clock())

    def fly_many(self, names: Iterable[str], by: str = "surveyor") -> None:
        """Many flights in one transaction."""
        with self.database.transaction() as connection:
            for name in names:
                new = NewFlight(district=self.east.id, name=name, uploaded_by=self.people[by].id)
                create_flight(connection, new, now=self.clock())

    def not_flown(self, name: str, reason: str = "weather: fog", **more: object) -> Flight:
        return self.fly(name, state=FlightState.NOT_FLOWN, reason=reason, **more)


def open_office(folder: Path) -> Office:
    """A new store in ``folder``: east has a surveyor, reviewer, field team and manager; west a surveyor."""
    template, made = _template()
    path = folder / "plotwatch.db"
    shutil.copy(template, path)
    fresh = {"clock": Clock(), "folder": folder, "started": []}
    return replace(made, database=open_database(f"sqlite:///{path}"), **fresh)


def office_on(database: Database, folder: Path) -> Office:
    """The same people in an empty store that somebody else opened, on whichever engine."""
    return replace(_fill(database), folder=folder)


@cache
def _template() -> tuple[Path, Office]:
    """A store that was migrated and filled once; copying it is faster than doing that for each test."""
    path = Path(tempfile.mkdtemp(prefix="plotwatch-office-")) / "plotwatch.db"
    atexit.register(shutil.rmtree, path.parent)
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    office = _fill(database)
    database.close()  # the last connection writes the WAL back into the file
    return path, office


def _fill(database: Database) -> Office:
    with database.transaction() as connection:
        east = add_district(connection, "East county", by=None, now=NOON)
        west = add_district(connection, "West county", by=None, now=NOON)
        wanted: Iterable[tuple[str, set[Role], set[District]]] = (
            ("surveyor", {Role.SURVEYOR}, {east}),
            ("reviewer", {Role.REVIEWER}, {east}),
            ("field", {Role.FIELD}, {east}),
            ("manager", {Role.MANAGER}, {east, west}),
            ("administrator", {Role.ADMINISTRATOR}, {east, west}),
            ("westerner", {Role.SURVEYOR}, {west}),
        )
        people = {
            name: add_person(
                connection,
                NewPerson(
                    name=name,
                    password_hash=HASHED,
                    roles=frozenset(roles),
                    districts=frozenset(district.id for district in districts),
                ),
                by=None,
                now=NOON,
            )
            for name, roles, districts in wanted
        }
    return Office(database=database, east=east, west=west, people=people)


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> TestClient:
    """``client``, signed in as ``name``."""
    answer = client.post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 303, answer.text
    return client


def csrf_of(client: TestClient) -> str:
    """The token that the forms of whoever is signed in send back."""
    page = client.get("/account").text
    return page.split('<meta name="csrf" content="')[1].split('"')[0]
