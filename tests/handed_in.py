"""A store with a district, its people and a flight that was just handed in; and what a scan left alone makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bundles import write_knowing_bundle
from databases import NOW, a_district, a_person
from uploads import write_upload

from pipeline.domain.flight import Flight, FlightId, StepProgress
from pipeline.domain.people import District, Person, Role
from pipeline.settings import JobSettings, ScanSettings, Settings, StoreSettings
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.flags import StoredFlag, flags_of_flight
from pipeline.store.flights import get_flight
from pipeline.store.steps import steps_of
from pipeline.store.work import Attempt, attempt_of
from pipeline.workflow.advance import Workshop
from pipeline.workflow.apart import Hear, Stage
from pipeline.workflow.hand_in import HandedIn, hand_in
from pipeline.workflow.order import Order
from pipeline.workflow.scan import scan
from pipeline.workflow.stages import perform

SAME = ("flags.gpkg", "flags.geojson", "scores.tif", "states.tif")
"""Files of a scan result that do not say when, or how fast, it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """Where flights are handed in and worked on."""

    database: Database
    settings: Settings
    district: District
    surveyor: Person
    manager: Person

    @property
    def files(self) -> Files:
        return Files(self.settings.store.data_dir)

    def hand_in(self, path: Path, *, now: datetime = NOW) -> Flight:
        given = HandedIn(path=path, district=self.district.id)
        return hand_in(self.database, self.files, given, self.surveyor, now=now)

    def flight(self, flight: FlightId) -> Flight:
        with self.database.snapshot() as connection:
            return get_flight(connection, flight)

    def attempt(self, flight: FlightId) -> Attempt:
        with self.database.snapshot() as connection:
            return attempt_of(connection, flight)

    def steps(self, flight: FlightId) -> tuple[StepProgress, ...]:
        with self.database.snapshot() as connection:
            return steps_of(connection, flight)

    def flags(self, flight: FlightId) -> tuple[StoredFlag, ...]:
        with self.database.snapshot() as connection:
            return flags_of_flight(connection, flight)

    def results(self, flight: FlightId) -> dict[str, bytes]:
        folder = self.files.results(flight)
        return {name: (folder / name).read_bytes() for name in SAME}

    def shop(self, **changes: Any) -> Workshop:
        """A workshop that does every stage in this process."""
        shop = Workshop(
            database=self.database,
            files=self.files,
            settings=self.settings,
            now=lambda: NOW,
            wait=never_waits,
            apart=here,
        )
        return replace(shop, **changes)


def never_waits(seconds: float) -> None:
    raise AssertionError(f"nothing was in the way, but {seconds} s were waited for it")


def here(stage: Stage, hear: Hear, halted: Callable[[], bool]) -> dict[str, Any]:
    """A stage in this process: what it says and leaves is the same."""
    del halted
    return perform(stage.name, stage.order, stage.settings, hear)


def a_bureau(database: Database, folder: Path, *, window_px: int = 128) -> Bureau:
    district = a_district(database)
    theirs = frozenset({district.id})
    settings = Settings(
        scan=ScanSettings(window_px=window_px),
        store=StoreSettings(
            data_dir=folder / "data", database_url=database.engine.url.render_as_string(hide_password=False)
        ),
        jobs=JobSettings(beat_seconds=0.3, lost_after_seconds=2.0),
        model=write_knowing_bundle(folder / "red"),
    )
    return Bureau(
        database=database,
        settings=settings,
        district=district,
        surveyor=a_person(database, "lin", Role.SURVEYOR, districts=theirs),
        manager=a_person(database, "wang", Role.MANAGER, districts=theirs),
    )


def a_flight_file(folder: Path, **size: int) -> Path:
    return write_upload(folder / "flight.tif", **size)


def left_alone(bureau: Bureau, source: Path, out: Path) -> dict[str, bytes]:
    """What a scan of the same file leaves that nobody disturbs."""
    scan(Order(source=source, model=bureau.settings.model, out=out), bureau.settings)
    return {name: (out / name).read_bytes() for name in SAME}
