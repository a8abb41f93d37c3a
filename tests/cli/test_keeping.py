"""The record from a terminal: people, districts, areas, ledger, copies."""

import json
import shlex
from pathlib import Path

import pytest
import shapely
from databases import CHEAP, NOW, opened
from typer.testing import CliRunner, Result

from pipeline.cli import build_app
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError, PlotwatchError
from pipeline.store import passwords
from pipeline.store.areas import areas_of
from pipeline.store.districts import district_named
from pipeline.store.people import password_hash_of
from pipeline.store.signing_in import Attempt, sign_in, try_password


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords.Passwords, "of_cost", classmethod(lambda _: CHEAP))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "plotwatch.toml"
    path.write_text(f'[store]\ndata_dir = "{tmp_path / "data"}"\n')
    return path


def plotwatch(config: Path, words: str, *, typed: str = "") -> Result:
    found = CliRunner().invoke(build_app(), [*shlex.split(words), "--config", str(config)], input=typed)
    if isinstance(found.exception, PlotwatchError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def test_people_are_added_listed_and_changed(config: Path) -> None:
    plotwatch(config, "district add 北山区")
    plotwatch(config, "user add chief --role administrator --password-stdin", typed="correct horse battery\n")
    plotwatch(config, "user add li.na --role surveyor --role reviewer --district 北山区 --random-password")
    plotwatch(config, "user roles li.na --role field")
    plotwatch(config, "user lock li.na --why left")
    listed = json.loads(plotwatch(config, "user list --json").stdout)
    assert listed == [
        {"name": "chief", "roles": ["administrator"], "districts": [], "locked": False},
        {"name": "li.na", "roles": ["field"], "districts": ["北山区"], "locked": True},
    ]
    plotwatch(config, "user unlock li.na")
    assert "li.na: field; 北山区\n" in plotwatch(config, "user list").stdout
    assert plotwatch(config, "district list").stdout == "北山区\n"


def test_a_new_password_replaces_the_old_one(config: Path, tmp_path: Path) -> None:
    plotwatch(config, "user add li.na --random-password")
    said = plotwatch(config, "user password li.na --random-password").stdout
    with opened(f"sqlite:///{tmp_path / 'data' / 'plotwatch.sqlite'}") as database:
        with database.snapshot() as connection:
            assert password_hash_of(connection, "li.na") is not None
        attempt = Attempt(name="li.na", password=said.split()[-1], source="here")
        tried = try_password(database, attempt, CHEAP, now=NOW)
        with database.transaction() as connection:
            assert sign_in(connection, tried, now=NOW).name == "li.na"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("user add li.na", InvalidInputError),
        ("user add li.na --password-stdin", InvalidInputError),
        ("user add 'li na' --random-password", InvalidInputError),
        ("user add li.na --district nowhere --random-password", NotFoundError),
        ("user lock nobody --why left", NotFoundError),
        ("token revoke none", NotFoundError),
        ("token add nobody --for x --scope flags:confirm", InvalidInputError),
        ("audit checkpoint", InvalidInputError),
        ("audit verify --checkpoint none.json", InvalidInputError),
        ("area import none.gpkg --district x", NotFoundError),
        ("restore none", NotFoundError),
    ],
)
def test_a_mistake_is_named(config: Path, words: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        plotwatch(config, words)


def test_a_token_is_shown_once_and_revoked_by_its_id(config: Path) -> None:
    plotwatch(config, "user add li.na --role surveyor --random-password")
    said = plotwatch(config, "token add li.na --for nightly --scope flights:upload --days 7").stdout
    assert "plotwatch_" in said
    plotwatch(config, f"token revoke {said.split()[1].rstrip(':')}")


def test_areas_of_a_file_join_a_district_once(config: Path, tmp_path: Path) -> None:
    plotwatch(config, "district add 北山区")
    square = shapely.box(100.0, 25.0, 100.01, 25.01)
    feature = {"type": "Feature", "properties": {"name": "东坡"}, "geometry": shapely.geometry.mapping(square)}
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert "added 1 areas" in plotwatch(config, f"area import {path} --district 北山区").stdout
    with pytest.raises(ConflictError, match="东坡 already"):
        plotwatch(config, f"area import {path} --district 北山区")
    with opened(f"sqlite:///{tmp_path / 'data' / 'plotwatch.sqlite'}") as database, database.snapshot() as connection:
        (area,) = areas_of(connection, frozenset({district_named(connection, "北山区").id}))
    assert area.outline.equals(square)


def test_the_ledger_is_signed_exported_verified_and_brought_back(config: Path, tmp_path: Path) -> None:
    plotwatch(config, "district add 北山区")
    checkpoint, exported, backup = tmp_path / "kept.json", tmp_path / "ledger.jsonl", tmp_path / "backup"
    plotwatch(config, f"audit checkpoint --out {checkpoint}")
    assert json.loads(plotwatch(config, "audit checkpoint").stdout) == json.loads(checkpoint.read_text())
    plotwatch(config, f"audit export {exported}")
    assert [json.loads(line)["kind"] for line in exported.read_text().splitlines()] == ["district.added"]
    assert "1 leaves, 1 checkpoints" in plotwatch(config, f"audit verify --checkpoint {checkpoint}").stdout
    assert json.loads(plotwatch(config, "audit verify --json").stdout.splitlines()[0])["wrong"] == []
    plotwatch(config, f"backup {backup}")
    (tmp_path / "data").rename(tmp_path / "lost")
    assert "restored 1 leaves" in plotwatch(config, f"restore {backup} --checkpoint {checkpoint}").stdout
    plotwatch(config, f"audit verify --checkpoint {checkpoint}")


def test_a_ledger_edited_by_hand_fails_the_audit_and_the_check(config: Path, tmp_path: Path) -> None:
    plotwatch(config, "district add 北山区")
    assert "sound" in plotwatch(config, "db check").stdout
    with opened(f"sqlite:///{tmp_path / 'data' / 'plotwatch.sqlite'}") as database, database.transaction() as by_hand:
        by_hand.exec_driver_sql("DROP TRIGGER law_ledger_update")
        by_hand.exec_driver_sql("UPDATE ledger SET body = '{}'")
    with pytest.raises(ConflictError, match="changed by hand"):
        plotwatch(config, "audit verify")
    with pytest.raises(ConflictError, match="law_ledger_update"):
        plotwatch(config, "db check")
    assert "revision" in plotwatch(config, "db migrate").stdout
    assert "sound" in plotwatch(config, "db check").stdout
