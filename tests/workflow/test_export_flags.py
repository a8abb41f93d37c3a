"""Flags as files: they reopen in GDAL, say what they rest on, and show nobody more than the pages do."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from figured import a_review
from flown import scan
from offices import Office, office_on, open_office
from pyarrow import parquet

from pipeline.domain.format import Format, format_named
from pipeline.domain.people import Role
from pipeline.domain.sight import RELEASED
from pipeline.errors import InvalidInputError, NotFoundError
from pipeline.imagery.looked import degrees_in_plane
from pipeline.store.database import Database
from pipeline.store.flags import flags_of_flight
from pipeline.store.people import give_access
from pipeline.store.shown_flags import ShownFlag
from pipeline.workflow.export_flags import WRITERS, all_shown, export_flags
from pipeline.workflow.show_flags import PROPERTIES

FORMULA = "=HYPERLINK(1)&<script>"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A review of some weeks on a flight, and a second flight with a name that a spreadsheet would compute."""
    office = open_office(tmp_path_factory.mktemp("office"))
    a_review(office)
    scan(office, office.fly(FORMULA, flown_on=date(2026, 11, 20)))
    yield office
    office.database.close()


def export(office: Office, form: Format, folder: Path, name: str = "manager") -> Path:
    path = folder / "new" / f"flags.{form.ending}"
    export_flags(office.database, office.people[name], {office.east.id}, form, path)
    return path


def shown(office: Office, name: str) -> list[ShownFlag]:
    return list(all_shown(office.database, office.people[name], frozenset({office.east.id})))


def _named(table: Any) -> Any:
    return zip(table.column_names, table.columns, strict=True)


def read(path: Path) -> dict[str, Any]:
    """The columns of a layer by name, and its outlines as ``outline``."""
    if path.suffix == ".parquet":
        columns = {name: column.to_pylist() for name, column in _named(parquet.read_table(path))}
        return columns | {"outline": shapely.from_wkb(columns["geometry"])}
    meta, _, wkb, columns = pyogrio.raw.read(path)
    named = dict(zip([str(field) for field in meta["fields"]], columns, strict=True))
    return named | {"outline": shapely.from_wkb(wkb)}


@pytest.mark.parametrize("form", list(WRITERS))
def test_every_format_reopens_with_the_same_flags(office: Office, tmp_path: Path, form: Format) -> None:
    path, expected = export(office, form, tmp_path), shown(office, "manager")
    assert len(expected) == 44
    layer = read(path)
    assert list(layer["id"]) == [flag.id for flag in expected]
    assert [float(area) for area in layer["area_m2"]] == [round(flag.area_m2, 2) for flag in expected]
    assert list(layer["model_sha256"]) == ["cd" * 32] * 44
    assert set(layer["what"]) == {"candidate for verification"}
    for outline, flag in zip(layer["outline"], expected, strict=True):
        assert shapely.hausdorff_distance(outline, flag.outline) < 1e-6
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_geopackage_has_days_times_and_all_properties(office: Office, tmp_path: Path) -> None:
    path = export(office, Format.GPKG, tmp_path)
    info = pyogrio.read_info(path, layer="flags")
    assert list(info["fields"]) == list(PROPERTIES)
    kinds = dict(zip(info["fields"], info["dtypes"], strict=True))
    assert kinds["flown_on"].startswith("datetime64")
    assert kinds["raised_at"].startswith("datetime64")
    assert info["crs"] == "EPSG:4326"
    days = {str(day)[:10] for day in read(path)["flown_on"]}
    assert days == {"NaT", "2026-11-20"}


def test_areas_are_those_of_the_outlines_on_the_ground(office: Office) -> None:
    whole = [flag for flag in shown(office, "manager") if flag.flight_name == FORMULA]
    for flag in whole:
        assert flag.area_m2 == pytest.approx(degrees_in_plane(flag.outline).area, rel=2e-3)


def test_no_score_control_or_unconfirmed_audit_leaves_the_house(office: Office, tmp_path: Path) -> None:
    labels = {flag.label[0] for flag in shown(office, "manager")}
    assert labels == {"F", "G"}
    for form in WRITERS:
        text = export(office, form, tmp_path).read_bytes()
        assert b"0.8765" not in text
        assert b"score" not in text
        assert not any(name.encode() in text for name in ("ada", "bai", "surveyor"))


def test_verdicts_are_told_of_what_two_released_and_of_nothing_else(office: Office) -> None:
    said = {flag.status.value: set() for flag in shown(office, "manager")}
    for flag in shown(office, "manager"):
        said[flag.status.value].add(flag.verdicts)
    assert said["confirmed"] == {("confirm (rows)", "confirm (rows)")}
    assert "disputed" not in said
    assert all(verdicts == {()} for status, verdicts in said.items() if status != "confirmed")


@pytest.mark.parametrize(("name", "statuses"), [("reviewer", set()), ("field", {"confirmed"}), ("administrator", None)])
def test_nobody_sees_more_than_on_the_pages(office: Office, tmp_path: Path, name: str, statuses: set[str]) -> None:
    if statuses is None:
        with pytest.raises(NotFoundError):
            export(office, Format.CSV, tmp_path, name)
        assert not list(tmp_path.rglob("*.csv"))
        return
    assert {flag.status.value for flag in shown(office, name)} == statuses
    assert export(office, Format.GPKG, tmp_path, name).is_file()


def test_another_district_does_not_exist(office: Office, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        export(office, Format.GPKG, tmp_path, "westerner")
    assert not shown(office, "westerner")


def test_a_spreadsheet_computes_nothing(office: Office, tmp_path: Path) -> None:
    with export(office, Format.CSV, tmp_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["flight_name"] for row in rows} == {"Slope above the mill", f"'{FORMULA}"}
    assert not [cell for row in rows for cell in row.values() if re.match(r"[=+\-@\t\r]", cell)]


def test_a_format_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'gpx' cannot.*gpkg, geojson, geoparquet, kml, csv"):
        format_named("gpx", WRITERS)
    with pytest.raises(InvalidInputError, match="'shp' cannot"):
        format_named("shp")


def test_geoparquet_says_of_itself_what_the_specification_asks(office: Office, tmp_path: Path) -> None:
    path, expected = export(office, Format.GEOPARQUET, tmp_path), shown(office, "manager")
    table = parquet.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], column["encoding"], column["geometry_types"]) == ("1.1.0", "WKB", ["MultiPolygon"])
    assert "crs" not in column  # longitude and latitude, as the specification has it by default
    assert column["bbox"] == pytest.approx(shapely.total_bounds([flag.outline for flag in expected]))
    named = [column["covering"]["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")]
    first = table.column("bbox")[0].as_py()
    assert [first[side] for _, side in named] == pytest.approx(expected[0].outline.bounds)
    outlines = shapely.from_wkb(table.column("geometry").to_pylist())
    assert all(shapely.is_ccw(outline.geoms[0].exterior) for outline in outlines)
    assert [field.name for field in table.schema][:-2] == list(PROPERTIES)
    assert str(table.schema.field("flown_on").type).startswith("date32")
    assert str(table.schema.field("raised_at").type) == "timestamp[ms, tz=UTC]"
    assert {day.isoformat() if day else None for day in table.column("flown_on").to_pylist()} == {None, "2026-11-20"}
    assert table.column("raised_at")[0].as_py() == expected[0].raised_at
    again = export(office, Format.GEOPARQUET, tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()


def test_without_pyarrow_it_is_said_what_would_do(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidInputError, match="pip install 'plotwatch\\[geoparquet\\]'"):
        export(office, Format.GEOPARQUET, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_pages_and_exports_agree_on_both_engines(database: Database, tmp_path: Path) -> None:
    office = office_on(database, tmp_path)
    flight = a_review(office, weeks=1)
    with database.transaction() as connection:
        both = {Role.FIELD, Role.REVIEWER}
        field = give_access(
            connection, office.people["field"], roles=both, districts={office.east.id}, by=None, now=office.clock()
        )
    with database.snapshot() as connection:
        on_pages = {flag.id for flag in flags_of_flight(connection, flight.id) if flag.status in RELEASED}
    told = {flag.id for flag in all_shown(database, field, frozenset({office.east.id}))}
    assert told == on_pages != set()
