"""``plotwatch coverage``: what was seen and what was not, as words, JSON, CSV, and as ground to plan flights over."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from databases import opened
from typer.testing import CliRunner, Result

from pipeline.cli import build_app
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.looked import degrees_in_plane
from tests.workflow.test_cover import DAY, PIXEL_M2, Land


@pytest.fixture(scope="module")
def config(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a store with a square of 100 x 100 px: 60 x 60 were flown, a tenth of them not assessable."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "plotwatch.sqlite").write_bytes(sqlite_template.read_bytes())
    address = f"sqlite:///{folder / 'plotwatch.sqlite'}"
    with opened(address) as database:
        states_hw = np.ones((60, 60), np.uint8)
        states_hw[:, :6] = 3
        land = Land(database, folder / "data")
        land.area("=square+", 0, 0, 10)
        land.fly(DAY, 0, 0, states_hw)
    settings = folder / "plotwatch.toml"
    settings.write_text(f'[store]\ndata_dir = "{folder / "data"}"\ndatabase_url = "{address}"\n')
    return settings


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(build_app(), ["coverage", "--district", "北山区", *words, "--config", str(config)])


def test_areas_come_with_their_states_and_days(config: Path) -> None:
    said = json.loads(run(config, "--area", "square", "--json").stdout)
    (area,) = said["areas"]
    assert area["seen_m2"] == pytest.approx(54 * 60 * PIXEL_M2, abs=0.05)
    assert area["not_assessable_m2"] == pytest.approx(6 * 60 * PIXEL_M2, abs=0.05)
    parts = ("seen_m2", "not_assessable_m2", "could_not_be_flown_m2", "not_flown_m2")
    assert round(100 * sum(area[part] for part in parts)) == round(100 * area["total_m2"])
    assert area["seen_share"] == pytest.approx(0.324, abs=1e-4)
    assert [day["day"] for day in said["by_day"]] == [DAY.isoformat()] == [day["day"] for day in said["last_seen"]]


def test_a_window_before_the_flight_has_seen_nothing(config: Path) -> None:
    said = json.loads(run(config, "--to", "2026-01-01", "--from", "2025-01-01", "--json").stdout)
    assert {area["seen_m2"] for area in said["areas"]} == {0.0}


def test_a_spreadsheet_computes_no_name(config: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(config, "--csv").stdout)))
    assert [row["area"] for row in rows] == ["'=square+", "square", ""]


def test_people_read_it_in_words(config: Path) -> None:
    said = run(config).stdout
    assert "square: 32.3" in said
    assert "北山区, all areas" in said


def test_uncovered_ground_is_handed_to_the_planner(config: Path, tmp_path: Path) -> None:
    gaps = tmp_path / "gaps.gpkg"
    assert run(config, "--area", "square", "--gpkg", str(gaps)).exit_code == 0
    _, _, wkb, (states, sizes) = pyogrio.raw.read(gaps, columns=["state", "area_m2"])
    assert list(states) == ["not_assessable", "not_flown"]
    assert sizes[0] == pytest.approx(6 * 60 * PIXEL_M2, abs=0.05)
    assert sum(sizes) == pytest.approx((100**2 - 54 * 60) * PIXEL_M2, abs=0.1)
    assert degrees_in_plane(shapely.union_all(shapely.from_wkb(wkb))).area == pytest.approx(sum(sizes), rel=1e-5)
    planned = CliRunner().invoke(build_app(), ["plan", str(gaps), "--out", str(tmp_path / "plan"), "--json"])
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)["unseen_m2"] == 0
    assert sum(mission["pictures"] for mission in json.loads(planned.stdout)["missions"]) >= 4


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--area", "moon"), NotFoundError),
        (("--from", "1.6."), InvalidInputError),
        (("--from", "2026-06-02", "--to", "2026-06-01"), InvalidInputError),
        (("--csv", "--json"), InvalidInputError),
    ],
)
def test_what_makes_no_sense_is_refused(config: Path, words: tuple[str, ...], error: type[Exception]) -> None:
    assert isinstance(run(config, *words).exception, error)


def test_a_recount_changes_nothing(config: Path) -> None:
    assert run(config, "--json").stdout == run(config, "--json", "--recount").stdout
