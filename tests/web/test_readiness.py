"""What the server needs is looked at when somebody asks."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from offices import NOON, Office

from pipeline.settings import Settings, StoreSettings
from pipeline.store.database import open_database
from pipeline.store.workers import arrive, leave
from pipeline.web.readiness import answers, checks_of, has_room, has_worker

MINUTE = timedelta(minutes=1)


def test_a_database_with_our_tables_answers_and_any_other_does_not(office: Office, tmp_path: Path) -> None:
    assert answers(office.database)
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert not answers(empty)
    empty.close()
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    broken = open_database(f"sqlite:///{tmp_path / 'broken.db'}")
    assert not answers(broken)
    assert not has_worker(broken, NOON, MINUTE)
    broken.close()


def test_a_disk_has_room_or_not_and_a_lost_one_has_none(tmp_path: Path) -> None:
    assert has_room(tmp_path, 1)
    assert not has_room(tmp_path, 2**80)
    assert not has_room(tmp_path / "lost", 1)


def test_a_worker_counts_while_its_heart_beats(office: Office) -> None:
    assert not has_worker(office.database, NOON, MINUTE)
    with office.database.transaction() as connection:
        arrive(connection, "here-1", now=NOON)
    assert has_worker(office.database, NOON + MINUTE, MINUTE)
    assert not has_worker(office.database, NOON + 2 * MINUTE, MINUTE)
    with office.database.transaction() as connection:
        leave(connection, "here-1", now=NOON)
    assert not has_worker(office.database, NOON, MINUTE)


def test_the_server_asks_for_database_disk_and_worker(office: Office, tmp_path: Path) -> None:
    settings = replace(Settings(), store=StoreSettings(data_dir=tmp_path))
    checks = checks_of(settings, office.database, lambda: NOON)
    assert [check.name for check in checks] == ["database", "disk", "worker"]
    assert [check.holds() for check in checks] == [True, has_room(tmp_path, 2 * 1024**3), False]


def test_the_pages_start_without_torch_openvino_and_dbos() -> None:
    heavy = "torch", "openvino", "dbos"
    code = f"import pipeline.web.app, pipeline.web.opening, sys; print([n for n in {heavy!r} if n in sys.modules])"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert started.stdout.strip() == "[]"
