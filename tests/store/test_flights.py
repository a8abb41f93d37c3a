"""Flights: their life, their steps, and what the machine makes of them."""

from datetime import date, timedelta

import pytest
from databases import NOW, a_district
from flights import a_flight, a_scan, a_surveyor, moved
from survey import SQUARE, raised

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import ALLOWED, FlightId, FlightState, FlightStep, StepState
from pipeline.domain.geometry import Extent, Georeference, Size
from pipeline.domain.orthomosaic import MaskOrigin, Orthomosaic
from pipeline.domain.people import Person
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.database import Database
from pipeline.store.flags import find_flag, flags_of_flight, insert_flags, is_read_twice
from pipeline.store.flight_list import Wish, list_flights
from pipeline.store.flights import describe_flight, find_flight, move_flight
from pipeline.store.ledger import history
from pipeline.store.scans import orthomosaic_of, record_orthomosaic, record_scan, scans_of
from pipeline.store.steps import begin_step, end_step, report_step, steps_of


def test_a_flight_comes_back_as_made_with_its_steps_waiting(database: Database) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    made = a_flight(database, person, district.id, flown_on=date(2026, 11, 25), note="雾")
    with database.snapshot() as connection:
        assert find_flight(connection, person, made.id) == made
        assert [step.state for step in steps_of(connection, made.id)] == [StepState.WAITING] * len(FlightStep)


def test_a_flight_of_another_district_does_not_exist(database: Database) -> None:
    north, south = a_district(database, "北"), a_district(database, "南")
    mine, other = a_surveyor(database, "li.na", north.id), a_surveyor(database, "wang", south.id)
    flight = a_flight(database, mine, north.id)
    with database.snapshot() as connection:
        for person, wanted in ((other, flight.id), (mine, FlightId("nothing"))):
            with pytest.raises(NotFoundError, match="^there is no such flight$"):
                find_flight(connection, person, wanted)
        assert list_flights(connection, other, Wish()).total == 0


def test_what_could_not_be_flown_is_a_flight_with_a_reason(database: Database) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    with pytest.raises(InvalidInputError, match="reason"):
        a_flight(database, person, district.id, state=FlightState.NOT_FLOWN)
    flight = a_flight(database, person, district.id, state=FlightState.NOT_FLOWN, reason="fog")
    with database.snapshot() as connection:
        assert steps_of(connection, flight.id) == ()


@pytest.mark.parametrize(
    "change",
    [{"name": " "}, {"name": "n" * 201}, {"state": FlightState.SCANNED}, {"flown_on": date(2026, 11, 29)}],
)
def test_a_flight_that_cannot_be_is_refused(database: Database, change: dict[str, object]) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    with pytest.raises(InvalidInputError):
        a_flight(database, person, district.id, **{"name": "n", **change})  # type: ignore[arg-type]


@pytest.mark.parametrize("state", list(FlightState))
def test_a_flight_moves_as_its_life_allows_and_no_other_way(database: Database, state: FlightState) -> None:
    ways = {
        FlightState.CHECKING: [FlightState.CHECKING],
        FlightState.SCANNING: [FlightState.CHECKING, FlightState.SCANNING],
        FlightState.SCANNED: [FlightState.CHECKING, FlightState.SCANNING, FlightState.SCANNED],
        FlightState.UNUSABLE: [FlightState.CHECKING, FlightState.UNUSABLE],
        FlightState.FAILED: [FlightState.FAILED],
        FlightState.CANCELLED: [FlightState.CANCELLED],
    }
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    begins = FlightState.NOT_FLOWN if state is FlightState.NOT_FLOWN else FlightState.RECEIVED
    for to in FlightState:
        flight = moved(
            database, a_flight(database, person, district.id, state=begins, reason="r"), *ways.get(state, [])
        )
        assert flight.state is state
        if to in ALLOWED[state]:
            assert moved(database, flight, to).state is to
        else:
            with pytest.raises(ConflictError, match="cannot become"):
                moved(database, flight, to)


def test_a_retry_asks_for_a_reason_and_starts_every_step_again(database: Database) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    flight = moved(database, a_flight(database, person, district.id), FlightState.CHECKING)
    with database.transaction() as connection:
        begin_step(connection, flight.id, FlightStep.INTAKE, now=NOW)
        report_step(connection, flight.id, FlightStep.INTAKE, done=3, total=4, unit="strips")
        assert steps_of(connection, flight.id)[0].share == pytest.approx(0.75)
    moved(database, flight, FlightState.FAILED)
    with database.transaction() as connection:
        assert steps_of(connection, flight.id)[0].state is StepState.FAILED
        with pytest.raises(InvalidInputError, match="reason"):
            move_flight(connection, flight.id, FlightState.CHECKING, now=NOW)
        again = move_flight(connection, flight.id, FlightState.CHECKING, reason="disk is mended", by=person.id, now=NOW)
        assert again.reason == ""
        assert {step.state for step in steps_of(connection, flight.id)} == {StepState.WAITING}
        assert [leaf.kind for leaf in history(connection, flight.id)] == ["flight.received", *["flight.moved"] * 3]


def test_a_step_begun_again_after_a_kill_keeps_its_first_time(database: Database) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    flight = a_flight(database, person, district.id)
    with database.transaction() as connection:
        begin_step(connection, flight.id, FlightStep.SCAN, now=NOW)
        begin_step(connection, flight.id, FlightStep.SCAN, now=NOW + timedelta(hours=1))
        end_step(connection, flight.id, FlightStep.SCAN, now=NOW + timedelta(hours=2), message="done")
        step = steps_of(connection, flight.id)[2]
    assert (step.started_at, step.ended_at, step.share) == (NOW, NOW + timedelta(hours=2), 1.0)


def test_facts_of_a_flight_are_kept(database: Database) -> None:
    district = a_district(database)
    me = a_surveyor(database, "li.na", district.id)
    flight = a_flight(database, me, district.id)
    extent = Extent(west=100.0, south=25.0, east=100.1, north=25.1)
    with database.transaction() as connection:
        describe_flight(connection, flight.id, extent=extent, area_m2=10.0, gsd_m=0.02)
        found = find_flight(connection, me, flight.id)
        assert (found.extent, found.area_m2, found.gsd_m) == (extent, 10.0, 0.02)


def test_an_orthomosaic_and_a_scan_are_recorded_once(database: Database) -> None:
    district = a_district(database)
    flight = a_flight(database, a_surveyor(database, "li.na", district.id), district.id)
    place = Georeference(crs="EPSG:32647", left=1.0, top=2.0, pixel_width=0.02, pixel_height=0.02)
    mosaic = Orthomosaic(
        name="a.tif",
        original_sha256="c" * 64,
        original_bytes=7,
        size=Size(width_px=4, height_px=5),
        georeference=place,
        mask_origin=MaskOrigin.ALPHA,
        notes=("一", "two"),
    )
    with database.transaction() as connection:
        with pytest.raises(NotFoundError):
            orthomosaic_of(connection, flight.id)
        for _ in range(2):
            record_orthomosaic(connection, flight.id, mosaic, now=NOW)
            record_scan(connection, a_scan(flight), now=NOW)
        assert orthomosaic_of(connection, flight.id) == mosaic
        assert scans_of(connection, flight.id) == (a_scan(flight),)
        assert [leaf.kind for leaf in history(connection, flight.id)][1:] == ["orthomosaic.made", "scan.recorded"]
        other = Orthomosaic(
            **{**{name: getattr(mosaic, name) for name in Orthomosaic.__slots__}, "original_sha256": "d"}
        )
        with pytest.raises(ConflictError):
            record_orthomosaic(connection, flight.id, other, now=NOW)


def test_flags_of_a_scan_are_stored_once(database: Database) -> None:
    district = a_district(database)
    person = a_surveyor(database, "li.na", district.id)
    flight = a_flight(database, person, district.id)
    with database.transaction() as connection:
        record_scan(connection, a_scan(flight), now=NOW)
        assert insert_flags(connection, a_scan(flight), [raised("F00001")], now=NOW) == 1
        assert insert_flags(connection, a_scan(flight), [raised("F00001"), raised("F00002")], now=NOW) == 1
        found = flags_of_flight(connection, flight.id)
        assert [(flag.label, flag.status) for flag in found] == [
            ("F00001", FlagStatus.UNREVIEWED),
            ("F00002", FlagStatus.UNREVIEWED),
        ]
        assert found[0].outline.equals(SQUARE)
        assert find_flag(connection, person, found[0].id) == found[0]
        stranger = Person(id=person.id, name="x", roles=person.roles)
        with pytest.raises(NotFoundError):
            find_flag(connection, stranger, found[0].id)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_the_share_of_rejections_read_twice_is_the_one_asked_for(share: float) -> None:
    twice = sum(is_read_twice(f"scan-F{number:05d}", share) for number in range(2000))
    assert abs(twice / 2000 - share) < 0.05
