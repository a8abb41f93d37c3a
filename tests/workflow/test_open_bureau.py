"""The store of the demo: people who can sign in, and a flight whose flags are there."""

from datetime import UTC, datetime
from pathlib import Path

from bundles import write_knowing_bundle
from databases import CHEAP
from uploads import write_upload

from pipeline.domain.flight import FlightState
from pipeline.domain.people import Role
from pipeline.settings import ScanSettings, Settings, StoreSettings
from pipeline.store.database import Database
from pipeline.store.flags import flags_of_flight
from pipeline.store.people import list_people
from pipeline.workflow.open_bureau import Premises, open_bureau


def test_it_opens_with_an_account_of_every_role_and_one_flight_scanned(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings = Settings(
        scan=ScanSettings(window_px=128),
        store=StoreSettings(data_dir=tmp_path / "data"),
        model=write_knowing_bundle(tmp_path / "red"),
    )
    premises = Premises(database=sqlite_database, settings=settings, passwords=CHEAP, now=lambda: datetime.now(UTC))
    stages = set()
    opened = open_bureau(premises, write_upload(tmp_path / "flight.tif"), lambda told: stages.add(told.stage))
    assert stages
    assert opened.flight.state is FlightState.SCANNED
    assert (opened.results / "report.html").is_file()
    assert {account.role for account in opened.accounts} == set(Role)
    assert len({account.password for account in opened.accounts}) == len(opened.accounts)
    with sqlite_database.snapshot() as connection:
        assert len(flags_of_flight(connection, opened.flight.id)) == 2
        people = {person.name: person for person in list_people(connection)}
    assert set(people) == {account.name for account in opened.accounts}
    assert people["administrator"].sees == frozenset()
    assert people["reviewer-2"].sees == {opened.district.id}
