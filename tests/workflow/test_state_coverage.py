"""The statement says what the record supports, beside what it rests on; what it does not support, it says in words."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from databases import NOW, a_person
from found import record_finding
from typer.testing import CliRunner
from visited import open_field

from pipeline.cli import build_app
from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagId, FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.misses import misses
from pipeline.domain.people import Role
from pipeline.domain.watching import Truth
from pipeline.errors import PlotwatchError
from pipeline.imagery.looked import Looked, degrees_in_plane
from pipeline.store.areas import Source, SurveyArea, import_areas
from pipeline.store.database import Database
from pipeline.store.districts import list_districts
from pipeline.store.flights import find_flight
from pipeline.store.ground import regions_of
from pipeline.store.ground_basis import FlownOver, PaidVisit
from pipeline.store.scans import ScanId
from pipeline.store.visits import VisitId, plan_visit
from pipeline.web.languages import Language, read_catalogue, read_translations
from pipeline.web.sentences import Sentences
from pipeline.workflow import state_coverage
from pipeline.workflow.cover import cover_new_areas, cover_scan
from pipeline.workflow.state_coverage import Basis, conclude
from pipeline.workflow.verify_statement import verify_statement
from tests.workflow.test_cover import DAY, Land

if TYPE_CHECKING:
    from pipeline.store.scans import Scan

CHINESE = Sentences(read_translations(Language.CHINESE), read_catalogue(Language.CHINESE))
WINDOW = Window(first=DAY, last=DAY + timedelta(days=9))
CLAIM = {"n_plots": 300, "n_found": 296, "holds": True, "sentence": "at least 95 %"}


class _Scan:
    def __init__(self, claim: Mapping[str, Any]) -> None:
        self.record = {"claim": claim}


def flown(claim: Mapping[str, Any]) -> FlownOver:
    return FlownOver(scan=cast("Scan", _Scan(claim)), name="north", day=DAY)


def a_basis(**changed: Any) -> Basis:
    held: dict[str, Any] = {
        "flown": (flown(CLAIM),),
        "flags": {FlagStatus.REJECTED: 3, FlagStatus.ABSENT: 1},
        "visits": (),
        "readings": ((Truth.TARGET, Verdict.CONFIRM),) * 98 + ((Truth.TARGET, Verdict.REJECT),) * 2,
        "audit": misses([]),
        "unread": 0,
        "leaves": 1,
        "newest": "a" * 64,
    }
    return Basis(**(held | changed))


def test_with_nothing_found_it_says_how_few_plots_may_remain_beside_the_factors() -> None:
    said = conclude(a_basis(), share=1.0)
    assert said.absence is not None
    factors = said.absence["factors"]
    assert factors["coverage"] == 1.0
    assert 0.95 < factors["model"] < 296 / 300
    assert said.absence["found_with_at_least"] == pytest.approx(np.prod(list(factors.values())))
    sure = said.absence["confidence_that_at_most"]
    assert sure["0"] < sure["1"] < 0.975
    assert said.absence["at_most_with_95_percent"] == 1
    assert said.not_supported == [
        "no clear ground was read at random, so the model's misses are not checked on this land"
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"flown": ()}, "nothing was flown"),
        ({"flags": {FlagStatus.VERIFIED: 2}}, "2 plots were found"),
        ({"flags": {FlagStatus.CONFIRMED: 1}}, "a plot was found"),
        ({"flags": {FlagStatus.DISPUTED: 1, FlagStatus.UNREVIEWED: 4}}, "5 flags still wait"),
        ({"flown": (flown(CLAIM), flown(CLAIM | {"holds": False}))}, "does not hold for 1 of the 2"),
        ({"flown": (flown({"holds": True}),)}, "no plots of known truth"),
        ({"readings": ()}, "readers were given no controls"),
    ],
)
def test_what_the_record_does_not_support_is_said_and_nothing_is_claimed(changed: dict[str, Any], words: str) -> None:
    said = conclude(a_basis(**changed), share=1.0)
    assert said.absence is None
    assert any(words in sentence for sentence in said.not_supported)


def test_it_names_flights_hashes_days_and_the_ground_nobody_saw(database: Database, tmp_path: Path) -> None:
    land = Land(database, tmp_path)
    flight = land.fly(DAY, 0, 0, np.ones((60, 60), np.uint8))
    land.fly(DAY, 500, 500, np.ones((10, 10), np.uint8))
    with database.snapshot() as connection:
        region = next(one for one in regions_of(connection, {land.district.id}) if one.area == "square")
    said = state_coverage.state(database, region, land.district, WINDOW, now=NOW, zone=ZoneInfo("Asia/Shanghai"))
    assert json.loads(json.dumps(said)) == said
    assert [one["flight"] for one in said["flights"]] == [flight.id]
    assert said["flights"][0]["original_sha256"] == "b" * 64
    coverage = said["coverage"]
    assert [one["day"] for one in coverage["by_day"]] == [DAY.isoformat()]
    gaps = [shapely.geometry.shape(one["geometry"]) for one in said["uncovered"]["features"]]
    uncovered = degrees_in_plane(shapely.union_all(gaps)).area
    assert uncovered == pytest.approx(coverage["total_m2"] - coverage["seen_m2"], rel=1e-4)
    assert said["absence"] is None
    assert said["ledger"]["leaves"] > 0


def test_visits_are_those_to_candidates_on_the_ground_and_controls_are_none(database: Database) -> None:
    field = open_field(database)
    ground = shapely.box(99.99, 24.99, 100.0255, 25.01)  # three of the four plots along the road
    with database.transaction() as connection:
        area = SurveyArea(name="road", outline=ground, area_m2=degrees_in_plane(ground).area)
        import_areas(connection, field.district, [area], Source(name="a", sha256="a" * 64), by=None, now=NOW)
        cover_new_areas(connection)
        flight = find_flight(connection, field.manager, field.survey.flight)
        looked = degrees_in_plane(shapely.box(99.99, 24.99, 100.6, 25.01))
        cover_scan(connection, flight, ScanId("road"), Looked(seen=looked, imaged=looked))
        first, *others = [
            plan_visit(connection, field.manager, FlagId(f"road-F0000{n}"), now=field.survey.now) for n in (2, 3, 1)
        ]
        record_finding(connection, field.team, first.id, FlagStatus.ABSENT, note="", now=field.survey.now)
        region = next(one for one in regions_of(connection, {field.district}) if one.area == "road")
        district = next(one for one in list_districts(connection) if one.id == field.district)
    window = Window(first=NOW.date(), last=NOW.date())
    said = state_coverage.state(database, region, district, window, now=NOW, zone=ZoneInfo("UTC"))
    assert said["visits"]["outcomes"] == {"absent": 1, "open": 1}
    assert [one["visit"] for one in said["visits"]["each"]] == [first.id, others[0].id]
    assert said["flags"]["absent"] == said["flags"]["visit_planned"] == said["flags"]["confirmed"] == 1


def test_each_visit_is_told_with_what_came_of_it() -> None:
    planned = [PaidVisit(visit=VisitId(name), planned_at=NOW, outcome=None, found_at=None) for name in ("v1", "v2")]
    ended = PaidVisit(visit=VisitId("v3"), planned_at=NOW, outcome=FlagStatus.ABSENT, found_at=NOW + timedelta(days=3))
    told = state_coverage._visits((*planned, ended), ZoneInfo("Asia/Shanghai"))
    assert told["planned"] == 3
    assert told["outcomes"] == {"absent": 1, "open": 2}
    assert [one["day"] for one in told["each"]] == ["2026-11-26", "2026-11-26", "2026-11-29"]


@pytest.mark.parametrize(
    "changed",
    [
        {"flown": (), "readings": ()},
        {"flags": {FlagStatus.VERIFIED: 1, FlagStatus.DISPUTED: 1}},
        {"flags": {FlagStatus.VERIFIED: 2, FlagStatus.DISPUTED: 2}, "unread": 1},
        {"flown": (flown({}), flown(CLAIM)), "unread": 3},
    ],
)
def test_all_that_is_not_supported_and_all_that_is_taken_for_granted_can_be_said_in_chinese(
    changed: dict[str, Any],
) -> None:
    said = conclude(a_basis(**changed), share=0.5)
    granted = conclude(a_basis(), share=1.0).absence
    assert granted is not None
    for sentence in [*said.not_supported, *granted["takes_for_granted"]]:
        assert CHINESE.say(sentence) != sentence


@pytest.fixture
def command(sqlite_database: Database, tmp_path: Path) -> list[str]:
    """The words of the command, for a square of which a part was flown; lin flies, wei is the manager."""
    land = Land(sqlite_database, tmp_path / "data")
    land.fly(DAY, 0, 0, np.ones((60, 60), np.uint8))
    a_person(sqlite_database, "wei", Role.MANAGER, districts=frozenset({land.district.id}))
    config = tmp_path / "plotwatch.toml"
    address = sqlite_database.engine.url.render_as_string()
    config.write_text(f'[store]\ndata_dir = "{tmp_path / "data"}"\ndatabase_url = "{address}"\n')
    return ["statement", "--district", "北山区", "--area", "square", "--config", str(config)]


def test_the_command_writes_it(command: list[str], tmp_path: Path) -> None:
    printed = CliRunner().invoke(build_app(), command)
    assert json.loads(printed.stdout)["coverage"]["area"] == "square"
    out, pdf = tmp_path / "said" / "statement.json", tmp_path / "said" / "statement.pdf"
    assert CliRunner().invoke(build_app(), [*command, "--out", str(out), "--pdf", str(pdf)]).exit_code == 0
    assert json.loads(out.read_text())["version"] == 1
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_the_commands_issue_and_withdraw_it_for_managers_alone(command: list[str], tmp_path: Path) -> None:
    out, pdf, proof = (tmp_path / name for name in ("statement.json", "statement.pdf", "proof.json"))
    for wrong in (["--issue"], ["--as", "wei"], ["--issue", "--as", "lin"], ["--proof", str(proof)]):
        assert isinstance(CliRunner().invoke(build_app(), [*command, *wrong]).exception, PlotwatchError)
    words = [*command, "--issue", "--as", "wei", "--out", str(out), "--pdf", str(pdf), "--language", "zh-Hans"]
    issued = CliRunner().invoke(build_app(), [*words, "--proof", str(proof)])
    assert verify_statement(out, proof).told.area == "square"
    sha256 = hashlib.sha256(out.read_bytes()).hexdigest()
    assert f"sha256 {sha256}" in issued.stdout
    assert pdf.read_bytes().startswith(b"%PDF-")
    verify = ["audit", "verify", "--config", command[-1]]
    assert CliRunner().invoke(build_app(), verify).exit_code == 0
    back = ["statement", "withdraw", sha256, "--reason", "a flight was double", "--config", command[-1]]
    assert isinstance(CliRunner().invoke(build_app(), [*back, "--as", "lin"]).exception, PlotwatchError)
    assert f"sha256 {sha256}" in CliRunner().invoke(build_app(), [*back, "--as", "wei"]).stdout
    assert CliRunner().invoke(build_app(), verify).exit_code == 0
    kept = tmp_path / "data" / "statements" / f"{sha256}.json"
    kept.unlink()
    assert "is gone" in CliRunner().invoke(build_app(), verify).stdout
