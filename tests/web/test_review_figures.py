"""Figures of reviews: nothing without its n, nothing that tells which item was a control, and alarms."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from offices import HASHED, NOON, Office, sign_in
from survey import looked, ruling

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagOrigin
from pipeline.domain.people import Person, Role
from pipeline.domain.watching import Truth
from pipeline.store.bands import band_of
from pipeline.store.controls import (
    AuditedPlace,
    Control,
    add_controls,
    insert_audit,
    insert_control_item,
    new_control_id,
)
from pipeline.store.decisions import decide
from pipeline.store.flags import RaisedFlag, get_flag, insert_flags
from pipeline.store.scans import Scan, ScanId, record_scan
from pipeline.store.sessions import begin_session
from pipeline.workflow.figures import figures, own_figures

YES, NO, UNSURE = Verdict.CONFIRM, Verdict.REJECT, Verdict.UNSURE


def raised(label: str) -> RaisedFlag:
    import shapely

    square = shapely.box(111.65, 40.8, 111.6501, 40.8001)
    return RaisedFlag(
        label=label, outline=square, class_name="red", score=0.6, area_m2=9.0, cells=3, model="m", threshold=0.5
    )


class Campaign:
    """A flight with flags, audited places and controls, and readers who say what they are told."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.flight = office.fly("field", by="surveyor")
        self.scan = Scan(
            id=ScanId("scan"),
            flight=self.flight.id,
            model="m",
            model_sha256="a" * 64,
            original_sha256="b" * 64,
            record={},
            recorded_at=NOON,
        )
        self.readers: dict[str, Person] = {}
        with office.database.transaction() as connection:
            record_scan(connection, self.scan, now=NOON)
            for name in ("ada", "bai"):
                new = NewReader(name, office)
                self.readers[name] = new.add(connection)

    def ask(self, number: int, origin: FlagOrigin, truth: Truth = Truth.TARGET) -> list[str]:
        labels = [f"{origin}-{truth}-{one}" for one in range(number)]
        with self.office.database.transaction() as connection:
            for label in labels:
                if origin is FlagOrigin.SCAN:
                    insert_flags(connection, self.scan, [raised(label)], now=NOON, second_read=1.0)
                elif origin is FlagOrigin.AUDIT:
                    place = AuditedPlace(raised=raised(label), stratum=0, cells=100, drawn=number)
                    insert_audit(connection, self.scan, [place], now=NOON, second_read=1.0)
                else:
                    control = Control(
                        id=new_control_id(),
                        flight=self.flight.id,
                        truth=truth,
                        outline=raised(label).outline,
                        room_m=9.0,
                        score=0.6,
                        source="known.gpkg",
                        source_sha256="c" * 64,
                    )
                    add_controls(connection, [control], by=self.office.people["manager"].id, now=NOON)
                    insert_control_item(connection, control, raised(label), now=NOON, second_read=0.0)
        return [f"scan-{label}" for label in labels]

    def say(self, name: str, flag: str, verdict: Verdict, seconds: float = 5.0) -> None:
        now, reader = self.office.clock(), self.readers[name]
        with self.office.database.transaction() as connection:
            _, session = begin_session(connection, reader.id, now=now)
            looked(connection, reader, flag, now=now)  # type: ignore[arg-type]
            said = ruling(flag, verdict)  # type: ignore[arg-type]
            decide(connection, session, type(said)(**_with(said, seconds)), now=now)


def _with(said: object, seconds: float) -> dict[str, object]:
    return {name: getattr(said, name) for name in said.__slots__} | {"seconds_looked": seconds}  # type: ignore[attr-defined]


class NewReader:
    def __init__(self, name: str, office: Office) -> None:
        self.name, self.office = name, office

    def add(self, connection: object) -> Person:
        from pipeline.store.people import NewPerson, add_person

        new = NewPerson(
            name=self.name,
            password_hash=HASHED,
            roles=frozenset({Role.REVIEWER}),
            districts=frozenset({self.office.east.id}),
        )
        return add_person(connection, new, by=None, now=NOON)  # type: ignore[arg-type]


@pytest.fixture
def campaign(office: Office) -> Campaign:
    return Campaign(office)


def test_the_lead_sees_each_number_with_its_n(campaign: Campaign, client: TestClient) -> None:
    for flag in campaign.ask(24, FlagOrigin.SCAN):
        campaign.say("ada", flag, YES, 4.0)
        campaign.say("bai", flag, NO if flag.endswith(("1", "2")) else YES, 6.0)
    for flag in campaign.ask(6, FlagOrigin.AUDIT):
        campaign.say("ada", flag, NO)
        campaign.say("bai", flag, NO)
    for flag in campaign.ask(4, FlagOrigin.CONTROL):
        campaign.say("ada", flag, YES)
    for flag in campaign.ask(5, FlagOrigin.CONTROL, Truth.CLEAR):
        campaign.say("ada", flag, UNSURE)
    campaign.office.clock.forward(minutes=1)
    found = figures(campaign.office.database, campaign.office.people["manager"], now=campaign.office.clock())
    ada, bai = found.readers
    assert (ada.name, ada.readings, ada.median_seconds, ada.with_model.hits) == ("ada", 30, 4.0, 30)
    assert (ada.marks.hits.hits, ada.marks.false_alarms.hits, ada.marks.unsure) == (4, 0, 5)
    assert (bai.readings, bai.marks.controls, bai.marks.missing) == (30, 0, 100)
    assert (found.agreement.alike.n, found.agreement.ac1 is not None) == (30, True)
    assert (found.misses.n, found.misses.found, found.unread_places) == (6, 0, 0)
    assert not found.comparable
    page = sign_in(client, "manager").get("/review/lead").text
    for told in ("n = 30", "more controls needed", "East county", "Gwet"):
        assert told in page, told
    assert client.get("/api/v1/review/figures").json()["misses"]["n"] == 6


def test_who_always_goes_with_the_model_raises_an_alarm_and_who_does_not_looks(campaign: Campaign) -> None:
    for flag in campaign.ask(101, FlagOrigin.SCAN):
        campaign.say("ada", flag, YES)
        campaign.say("bai", flag, NO if flag.endswith("7") else YES)
    campaign.office.clock.forward(minutes=1)
    found = figures(campaign.office.database, campaign.office.people["manager"], now=campaign.office.clock())
    assert [(reader.name, reader.is_alarming) for reader in found.readers] == [("ada", True), ("bai", False)]


def test_of_ground_that_is_read_in_part_nothing_is_claimed(campaign: Campaign) -> None:
    first, *others = campaign.ask(3, FlagOrigin.AUDIT)
    campaign.say("ada", first, NO)
    campaign.say("bai", first, NO)

    def found() -> tuple[int, float, int]:
        told = figures(campaign.office.database, campaign.office.people["manager"], now=campaign.office.clock())
        return told.misses.n, told.misses.high, told.unread_places

    assert found() == (0, 1.0, 2), "one of three drawn places was read"
    for flag in others:
        campaign.say("ada", flag, NO)
        campaign.say("bai", flag, NO)
    assert (found()[0], found()[2]) == (3, 0)


def test_a_band_counts_what_two_have_read(campaign: Campaign) -> None:
    twice = campaign.ask(4, FlagOrigin.SCAN)
    with campaign.office.database.transaction() as connection:
        once = [raised(f"once-{number}") for number in range(5)]
        insert_flags(connection, campaign.scan, once, now=NOON, second_read=0.0)
    for number, flag in enumerate(twice[:3]):
        for name in ("ada", "bai"):
            campaign.say(name, flag, YES if number else NO)
    for one in once:
        campaign.say("ada", f"scan-{one.label}", NO)
    with campaign.office.database.snapshot() as connection:
        band = band_of(connection, get_flag(connection, FlagId(twice[3])))
    assert (band.read, band.confirmed) == (3, 2), "five were rejected by a single reader"


def test_ones_own_figures_end_with_yesterday_so_that_no_control_shows(campaign: Campaign, client: TestClient) -> None:
    (control,) = campaign.ask(1, FlagOrigin.CONTROL)
    campaign.say("ada", control, NO)
    page = sign_in(client, "ada")
    before = page.get("/review/mine").text
    assert "none yet" in before
    campaign.office.clock.forward(days=1)
    after = sign_in(client, "ada").get("/review/mine").text
    assert "0\u00a0%" in after
    own = own_figures(
        campaign.office.database, campaign.readers["ada"], until=campaign.office.clock() + timedelta(hours=1)
    )
    assert (own.figures.readings, own.figures.marks.hits.n) == (0, 1)


@pytest.mark.parametrize(
    ("name", "page", "status"),
    [
        ("manager", "/review/mine", 403),
        ("reviewer", "/review/lead", 403),
        ("reviewer", "/api/v1/review/figures", 403),
        ("administrator", "/review/lead", 403),
        ("surveyor", "/review/key", 403),
        ("reviewer", "/review/key", 200),
        ("reviewer", "/review/mine", 200),
        ("manager", "/review/lead", 200),
    ],
)
def test_each_role_sees_its_own_page(client: TestClient, name: str, page: str, status: int) -> None:
    assert sign_in(client, name).get(page).status_code == status


def test_another_districts_readings_do_not_count(campaign: Campaign, office: Office) -> None:
    (flag,) = campaign.ask(1, FlagOrigin.SCAN)
    campaign.say("ada", flag, YES)
    with office.database.transaction() as connection:
        from pipeline.store.people import NewPerson, add_person

        new = NewPerson(
            name="westlead",
            password_hash=HASHED,
            roles=frozenset({Role.MANAGER}),
            districts=frozenset({office.west.id}),
        )
        lead = add_person(connection, new, by=None, now=NOON)
    found = figures(office.database, lead, now=office.clock())
    assert (found.readers, found.backlog, found.agreement.alike.n) == ((), (), 0)
