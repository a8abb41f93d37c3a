"""Visits: confirmed flags reach field teams in an order of travel, and what they find is kept as they said it."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import morecantile
import pytest
from databases import NOW
from PIL import Image
from sqlalchemy import event, text
from visited import EAST, Field, confirm, open_field, second_team

from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.people import Role
from pipeline.errors import InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.errands import stops_of
from pipeline.store.files import Files
from pipeline.store.stops import turn_switch
from pipeline.store.visits import Visit
from pipeline.workflow.keep_visits import squares_of
from pipeline.workflow.take_finding import Came, take_finding
from pipeline.workflow.visit import Report, open_visit, photograph_of, plan_visits, report_found, told_of, travel

LATER = NOW.replace(hour=23)


@pytest.fixture
def field(database: Database) -> Field:
    return open_field(database)


def planned(field: Field) -> tuple[Visit, ...]:
    return plan_visits(field.database, field.manager, field.district, now=LATER)


def found(field: Field, files: Files, visit: Visit, report: Report) -> None:
    report_found(field.database, files, field.team, visit.id, report, now=LATER)


def photograph(colour: str = "green", **options: object) -> bytes:
    sent = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Maker of phones"
    exif.get_ifd(0x8825).update({1: "N", 2: (25.0, 1.0, 30.0), 3: "E", 4: (100.0, 0.0, 0.0)})
    Image.new("RGB", (64, 48), colour).save(sent, "JPEG", exif=exif, **options)
    return sent.getvalue()


def test_confirmed_flags_become_visits_in_an_order_of_travel(field: Field) -> None:
    before = travel(field.database, field.team, field.district)
    assert (before.waiting, before.stops) == (4, ())
    assert {visit.flag for visit in planned(field)} == {FlagId(f"road-F0000{number}") for number in (1, 2, 3, 4)}
    route = travel(field.database, field.team, field.district, (99.99, 25.0))
    assert [stop.flag.outline.bounds[0] for stop in route.stops] == sorted(EAST)
    assert all(900 < leg < 1100 for leg in route.legs_m)
    assert route.length_m == sum(route.legs_m)
    assert route.waiting == 0
    assert [reading.verdict.value for reading in route.stops[0].readings] == ["confirm", "confirm"]
    with pytest.raises(InvalidInputError, match="nothing is waiting"):
        planned(field)


def test_audited_ground_is_visited_once_two_readers_confirmed_it_and_controls_never(field: Field) -> None:
    confirm(field.survey, FlagId("road-A1"))
    flags = {visit.flag for visit in planned(field)}
    assert "road-A1" in flags
    assert "road-C1" not in flags


def test_field_teams_release_nothing_and_nobody_does_while_all_is_stopped(field: Field) -> None:
    with pytest.raises(NotAllowedError, match="manager"):
        plan_visits(field.database, field.team, field.district, now=LATER)
    with field.database.transaction() as connection:
        turn_switch(connection, field.manager, stopped=True, reason="a doubt", now=LATER)
    with pytest.raises(NotAllowedError, match="stopped"):
        planned(field)
    assert travel(field.database, field.team, field.district).stops == ()


def test_visits_exist_for_field_and_managers_of_the_district_alone(field: Field, tmp_path: Path) -> None:
    visit = planned(field)[0]
    reader = field.survey.people["ada"]
    stranger = replace(field.survey.people["stranger"], roles=frozenset({Role.FIELD}))
    for person, refusal in ((reader, NotAllowedError), (stranger, NotFoundError)):
        with pytest.raises(refusal):
            travel(field.database, person, field.district)
        with pytest.raises(refusal):
            open_visit(field.database, person, visit.id)
        with pytest.raises(refusal):
            report_found(
                field.database, Files(tmp_path), person, visit.id, Report(outcome=FlagStatus.ABSENT), now=LATER
            )
    assert not (tmp_path / "pictures").exists()


def test_what_was_found_is_kept_once_with_a_photograph_that_tells_no_place(field: Field, tmp_path: Path) -> None:
    visit, files = planned(field)[0], Files(tmp_path)
    report = Report(
        outcome=FlagStatus.LOOK_ALIKE, note="东侧", look_alike=" corn  poppy ", accuracy_m=4.5, photograph=photograph()
    )
    found(field, files, visit, report)
    stop, told = open_visit(field.database, field.manager, visit.id)
    assert stop.flag.status is FlagStatus.LOOK_ALIKE
    assert told is not None
    assert (told.look_alike, told.accuracy_m, told.note) == ("corn poppy", 4.5, "东侧")
    assert told.photograph_sha256 is not None
    path = photograph_of(field.database, files, field.manager, visit.id, told.photograph_sha256)
    with Image.open(path) as kept:
        assert (kept.size, dict(kept.getexif()), kept.info.get("exif")) == ((64, 48), {}, None)
    for again in (report, Report(outcome=FlagStatus.VERIFIED)):
        with pytest.raises(NotAllowedError, match="already"):
            found(field, files, visit, again)
    with pytest.raises(NotFoundError):
        photograph_of(field.database, files, field.manager, visit.id, "0" * 64)
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (Report(outcome=FlagStatus.LOOK_ALIKE), "what grows there instead"),
        (Report(outcome=FlagStatus.ABSENT, look_alike="maize"), "of a look-alike only"),
        (Report(outcome=FlagStatus.REJECTED), "does not find"),
        (Report(outcome=FlagStatus.VERIFIED, accuracy_m=float("nan")), "a number of metres"),
        (Report(outcome=FlagStatus.VERIFIED, accuracy_m=0.0), "a number of metres"),
        (Report(outcome=FlagStatus.VERIFIED, note="n" * 1001), "1,000 letters"),
        (Report(outcome=FlagStatus.VERIFIED, photograph=b"\0\0\0\x18ftypheic" + bytes(200)), "is a JPEG"),
        (Report(outcome=FlagStatus.VERIFIED, photograph=photograph()[:300]), "no picture that can be read"),
        (Report(outcome=FlagStatus.VERIFIED, photograph=bytes(12 * 1024**2 + 1)), "larger than 12 MB"),
    ],
    ids=["which", "not_one", "verdict", "nan", "exact", "long", "heic", "cut", "heavy"],
)
def test_what_cannot_be_so_leaves_nothing_behind(field: Field, tmp_path: Path, report: Report, sentence: str) -> None:
    visit = planned(field)[0]
    with pytest.raises(InvalidInputError, match=sentence):
        found(field, Files(tmp_path), visit, report)
    assert open_visit(field.database, field.team, visit.id)[1] is None
    assert not (tmp_path / "pictures").exists()


def test_no_access_is_planned_again(field: Field, tmp_path: Path) -> None:
    visit = planned(field)[0]
    found(field, Files(tmp_path), visit, Report(outcome=FlagStatus.NO_ACCESS))
    route = travel(field.database, field.team, field.district)
    assert (route.waiting, [stop.visit.id for stop in route.ended]) == (1, [visit.id])
    again = planned(field)
    assert [(one.flag, one.number) for one in again] == [(visit.flag, 2)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE visits SET note = 'else' WHERE outcome IS NOT NULL",
        "UPDATE visit_details SET look_alike = 'maize'",
        "UPDATE visit_details SET photograph_sha256 = NULL",
        "DELETE FROM visit_details",
        (
            "INSERT INTO visit_details (visit_id, look_alike, leaf) "
            "SELECT visits.id, '', (SELECT MAX(position) FROM ledger) FROM visits WHERE outcome IS NULL"
        ),
    ],
)
def test_the_database_lets_nobody_alter_a_finding(field: Field, tmp_path: Path, statement: str) -> None:
    """Not even the team at once, while its leaf is the newest."""
    visit = planned(field)[0]
    report = Report(outcome=FlagStatus.LOOK_ALIKE, look_alike="corn poppy", photograph=photograph())
    found(field, Files(tmp_path), visit, report)
    with pytest.raises(NotAllowedError), field.database.transaction() as connection:
        connection.execute(text(statement))


def test_of_two_findings_at_once_one_counts_and_the_other_leaves_no_photograph(field: Field, tmp_path: Path) -> None:
    second_team(field)
    visit, files, start = planned(field)[0], Files(tmp_path), Barrier(2)

    def find(name: str, colour: str) -> bool:
        report = Report(outcome=FlagStatus.VERIFIED, photograph=photograph(colour=colour))
        start.wait()
        try:
            report_found(field.database, files, field.survey.people[name], visit.id, report, now=LATER)
        except NotAllowedError:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(find, ("field", "second"), ("green", "blue"))) == [False, True]
    (told,) = told_of(field.database, field.team, visit.id)
    assert [path.stem for path in (tmp_path / "pictures").iterdir()] == [told.finding.photograph_sha256]


def test_findings_of_two_phones_at_once_are_both_written_down(field: Field, tmp_path: Path) -> None:
    second_team(field)
    visit, files, start = planned(field)[0], Files(tmp_path), Barrier(4)

    def send(name: str, finding: str) -> Came:
        report = Report(outcome=FlagStatus.VERIFIED, note=name, photograph=photograph(), id=finding * 32, made_at=NOW)
        start.wait()
        return take_finding(field.database, files, field.survey.people[name], visit.id, report, now=LATER).came

    with ThreadPoolExecutor(4) as threads:
        came = list(threads.map(send, ("field", "second") * 2, "abab"))
    assert came[:2] == came[2:]
    assert set(came) == {Came.FIRST, Came.BESIDE}
    told = told_of(field.database, field.team, visit.id)
    assert [(one.beside, one.finding.made_at) for one in told] == [(False, NOW), (True, NOW)]
    assert {one.finding.note for one in told} == {"field", "second"}
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()


def test_an_id_with_other_content_is_written_down_beside_the_first_and_nothing_is_lost(
    field: Field, tmp_path: Path
) -> None:
    visit, files = planned(field)[0], Files(tmp_path)
    first = Report(outcome=FlagStatus.ABSENT, note="bare soil", photograph=photograph(), id="a" * 32, made_at=NOW)
    others = [
        replace(first, note="bare soil, ploughed"),
        replace(first, photograph=photograph("blue")),
        replace(first, photograph=b""),
        replace(first, accuracy_m=4.0),
        replace(first, outcome=FlagStatus.VERIFIED),
    ]

    def taken(report: Report) -> tuple[Came, str | None]:
        sent = take_finding(field.database, files, field.team, visit.id, report, now=LATER)
        assert sent.standing.finding.note == "bare soil"
        assert (sent.mine.finding.note, sent.mine.finding.outcome) == (report.note, report.outcome)
        return sent.came, sent.mine.finding.photograph_sha256

    once = [taken(report) for report in (first, replace(first, made_at=LATER), *others)]
    assert [came for came, _ in once] == [Came.FIRST] * 2 + [Came.BESIDE] * 5
    assert [taken(report) for report in (first, first, *others)] == once
    told = told_of(field.database, field.team, visit.id)
    assert [telling.beside for telling in told] == [False, True, True, True, True, True]
    for sha256 in {telling.finding.photograph_sha256 for telling in told} - {None}:
        assert photograph_of(field.database, files, field.team, visit.id, str(sha256)).is_file()
    with field.database.snapshot() as connection:
        assert audit(connection).wrong == ()


def test_questions_to_the_database_do_not_grow_with_the_visits(field: Field) -> None:
    visits = planned(field)

    def asked(some: tuple[Visit, ...]) -> int:
        statements: list[str] = []
        with field.database.snapshot() as connection:
            event.listen(connection, "before_cursor_execute", lambda *of: statements.append(of[2]))
            assert len(stops_of(connection, field.team, some)) == len(some)
        return len(statements)

    assert asked(visits) == asked(visits[:1]) <= 5  # SQLite begins with one of its own


def test_squares_of_a_visit_hold_its_plot_and_are_few(field: Field) -> None:
    planned(field)
    for stop in travel(field.database, field.team, field.district).stops:
        squares = list(squares_of(stop))
        assert {one.zoom for one in squares} == {15, 16, 17, 18}
        assert len(squares) <= 16
        east, north = stop.point
        for zoom in (15, 18):
            side = 360 / 2**zoom
            assert any(one.column * side <= east + 180 < (one.column + 1) * side for one in squares if one.zoom == zoom)
        deepest = morecantile.tms.get("WebMercatorQuad").tile(east, north, 18)
        assert (deepest.x, deepest.y) in {(one.column, one.row) for one in squares if one.zoom == 18}
