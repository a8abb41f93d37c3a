"""A backup of either engine comes back on either engine, whole and told, or not at all."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from databases import NOW, opened
from found import record_finding
from postgresql import Cluster
from sqlalchemy import func, select, text
from survey import ONE_READ, TWO_READS, Survey, looked, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PlotwatchError,
    UnavailableError,
)
from pipeline.store.areas import Source
from pipeline.store.audit import audit
from pipeline.store.backup import back_up, restore
from pipeline.store.checkpoints import Checkpoint, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.dumping import dump, lines_of, tables_there
from pipeline.store.entering import enter
from pipeline.store.files import Files
from pipeline.store.laws import repeal
from pipeline.store.ledger import leaves
from pipeline.store.migration import faults
from pipeline.store.no_fly import Barred, add_zones
from pipeline.store.tables import metadata, sessions, sign_ins
from pipeline.store.visits import plan_visit

LATER = NOW + timedelta(hours=1)
PIXELS = b"pixels"
SHA256 = hashlib.sha256(PIXELS).hexdigest()


@pytest.fixture
def survey(database: Database) -> Survey:
    """Two who confirm, a visit, what it found, and a no-fly zone."""
    survey = set_up(database)
    with database.transaction() as connection:
        zone = Barred(name="机场", outline=shapely.box(0, 0, 1, 1), valid_until=NOW.date())
        where = next(iter(survey.people["manager"].sees))
        add_zones(connection, where, [zone], Source(name="z.gpkg", sha256="a" * 64), by=None, now=survey.now)
        for name in ("ada", "bai"):
            looked(connection, survey.people[name], ONE_READ, now=survey.now)
            decide(connection, survey.sessions[name], ruling(ONE_READ, Verdict.CONFIRM), now=survey.now)
        visit = plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
        record_finding(
            connection, survey.people["field"], visit.id, FlagStatus.VERIFIED, note="三株\n'", now=survey.now
        )
    return survey


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A data folder with a file of each kind, and what is under way."""
    root = tmp_path / "here"
    kept = {f"originals/{SHA256}/a.tif": PIXELS, f"pictures/{SHA256}.jpg": PIXELS}
    kept |= {name: name.encode() for name in ("results/f/scan.json", "working/f/orthomosaic.tif", "models/m/card.md")}
    going = (
        "working/f/scores.u8",
        "results/f/.partial-scores.tif",
        "working/f/.intake-x/orthomosaic.tif",
        "arriving/a",
    )
    for name, content in {**kept, **dict.fromkeys(going, b"half")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return Files(root)


@pytest.fixture(params=["to_sqlite", "to_postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Makes a database without tables on each engine in turn."""
    with ExitStack() as stack:

        def made() -> Database:
            if request.param == "to_sqlite":
                return stack.enter_context(opened(f"sqlite:///{tmp_path / 'there' / 'plotwatch.sqlite'}"))
            cluster: Cluster = request.getfixturevalue("postgresql_cluster")
            return stack.enter_context(opened(cluster.url(cluster.new_database())))

        yield made


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Database]:
    """A SQLite file that is not there yet."""
    with opened(f"sqlite:///{tmp_path / 'there' / 'plotwatch.sqlite'}") as database:
        yield database


@pytest.fixture
def on_sqlite(sqlite_database: Database) -> Survey:
    return set_up(sqlite_database)


def insert_attempt(database: Database) -> int:
    """An attempt to sign in, whose number the database gives."""
    values = {"name": "ada", "source": "-", "tried_at": NOW, "succeeded": True}
    with database.transaction() as connection:
        return int(connection.execute(sign_ins.insert().values(values)).inserted_primary_key[0])


def decide_more(survey: Survey) -> None:
    with survey.database.transaction() as connection:
        looked(connection, survey.people["cui"], TWO_READS, now=survey.now)
        decide(connection, survey.sessions["cui"], ruling(TWO_READS, Verdict.REJECT), now=survey.now)


def rows(database: Database) -> dict[str, list[bytes]]:
    with database.snapshot() as connection:
        return {table.name: list(lines_of(connection, table)) for table in tables_there(connection)}


def paths(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def wrong(database: Database, exported: Checkpoint | None = None) -> tuple[str, ...]:
    with database.snapshot() as connection:
        return audit(connection, exported).wrong


def rewrite(backup: Path, table: str, change: Callable[[str], str]) -> None:
    """Change dumped rows as somebody does who then puts the hash right."""
    path, contents = backup / "rows" / f"{table}.jsonl", backup / "contents.json"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(change(path.read_text()))
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    contents.write_text(contents.read_text().replace(before, after))


def test_a_backup_of_either_engine_comes_back_on_either_engine(
    survey: Survey, files: Files, empty: Callable[[], Database], tmp_path: Path
) -> None:
    last = insert_attempt(survey.database)
    checkpoint = back_up(survey.database, files, tmp_path / "backup", now=LATER)
    before = rows(survey.database)
    target, there = empty(), Files(tmp_path / "there")
    assert restore(tmp_path / "backup", target, there, now=LATER, exported=checkpoint) == checkpoint.leaves
    after = rows(target)
    assert after["ledger"][:-1] == before["ledger"]
    assert {name for name in before if after[name] != before[name]} == {"ledger", "sessions"}
    assert wrong(target, checkpoint) == faults(target) == ()
    assert insert_attempt(target) > last
    with target.snapshot() as connection:
        open_ones = select(func.count()).select_from(sessions).where(sessions.c.ended_at.is_(None))
        assert connection.execute(open_ones).scalar_one() == 0
    with pytest.raises(NotAllowedError, match="never"), target.transaction() as connection:
        connection.execute(text("DELETE FROM decisions"))


def test_files_come_back_that_reviewing_and_training_need_and_nothing_that_is_under_way(
    on_sqlite: Survey, files: Files, there: Database, tmp_path: Path
) -> None:
    back_up(on_sqlite.database, files, tmp_path / "backup", now=LATER)
    root = tmp_path / "there"
    restore(tmp_path / "backup", there, Files(root), now=LATER)
    kept = {f"originals/{SHA256}/a.tif", f"pictures/{SHA256}.jpg", "keys/ledger.pem"}
    kept |= {"results/f/scan.json", "working/f/orthomosaic.tif", "models/m/card.md"}
    assert {path for path in paths(root) if not path.startswith("plotwatch.sqlite")} == kept
    assert Files(root).original(SHA256).read_bytes() == PIXELS
    assert (root / "keys" / "ledger.pem").stat().st_mode & 0o077 == 0
    assert signing_key(Files(root).key).public_key() == signing_key(files.key).public_key()


def test_a_backup_sees_one_moment_while_somebody_writes(survey: Survey, files: Files, tmp_path: Path) -> None:
    with survey.database.snapshot() as connection:
        tables = tables_there(connection)
        assert [list(lines_of(connection, table)) for table in tables]
        decide_more(survey)
        decided = [table for table in tables if table.name in {"ledger", "decisions"}]
        assert all(len(list(lines_of(connection, table))) < len(rows(survey.database)[table.name]) for table in decided)
    back_up(survey.database, files, tmp_path / "backup", now=LATER)
    with pytest.raises(ConflictError, match="there already"):
        back_up(survey.database, files, tmp_path / "backup", now=LATER)


def test_an_old_backup_comes_back_only_openly(
    on_sqlite: Survey, files: Files, empty: Callable[[], Database], tmp_path: Path
) -> None:
    back_up(on_sqlite.database, files, tmp_path / "old", now=LATER)
    decide_more(on_sqlite)
    with on_sqlite.database.transaction() as connection:
        newest = sign_checkpoint(connection, signing_key(files.key), now=LATER)
    there, target = Files(tmp_path / "there"), empty()
    with pytest.raises(ConflictError, match="older"):
        restore(tmp_path / "old", target, there, now=LATER, exported=newest)
    assert paths(tmp_path / "there") == set()
    restore(tmp_path / "old", target, there, now=LATER, exported=newest, anyway=True)
    assert "the exported checkpoint" in "\n".join(wrong(target, newest))
    with target.snapshot() as connection:
        assert [leaf.kind for leaf in leaves(connection)][-1] == "restored"


def test_nothing_comes_back_over_something(on_sqlite: Survey, files: Files, there: Database, tmp_path: Path) -> None:
    back_up(on_sqlite.database, files, tmp_path / "backup", now=LATER)
    before = rows(on_sqlite.database)
    with pytest.raises(ConflictError, match="a record in this database already"):
        restore(tmp_path / "backup", on_sqlite.database, Files(tmp_path / "new"), now=LATER)
    assert rows(on_sqlite.database) == before
    with pytest.raises(ConflictError, match="there are files in"):
        restore(tmp_path / "backup", there, files, now=LATER)
    assert files.original(SHA256).read_bytes() == PIXELS
    with pytest.raises(NotFoundError, match="no backup"):
        restore(tmp_path / "none", there, Files(tmp_path / "new"), now=LATER)


def test_rows_that_were_changed_stay_out_also_where_their_hash_was_put_right(
    survey: Survey, files: Files, there: Database, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    back_up(survey.database, files, backup, now=LATER)
    for table, old, new, sentence in (
        ("ledger", '"district.added"', '"district.moved"', "tampered with: leaf 1 was edited"),
        ("visits", '"verified"', '"absent"', "tampered with: what was found"),
    ):
        rewrite(backup, table, lambda lines, old=old, new=new: lines.replace(old, new, 1))  # type: ignore[misc]
        with pytest.raises(ConflictError, match=sentence):
            restore(backup, there, Files(tmp_path / "there"), now=LATER)
        assert paths(tmp_path / "there") == set()
        rewrite(backup, table, lambda lines, old=old, new=new: lines.replace(new, old, 1))  # type: ignore[misc]


def test_a_backup_that_is_not_whole_stays_out(on_sqlite: Survey, files: Files, there: Database, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    back_up(on_sqlite.database, files, backup, now=LATER)

    def refused(sentence: str, error: type[Exception] = ConflictError) -> None:
        with pytest.raises(error, match=sentence):
            restore(backup, there, Files(tmp_path / "there"), now=LATER)
        assert paths(tmp_path / "there") == set()

    contents, flags = backup / "contents.json", backup / "rows" / "flags.jsonl"
    told, lines = contents.read_text(), flags.read_text()
    flags.write_text(lines.splitlines(keepends=True)[0])
    refused("the rows of flags are not those")
    flags.unlink()
    refused("the rows of flags are missing")
    flags.write_text(lines)
    (backup / "pictures" / f"{SHA256}.jpg").write_bytes(b"others")
    refused("other bytes than its name says")
    (backup / "results" / "f" / "scan.json").unlink()
    refused("results/f/scan.json is missing")
    for change, sentence in (
        ({"files": [], "revision": "9999"}, "newer software"),
        ({"files": [], "version": 2}, "of version 2"),
        ({"files": [{"path": "../../etc/passwd", "size_bytes": 1}]}, "not whole"),
        ({"files": [], "tables": json.loads(told)["tables"][1:]}, "other tables"),
    ):
        contents.write_text(json.dumps(json.loads(told) | change))
        refused(sentence, PlotwatchError)
    contents.write_text("{")
    refused("cannot be read", InvalidInputError)


def test_a_backup_of_an_older_revision_is_brought_up_to_date(
    on_sqlite: Survey, empty: Callable[[], Database], tmp_path: Path
) -> None:
    target = empty()
    with on_sqlite.database.transaction() as connection:
        repeal(connection)
        for index in ("decisions_by_time", "flags_by_origin"):
            connection.execute(text(f"DROP INDEX {index}"))
        for table in (
            "no_fly_zones",
            "imagery_removals",
            "visit_details",
            "ground_moves",
            "ground_regions",
            "ground_looks",
            "promotions",
            "models",
        ):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("ALTER TABLE people DROP COLUMN one_time_since"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
    with on_sqlite.database.snapshot() as connection:
        (tmp_path / "backup").mkdir()
        contents = dump(connection, tmp_path / "backup")
    with target.transaction() as connection:
        enter(connection, contents, tmp_path / "backup")
    assert wrong(target) == faults(target) == ()
    assert set(rows(target)) == set(metadata.tables)


def test_who_does_not_own_the_tables_cannot_repeal_their_laws(
    postgresql_cluster: Cluster, postgresql_database: Database
) -> None:
    with postgresql_database.transaction() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'clerk'")).first():
            connection.execute(text("CREATE ROLE clerk LOGIN"))
        connection.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk"))
    name = postgresql_database.engine.url.database
    with (
        opened(postgresql_cluster.url(str(name)).replace("plotwatch@", "clerk@")) as database,
        pytest.raises(UnavailableError, match="the one that owns the tables"),
        database.transaction() as clerk,
    ):
        repeal(clerk)
    assert faults(postgresql_database) == ()
