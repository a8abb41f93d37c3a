"""Imagery is let go when it is old and nothing keeps it, by no other way, and nothing else goes with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import flown
import pytest
from databases import NOW
from offices import open_office
from sqlalchemy import text
from survey import CONTROL, ONE_READ, SQUARE, TWO_READS, Survey, looked, ruling, set_up

from pipeline.domain.decision import DecisionId, Verdict
from pipeline.domain.flag import FlagId
from pipeline.domain.flight import FlightId, FlightState
from pipeline.domain.progress import say_nothing
from pipeline.domain.retention import Keeps
from pipeline.domain.watching import Truth
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.imagery.digest import sha256_of
from pipeline.settings import Settings
from pipeline.store.audit import audit
from pipeline.store.checkpoints import signing_key
from pipeline.store.columns import utc_text
from pipeline.store.controls import Control, ControlId, add_controls
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.files import Files
from pipeline.store.flights import NewFlight, create_flight, move_flight
from pipeline.store.leases import take_lease
from pipeline.store.ledger import Kind
from pipeline.store.removals import remove_imagery, removed_at
from pipeline.store.stops import turn_switch
from pipeline.store.uploads import NewUpload, remember_upload
from pipeline.workflow.collect_labels import Bureau
from pipeline.workflow.enter import Arrival, enter
from pipeline.workflow.let_go import LetGo, let_go, old_imagery
from pipeline.workflow.shadow import shadow

DAYS = 180.0
LATER = NOW + timedelta(days=DAYS, hours=1)
PICTURES = ("working/orthomosaic.tif", "working/relief.tif", "results/report.html")
FINDINGS = (
    "working/intake.json",
    "results/scan.json",
    "results/flags.gpkg",
    "results/states.tif",
    "results/scores.tif",
)
BYTES = b"an orthomosaic"


@dataclass
class Archive:
    """A survey whose flight has its files; ``second`` is a flight that came in the same bytes, of another district."""

    survey: Survey
    files: Files
    sha256: str = ""

    @property
    def database(self) -> Database:
        return self.survey.database

    @property
    def flight(self) -> FlightId:
        return self.survey.flight

    def path(self, name: str, flight: FlightId | None = None) -> Path:
        kind, file = name.split("/")
        return self.files.root / kind / (flight or self.flight) / file

    def there(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if self.path(name).is_file()]

    def let_go(self, now: datetime = LATER, days: float = DAYS) -> LetGo:
        return let_go(self.database, self.files, days=days, now=now)

    def arrive(self, flight: FlightId) -> None:
        """The flight's file, as it is kept when it has arrived."""
        arrived = self.files.arriving / "it"
        arrived.write_bytes(BYTES)
        self.sha256 = sha256_of(arrived)
        self.files.keep_original(arrived, sha256=self.sha256, name="flight.tif")
        with self.database.transaction() as connection:
            remember_upload(connection, self.upload(flight), flight, now=NOW)

    def upload(self, name: str) -> NewUpload:
        person = self.survey.people["uploader"]
        return NewUpload(
            id=f"upload-{name}",
            person=person.id,
            district=next(iter(person.districts)),
            name="flight.tif",
            bytes_total=len(BYTES),
            sha256=self.sha256,
        )


@pytest.fixture
def archive(database: Database, tmp_path: Path) -> Archive:
    archive = Archive(set_up(database), Files(tmp_path / "data"))
    archive.arrive(archive.flight)
    for name in PICTURES + FINDINGS:
        archive.path(name).parent.mkdir(parents=True, exist_ok=True)
        archive.path(name).write_bytes(name.encode())
    with database.transaction() as connection:
        for state in (FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED):
            move_flight(connection, archive.flight, state, now=NOW)
    return archive


def judge(archive: Archive, name: str, flag: FlagId, verdict: Verdict) -> DecisionId:
    survey = archive.survey
    with survey.database.transaction() as connection:
        looked(connection, survey.people[name], flag, now=survey.now)
        return decide(connection, survey.sessions[name], ruling(flag, verdict), now=survey.now).id


def reject_all(archive: Archive) -> DecisionId:
    """The verdict of ada on the flag that is read once."""
    for name in ("ada", "bai"):
        judge(archive, name, TWO_READS, Verdict.REJECT)
    judge(archive, "bai", CONTROL, Verdict.CONFIRM)
    judge(archive, "cui", CONTROL, Verdict.CONFIRM)
    return judge(archive, "ada", ONE_READ, Verdict.REJECT)


def test_imagery_goes_and_what_was_found_stays(archive: Archive) -> None:
    reject_all(archive)
    freed = sum(len(name) for name in PICTURES) + len(BYTES)
    (old,) = old_imagery(archive.database, archive.files, days=DAYS, now=LATER)
    assert (old.flight.id, old.keeps, old.bytes_kept) == (archive.flight, None, freed)

    gone = archive.let_go()

    assert [flight.id for flight in gone.flights] == [archive.flight]
    assert gone.bytes_freed == freed
    assert archive.there(PICTURES) == []
    assert archive.there(FINDINGS) == list(FINDINGS)
    with pytest.raises(NotFoundError):
        archive.files.original(archive.sha256)
    with archive.database.snapshot() as connection:
        key = signing_key(archive.files.key).public_key().public_bytes_raw().hex()
        assert audit(connection, None, public_key=key, files=archive.files).wrong == ()
        assert removed_at(connection, archive.flight) == LATER
        (leaf,) = (one for one in _leaves(archive) if one[0] == Kind.IMAGERY_REMOVED)
    assert archive.sha256 in leaf[1]
    assert archive.let_go() == LetGo(flights=(), bytes_freed=0)
    assert old_imagery(archive.database, archive.files, days=DAYS, now=LATER) == ()


def test_young_imagery_stays_and_so_does_all_where_nothing_is_to_go(archive: Archive) -> None:
    reject_all(archive)
    archive.let_go(now=NOW + timedelta(days=DAYS) - timedelta(seconds=1))
    archive.let_go(days=0.0)
    assert archive.there(PICTURES) == list(PICTURES)


def one_waits(archive: Archive) -> None:
    judge(archive, "ada", ONE_READ, Verdict.REJECT)
    judge(archive, "ada", TWO_READS, Verdict.REJECT)


def one_is_confirmed(archive: Archive) -> None:
    reject_all_but_one(archive)
    for name in ("ada", "bai"):
        judge(archive, name, ONE_READ, Verdict.CONFIRM)


def reject_all_but_one(archive: Archive) -> None:
    for name in ("ada", "bai"):
        judge(archive, name, TWO_READS, Verdict.REJECT)


def a_control_waits(archive: Archive) -> None:
    reject_all_but_one(archive)
    judge(archive, "ada", ONE_READ, Verdict.REJECT)


def readers_are_measured_by_it(archive: Archive) -> None:
    reject_all(archive)
    with archive.database.transaction() as connection:
        add_controls(
            connection, [known_ground(archive)], by=archive.survey.people["manager"].id, now=archive.survey.now
        )


def known_ground(archive: Archive) -> Control:
    return Control(
        id=ControlId("known"),
        flight=archive.flight,
        truth=Truth.CLEAR,
        outline=SQUARE,
        room_m=20.0,
        score=0.1,
        source="ground.gpkg",
        source_sha256="c" * 64,
    )


def everything_is_stopped(archive: Archive) -> None:
    reject_all(archive)
    with archive.database.transaction() as connection:
        chief = archive.survey.people["chief"]
        turn_switch(connection, chief, stopped=True, reason="an inquiry", now=archive.survey.now)


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (one_waits, Keeps.QUESTION),
        (one_is_confirmed, Keeps.FINDING),
        (a_control_waits, Keeps.KNOWN_GROUND),
        (readers_are_measured_by_it, Keeps.KNOWN_GROUND),
        (everything_is_stopped, None),
    ],
)
def test_what_keeps_imagery_keeps_it_from_every_door(
    archive: Archive, keep: Callable[[Archive], None], why: Keeps | None
) -> None:
    keep(archive)
    (old,) = old_imagery(archive.database, archive.files, days=DAYS, now=LATER)
    assert old.keeps is why
    archive.let_go()
    assert archive.there(PICTURES) == list(PICTURES)
    with pytest.raises(NotAllowedError), archive.database.transaction() as connection:
        remove_imagery(connection, archive.flight, body={}, now=LATER)


def test_imagery_under_work_stays(archive: Archive) -> None:
    with archive.database.transaction() as connection:
        new = NewFlight(district=next(iter(archive.survey.people["uploader"].districts)), name="new",
                        uploaded_by=archive.survey.people["uploader"].id)  # fmt: skip
        running = create_flight(connection, new, now=NOW)
    with pytest.raises(NotAllowedError, match="works on"), archive.database.transaction() as connection:
        remove_imagery(connection, running.id, body={}, now=LATER)
    kept = {old.flight.id: old.keeps for old in old_imagery(archive.database, archive.files, days=DAYS, now=LATER)}
    assert kept == {archive.flight: Keeps.QUESTION, running.id: Keeps.WORK}


def test_a_removal_without_its_leaf_is_none(archive: Archive) -> None:
    reject_all(archive)
    with archive.database.snapshot() as connection:
        last = connection.execute(text("SELECT MAX(position) FROM ledger")).scalar()
    statement = f"INSERT INTO imagery_removals VALUES ('{archive.flight}', '{utc_text(LATER)}', {last})"
    with pytest.raises(NotAllowedError, match="needs its leaf"), archive.database.transaction() as connection:
        connection.execute(text(statement))


def test_nobody_judges_what_cannot_be_seen_any_more(archive: Archive) -> None:
    given = reject_all(archive)
    archive.let_go()
    survey = archive.survey
    attempts: list[Callable[..., object]] = [
        lambda c: decide(c, survey.sessions["ada"], ruling(ONE_READ, Verdict.CONFIRM, corrects=given), now=survey.now),
        lambda c: take_lease(c, survey.people["dou"], ONE_READ, now=survey.now),
        lambda c: add_controls(c, [known_ground(archive)], by=survey.people["manager"].id, now=survey.now),
        lambda c: c.execute(text("DELETE FROM imagery_removals")),
        lambda c: c.execute(text("UPDATE imagery_removals SET leaf = 1")),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowedError), archive.database.transaction() as connection:
            attempt(connection)


def test_a_flight_without_imagery_is_not_tried_again(archive: Archive) -> None:
    with archive.database.transaction() as connection:
        person = archive.survey.people["uploader"]
        new = NewFlight(district=next(iter(person.districts)), name="broken", uploaded_by=person.id)
        broken = create_flight(connection, new, now=NOW).id
        move_flight(connection, broken, FlightState.CANCELLED, now=NOW, reason="wrong file")
    assert [flight.id for flight in archive.let_go().flights] == [broken]
    refused = pytest.raises(NotAllowedError, match="imagery of this flight was removed")
    with refused, archive.database.transaction() as connection:
        move_flight(connection, broken, FlightState.CHECKING, now=LATER, reason="again")


def test_no_more_goes_at_once_than_is_asked_for(archive: Archive) -> None:
    person = archive.survey.people["uploader"]
    with archive.database.transaction() as connection:
        for name in ("one", "two", "three"):
            new = NewFlight(district=next(iter(person.districts)), name=name, uploaded_by=person.id)
            flight = create_flight(connection, new, now=NOW).id
            move_flight(connection, flight, FlightState.CANCELLED, now=NOW, reason="wrong file")
    names = [
        [flight.name for flight in let_go(archive.database, archive.files, days=DAYS, now=LATER, most=2).flights]
        for _ in range(3)
    ]
    assert [len(gone) for gone in names] == [2, 1, 0]
    assert {name for gone in names for name in gone} == {"one", "two", "three"}


def test_bytes_that_another_flight_needs_stay_and_bytes_handed_in_again_are_a_new_flight(archive: Archive) -> None:
    reject_all(archive)
    person = archive.survey.people["uploader"]
    district = next(iter(person.districts))
    with archive.database.transaction() as connection:
        new = NewFlight(district=district, name="twin", uploaded_by=person.id)
        twin = create_flight(connection, new, now=NOW).id
    archive.arrive(twin)

    archive.let_go()
    assert archive.there(PICTURES) == []
    assert archive.files.original(archive.sha256).read_bytes() == BYTES

    with archive.database.transaction() as connection:
        move_flight(connection, twin, FlightState.CANCELLED, now=LATER, reason="a twin")
    archive.let_go()
    with pytest.raises(NotFoundError):
        archive.files.original(archive.sha256)

    arrived = archive.files.arriving / "again"
    arrived.write_bytes(BYTES)
    flight = NewFlight(district=district, name="again", uploaded_by=person.id)
    arrival = Arrival(path=arrived, upload=archive.upload("again"), flight=flight)
    entered = enter(archive.database, archive.files, person, arrival, now=LATER)
    assert not entered.already
    archive.let_go()
    assert archive.files.original(archive.sha256).read_bytes() == BYTES


def test_what_was_written_down_and_then_interrupted_goes_the_next_time(archive: Archive) -> None:
    reject_all(archive)
    with archive.database.transaction() as connection:
        remove_imagery(connection, archive.flight, body={}, now=LATER)
    assert archive.there(PICTURES) == list(PICTURES)
    gone = archive.let_go()
    assert gone.flights == ()
    assert gone.bytes_freed == sum(len(name) for name in PICTURES) + len(BYTES)
    assert archive.there(PICTURES) == []


def _leaves(archive: Archive) -> list[tuple[str, str]]:
    with archive.database.snapshot() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT kind, body FROM ledger"))]  # type: ignore[misc]


def test_a_challenger_is_not_held_against_flights_that_nobody_can_scan_again(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    flown.scan(office, office.fly("Empty slope"), flown.Ground(flags=False))
    bureau = Bureau(
        database=office.database, files=office.desk.files, settings=Settings(), person=office.people["manager"]
    )
    with pytest.raises(NotFoundError, match="no model bundle"):
        shadow(bureau, (tmp_path, tmp_path), tmp_path / "out", most=5, report=say_nothing)
    let_go(office.database, office.desk.files, days=DAYS, now=office.clock() + timedelta(days=DAYS))
    assert shadow(bureau, (tmp_path, tmp_path), tmp_path / "out", most=5, report=say_nothing) == ()
    office.database.close()
