"""Flags as files through the interface for scripts."""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyogrio
import pytest
from fastapi.testclient import TestClient
from flown import scan
from offices import Office, open_office
from pyarrow import parquet
from typer.testing import CliRunner

from pipeline.cli import build_app as build_commands
from pipeline.store.tokens import NewToken, Scope, add_token
from pipeline.web.app import build_app


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(tmp_path_factory.mktemp("office"))
    scan(office, office.fly("Terrace"))
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def client(office: Office) -> Iterator[TestClient]:
    with TestClient(build_app(office.services()), base_url="https://plots.test") as client:
        yield client


def token(office: Office, name: str = "manager", scope: Scope = Scope.READ) -> dict[str, str]:
    new = NewToken(name="gis", person=office.people[name].id, scopes=frozenset({scope}), lasts=timedelta(days=7))
    with office.database.transaction() as connection:
        return {"Authorization": f"Bearer {add_token(connection, new, by=None, now=office.clock())[0]}"}


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("gpkg", "application/geopackage+sqlite3"),
        ("geojson", "application/geo+json"),
        ("kml", "application/vnd.google-earth.kml+xml"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
def test_a_token_that_reads_gets_a_file_that_gdal_opens(
    client: TestClient, office: Office, tmp_path: Path, form: str, media_type: str
) -> None:
    answer = client.get(f"/api/v1/flags?format={form}&district={office.east.id}", headers=token(office))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="flags.{form}"'
    assert answer.headers["Cache-Control"] == "no-store"
    path = tmp_path / f"flags.{form}"
    path.write_bytes(answer.content)
    assert pyogrio.read_info(path)["features"] == 2


def test_geoparquet_comes_under_its_usual_name(client: TestClient, office: Office) -> None:
    answer = client.get("/api/v1/flags?format=geoparquet", headers=token(office))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vnd.apache.parquet")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="flags.parquet"'
    assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 2


@pytest.mark.parametrize(("name", "count"), [("reviewer", 0), ("field", 0), ("westerner", 0), ("surveyor", 2)])
def test_a_token_shows_what_its_person_sees(client: TestClient, office: Office, name: str, count: int) -> None:
    found = client.get("/api/v1/flags", headers=token(office, name)).json()
    assert len(found["features"]) == count


def test_another_district_another_scope_and_another_format_are_refused(client: TestClient, office: Office) -> None:
    west = client.get(f"/api/v1/flags?district={office.east.id}", headers=token(office, "westerner"))
    assert west.status_code == 404
    assert client.get("/api/v1/flags", headers=token(office, "surveyor", Scope.UPLOAD)).status_code == 401
    for form in ("shp", "gpx"):
        assert client.get(f"/api/v1/flags?format={form}", headers=token(office)).status_code == 422


def test_the_command_writes_what_the_person_sees(office: Office, tmp_path: Path) -> None:
    settings = tmp_path / "plotwatch.toml"
    settings.write_text(
        f'[store]\ndata_dir = "{office.folder}"\ndatabase_url = "sqlite:///{office.folder / "plotwatch.db"}"\n'
    )
    words = ["export", "flags", "--district", "East county", "--config", str(settings), "--json"]
    for name, count in (("manager", 2), ("reviewer", 0)):
        out = tmp_path / f"{name}.gpkg"
        said = CliRunner().invoke(build_commands(), [*words, "--as", name, "--out", str(out)])
        assert said.exit_code == 0, said.output
        assert json.loads(said.stdout)["flags"] == count == pyogrio.read_info(out)["features"]
    refused = CliRunner().invoke(build_commands(), [*words, "--as", "nobody", "--out", str(tmp_path / "x.gpkg")])
    assert "there is no person nobody" in str(refused.exception)
