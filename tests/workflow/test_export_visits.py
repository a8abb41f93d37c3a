"""A route in other people's formats: each reopens in GDAL or a parser, says what it is, and names nobody."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pyogrio
import pytest
import shapely
from databases import NOW, opened
from pyarrow import parquet
from typer.testing import CliRunner, Result
from visited import EAST, open_field

from pipeline.cli import build_app
from pipeline.domain.format import Format
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.store.people import person_named
from pipeline.store.tables import flights
from pipeline.workflow.export_visits import as_bytes, coordinates
from pipeline.workflow.visit import Route, plan_visits, travel

NAME = "=北山 <&>"
LATER = NOW.replace(hour=23)


@pytest.fixture(scope="module")
def config(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a store whose four confirmed plots are to be visited; their flight has a name for spreadsheets."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "plotwatch.sqlite").write_bytes(sqlite_template.read_bytes())
    address = f"sqlite:///{folder / 'plotwatch.sqlite'}"
    with opened(address) as database:
        field = open_field(database)
        with database.transaction() as connection:
            connection.execute(flights.update().values(name=NAME))
        plan_visits(database, field.manager, field.district, now=LATER)
    settings = folder / "plotwatch.toml"
    settings.write_text(f'[store]\ndata_dir = "{folder / "data"}"\ndatabase_url = "{address}"\n')
    return settings


@pytest.fixture(scope="module")
def route(config: Path) -> Route:
    with opened(f"sqlite:///{config.parent / 'plotwatch.sqlite'}") as database:
        with database.snapshot() as connection:
            team = person_named(connection, "field")
        return travel(database, team, next(iter(team.districts)), (99.9, 25.0))


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(build_app(), ["visits", *words, "--config", str(config)])


def test_one_point_in_every_system() -> None:
    told = coordinates((102.0, 25.0))  # the middle meridian of the 34th zone
    assert (told["cgcs2000_gk3_zone"], told["cgcs2000_gk3_east_m"]) == (34, 34_500_000.0)
    assert told["cgcs2000_gk3_north_m"] == pytest.approx(2_766_054.2, abs=0.2)  # the arc of the meridian (GRS 80)
    assert (told["cgcs2000_latitude"], told["cgcs2000_longitude"]) == pytest.approx((25.0, 102.0), abs=1e-5)
    assert (told["utm_zone"], told["dms"]) == ("48N", "25°00'00.00\"N 102°00'00.00\"E")
    assert told["geo_uri"] == "geo:25.0000000,102.0000000"
    assert f"{told['gcj02_longitude']:.6f},{told['gcj02_latitude']:.6f}" in told["amap_gcj02"]


def test_outside_of_china_nothing_is_displaced_and_no_zone_made_up() -> None:
    told = coordinates((2.35, 48.85))
    assert [told[name] for name in ("cgcs2000_gk3_zone", "cgcs2000_gk3_east_m", "gcj02_latitude", "amap_gcj02")] == [
        ""
    ] * 4


@pytest.mark.parametrize("wanted", [Format.GPKG, Format.GEOJSON, Format.KML, Format.GPX])
def test_gdal_reopens_it_in_the_order_of_travel(route: Route, tmp_path: Path, wanted: Format) -> None:
    path = tmp_path / f"route.{wanted.value}"
    path.write_bytes(as_bytes(route, wanted))
    assert as_bytes(route, wanted) == path.read_bytes()
    layer = "waypoints" if wanted is Format.GPX else None
    told, _, _, fields = pyogrio.raw.read(path, layer=layer)
    columns = dict(zip(told["fields"], fields, strict=True))
    named = columns.get("name", columns.get("Name"))
    assert [str(name).rsplit(" ", 1)[0] for name in named] == [f"{place}. {NAME}" for place in (1, 2, 3, 4)]
    assert {str(name).rsplit(" ", 1)[1] for name in named} == {f"F0000{number}" for number in (1, 2, 3, 4)}
    words = path.read_bytes().decode(errors="replace")
    assert "candidate for verification" in words
    assert words.count("confirm (rows)") >= 4
    assert not [name for name in ("ada", "bai", "manager") if f'"{name}"' in words or f">{name}<" in words]


def test_outlines_come_along(route: Route, tmp_path: Path) -> None:
    path = tmp_path / "route.gpkg"
    path.write_bytes(as_bytes(route, Format.GPKG))
    assert pyogrio.read_bounds(path)[1][0] == pytest.approx(sorted(EAST))
    root = ET.fromstring(as_bytes(route, Format.KML))  # noqa: S314 our own
    assert len(root.findall(".//{*}Polygon")) == 4
    assert root.findtext(".//{*}PolyStyle/{*}fill") == "0"
    (style,) = root.findall(".//{*}Style")
    assert {url.text for url in root.findall(".//{*}styleUrl")} == {f"#{style.get('id')}"}


def test_geoparquet_has_the_same_rows(route: Route) -> None:
    table = parquet.read_table(io.BytesIO(as_bytes(route, Format.GEOPARQUET)))
    assert table.column("flag").to_pylist() == ["F00002", "F00004", "F00003", "F00001"]
    assert table.column("place").to_pylist() == [1, 2, 3, 4]
    outlines = shapely.from_wkb(table.column("geometry").to_pylist())
    assert sorted(outline.bounds[0] for outline in outlines) == pytest.approx(sorted(EAST))
    assert json.loads(table.schema.metadata[b"geo"])["primary_column"] == "geometry"


def test_no_cell_is_a_formula(route: Route) -> None:
    row = next(csv.DictReader(io.StringIO(as_bytes(route, Format.CSV).decode("utf-8-sig"))))
    assert row["name"].startswith("1. =")
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_no_visits_give_empty_files(route: Route, tmp_path: Path) -> None:
    empty = Route(district=route.district, stops=(), legs_m=(), ended=(), waiting=0)
    assert json.loads(as_bytes(empty, Format.GEOJSON))["features"] == []
    for wanted in Format:
        (tmp_path / f"empty.{wanted.ending}").write_bytes(as_bytes(empty, wanted))
    assert pyogrio.read_info(tmp_path / "empty.gpkg")["features"] == 0


def test_the_command_writes_it(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "route.geojson"
    words = ("export", "--district", "北山区", "--as", "field", "--format", "geojson", "--out", str(out))
    answer = run(config, *words, "--start", "25.0,100.05")
    assert answer.exit_code == 0, answer.output
    assert "4 visits, 5.0 km" in answer.output
    places = [feature["properties"]["longitude"] for feature in json.loads(out.read_text())["features"]]
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(
    ("name", "start", "refusal"),
    [("ada", "", NotAllowedError), ("field", "here", InvalidInputError), ("field", "91,0", InvalidInputError)],
)
def test_the_command_refuses(config: Path, tmp_path: Path, name: str, start: str, refusal: type[Exception]) -> None:
    out = tmp_path / "route.gpx"
    words = ("export", "--district", "北山区", "--as", name, "--format", "gpx", "--out", str(out), "--start", start)
    assert isinstance(run(config, *words).exception, refusal)
    assert not out.exists()


def test_only_what_waits_is_planned(config: Path) -> None:
    answer = run(config, "plan", "--district", "北山区", "--as", "manager")
    assert isinstance(answer.exception, InvalidInputError)
