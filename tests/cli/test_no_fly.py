"""``plotwatch no-fly``: zones in, listed, replaced and away again; and ``plotwatch plan`` keeps out of them."""

import json
from pathlib import Path

import pyogrio
import pytest
import shapely
from databases import NOW, opened
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.store.districts import add_district

FIELD = shapely.Polygon([(111.650, 40.800), (111.656, 40.801), (111.655, 40.804), (111.649, 40.803)])
FARM = shapely.box(111.652, 40.8015, 111.6525, 40.802)


@pytest.fixture
def config(sqlite_template: Path, tmp_path: Path) -> Path:
    """Settings of a store with one district."""
    (tmp_path / "plotwatch.sqlite").write_bytes(sqlite_template.read_bytes())
    address = f"sqlite:///{tmp_path / 'plotwatch.sqlite'}"
    with opened(address) as database, database.transaction() as connection:
        add_district(connection, "北山区", by=None, now=NOW)
    settings = tmp_path / "plotwatch.toml"
    settings.write_text(f'[store]\ndata_dir = "{tmp_path / "data"}"\ndatabase_url = "{address}"\n')
    return settings


def zones(path: Path, *found: tuple[dict[str, str | None], shapely.Geometry]) -> str:
    features = [
        {"type": "Feature", "properties": said, "geometry": shapely.geometry.mapping(shape)} for said, shape in found
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def run(config: Path, *words: str) -> str:
    command = [*words, "--district", "北山区", "--config", str(config)]
    return CliRunner().invoke(build_app(), command, catch_exceptions=False).stdout


def listed(config: Path) -> dict[str, tuple[str | None, str | None]]:
    rows = json.loads(run(config, "no-fly", "list", "--json"))
    return {row["name"]: (row["valid_from"], row["valid_until"]) for row in rows}


def test_zones_come_in_with_their_names_and_days_and_go_again(config: Path, tmp_path: Path) -> None:
    file = zones(
        tmp_path / "zones.geojson",
        ({"title": "机场", "valid_from": None, "valid_until": ""}, FARM),
        ({"title": "fair", "valid_from": "2026-05-01", "valid_until": "2026-05-03"}, FARM),
    )
    assert "added 2 no-fly zones" in run(config, "no-fly", "import", file, "--name-field", "title")
    assert listed(config) == {"机场": (None, None), "fair": ("2026-05-01", "2026-05-03")}
    assert "机场  -  -  " in run(config, "no-fly", "list")
    gone = next(row["id"] for row in json.loads(run(config, "no-fly", "list", "--json")) if row["name"] == "fair")
    assert gone in run(config, "no-fly", "remove", gone)
    assert set(listed(config)) == {"机场"}
    with pytest.raises(NotFoundError):
        run(config, "no-fly", "remove", gone)


def test_a_new_file_takes_the_place_of_the_old_one_where_that_is_asked_for(config: Path, tmp_path: Path) -> None:
    old = zones(tmp_path / "old.geojson", ({"name": "old"}, FARM))
    new = zones(tmp_path / "new.geojson", ({"name": "new"}, FARM))
    run(config, "no-fly", "import", old)
    assert "added 1 no-fly zones to 北山区, took 1 away" in run(config, "no-fly", "import", new, "--replace")
    assert listed(config) == {"new": (None, None)}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [({"valid_until": "soon"}, "write it as"), ({"valid_from": "2026-05-02", "valid_until": "2026-05-01"}, "mend")],
)
def test_days_that_are_none_are_refused_and_nothing_is_kept(
    config: Path, tmp_path: Path, said: dict[str, str | None], sentence: str
) -> None:
    file = zones(tmp_path / "zones.geojson", (said, FARM))
    with pytest.raises(InvalidInputError, match=sentence):
        run(config, "no-fly", "import", file)
    assert listed(config) == {}


def test_a_plan_keeps_out_of_the_zones_of_a_district(config: Path, tmp_path: Path) -> None:
    ground = zones(tmp_path / "ground.geojson", ({}, FIELD))
    run(config, "no-fly", "import", zones(tmp_path / "zones.geojson", ({"name": "farm"}, FARM)))
    told = json.loads(run(config, "plan", ground, "--out", str(tmp_path / "plan"), "--json"))
    assert told["kept_out_m2"] > 1000
    _, _, wkb, _ = pyogrio.raw.read(tmp_path / "plan" / "plan.kml", columns=[])
    lines = [shape for shape in shapely.from_wkb(wkb) if shape.geom_type == "LineString"]
    assert lines
    assert not any(line.intersects(FARM) for line in lines)
