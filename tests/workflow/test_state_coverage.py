"""The statement says what the record supports, beside what it rests on; what it does not support, it says in words."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from databases import NOW
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.domain.freshness import Window
from pipeline.domain.misses import misses
from pipeline.domain.watching import Truth
from pipeline.imagery.looked import degrees_in_plane
from pipeline.store.database import Database
from pipeline.store.ground import regions_of
from pipeline.store.ground_basis import FlownOver
from pipeline.workflow import state_coverage
from pipeline.workflow.state_coverage import Basis, conclude
from tests.workflow.test_cover import DAY, Land

if TYPE_CHECKING:
    from pipeline.store.scans import Scan

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


def test_the_command_writes_it(sqlite_database: Database, tmp_path: Path) -> None:
    land = Land(sqlite_database, tmp_path / "data")
    land.fly(DAY, 0, 0, np.ones((60, 60), np.uint8))
    config = tmp_path / "plotwatch.toml"
    address = sqlite_database.engine.url.render_as_string()
    config.write_text(f'[store]\ndata_dir = "{tmp_path / "data"}"\ndatabase_url = "{address}"\n')
    words = ["statement", "--district", "北山区", "--area", "square", "--config", str(config)]
    printed = CliRunner().invoke(build_app(), words)
    assert json.loads(printed.stdout)["coverage"]["area"] == "square"
    out = tmp_path / "said" / "statement.json"
    assert CliRunner().invoke(build_app(), [*words, "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text())["version"] == 1
