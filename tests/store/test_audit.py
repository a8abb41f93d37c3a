"""The ledger: whatever is edited, deleted, moved, cut off or rolled back by hand, the audit says so."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from databases import NOW
from found import record_finding
from sqlalchemy import text
from survey import ONE_READ, TWO_READS, Survey, looked, raw_path, ruling, set_up

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.domain.starter import STARTER
from pipeline.errors import InvalidInputError, NotAllowedError
from pipeline.store.audit import audit
from pipeline.store.checkpoints import Checkpoint, read_checkpoint, sign_checkpoint, signing_key, stored_checkpoints
from pipeline.store.database import Database
from pipeline.store.decisions import decide
from pipeline.store.key import change_entry
from pipeline.store.laws import enact
from pipeline.store.ledger import leaves as stored_leaves
from pipeline.store.visits import Finding, plan_visit, record_found

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def survey(database: Database) -> Survey:
    """Two who confirm, a visit, and what it found."""
    survey = set_up(database)
    with database.transaction() as connection:
        for name in ("ada", "bai"):
            looked(connection, survey.people[name], ONE_READ, now=survey.now)
            decide(connection, survey.sessions[name], ruling(ONE_READ, Verdict.CONFIRM), now=survey.now)
        visit = plan_visit(connection, survey.people["manager"], ONE_READ, now=survey.now)
        found = FlagStatus.VERIFIED
        record_finding(connection, survey.people["field"], visit.id, found, note="", now=survey.now)
    return survey


def signed(survey: Survey, folder: Path) -> Checkpoint:
    with survey.database.transaction() as connection:
        return sign_checkpoint(connection, signing_key(folder / "keys" / "ledger.pem"), now=LATER)


def tamper(database: Database, *statements: str) -> None:
    """Change rows as somebody does who first takes the laws away, and then puts them back."""
    with database.transaction() as connection:
        if database.is_sqlite:
            triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in triggers.scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
        enact(connection)


def wrong(database: Database, exported: Checkpoint | None = None) -> str:
    with database.snapshot() as connection:
        return "\n".join(audit(connection, exported).wrong)


def test_an_untouched_ledger_is_whole(survey: Survey, tmp_path: Path) -> None:
    checkpoint = signed(survey, tmp_path)
    with survey.database.snapshot() as connection:
        found = audit(connection, checkpoint, public_key=checkpoint.public_key)
    assert found.wrong == ()
    assert (found.leaves, found.checkpoints) == (checkpoint.leaves, 1)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE ledger SET body = '{}' WHERE position = 3", "leaf 3 was edited"),
        ("UPDATE ledger SET at = '2026-11-26T09:00:00.000001Z' WHERE position = 2", "leaf 2 was edited"),
        ("UPDATE decisions SET verdict = 'reject'", "is not what leaf"),
        ("UPDATE visits SET outcome = 'absent'", "what was found at visit"),
        ("UPDATE visits SET note = 'else'", "what was found at visit"),
        ("UPDATE flags SET status = 'rejected' WHERE label = 'F00001'", "flag scan-F00001 does not stand"),
        ("UPDATE flights SET state = 'scanned'", "does not stand where the ledger left it"),
        (
            "INSERT INTO person_roles SELECT id, 'reviewer' FROM people WHERE name = 'chief'",
            "roles or districts of chief",
        ),
        ("DELETE FROM person_roles WHERE role = 'field'", "roles or districts of field"),
    ],
)
def test_what_is_edited_by_hand_is_found(survey: Survey, statement: str, sentence: str) -> None:
    tamper(survey.database, statement)
    assert sentence in wrong(survey.database)


@pytest.mark.parametrize("statement", ["UPDATE visit_details SET accuracy_m = 9", "DELETE FROM visit_details"])
def test_what_lies_beside_an_outcome_and_was_changed_by_hand_is_found(survey: Survey, statement: str) -> None:
    with survey.database.transaction() as connection:
        for name in ("ada", "bai"):
            looked(connection, survey.people[name], TWO_READS, now=survey.now)
            decide(connection, survey.sessions[name], ruling(TWO_READS, Verdict.CONFIRM), now=survey.now)
        visit = plan_visit(connection, survey.people["manager"], TWO_READS, now=survey.now)
        found = Finding(outcome=FlagStatus.VERIFIED, accuracy_m=4.5)
        record_found(connection, survey.people["field"], visit.id, found, now=survey.now)
    assert wrong(survey.database) == ""
    tamper(survey.database, statement)
    assert f"what was found at visit {visit.id}" in wrong(survey.database)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE key_entries SET text_zh = 'else'", "is not what the ledger says"),
        ("UPDATE key_entries SET withdrawn = TRUE", "is not what the ledger says"),
        ("DELETE FROM key_entries", "in the interpretation key is gone"),
    ],
)
def test_a_version_of_the_key_that_was_changed_by_hand_is_found(survey: Survey, statement: str, sentence: str) -> None:
    with survey.database.transaction() as connection:
        entry, manager = STARTER[0], survey.people["manager"]
        change_entry(connection, manager, entry.id, entry.described, after=0, now=survey.now)
    assert wrong(survey.database) == ""
    tamper(survey.database, statement)
    assert f"version 1 of {STARTER[0].id}" in wrong(survey.database)
    assert sentence in wrong(survey.database)


def test_a_leaf_that_is_deleted_is_missed(survey: Survey) -> None:
    tamper(survey.database, "DELETE FROM ledger WHERE position = 5")
    assert "leaf 5 is missing" in wrong(survey.database)


def test_leaves_that_changed_places_are_found(survey: Survey) -> None:
    tamper(
        survey.database,
        "UPDATE ledger SET position = 1000 WHERE position = 3",
        "UPDATE ledger SET position = 3 WHERE position = 4",
        "UPDATE ledger SET position = 4 WHERE position = 1000",
    )
    assert "leaf 3 was edited or moved" in wrong(survey.database)
    assert "leaf 4 was edited or moved" in wrong(survey.database)


def test_a_leaf_edited_with_its_hash_is_betrayed_by_the_checkpoint(survey: Survey, tmp_path: Path) -> None:
    checkpoint = signed(survey, tmp_path)
    with survey.database.snapshot() as connection:
        leaf = next(leaf for leaf in stored_leaves(connection) if leaf.kind == "district.added")
    forged = type(leaf)(**{**{name: getattr(leaf, name) for name in type(leaf).__slots__}, "body": '{"name":"x"}'})
    tamper(
        survey.database,
        f"UPDATE ledger SET body = '{forged.body}', hash = '{forged.rightful_hash}' WHERE position = {leaf.position}",
    )
    assert "a stored checkpoint of" in wrong(survey.database)
    tamper(survey.database, "DELETE FROM checkpoints")
    assert wrong(survey.database) == ""
    assert "the exported checkpoint of" in wrong(survey.database, checkpoint)


def test_a_ledger_that_was_cut_off_is_found(survey: Survey, tmp_path: Path) -> None:
    checkpoint = signed(survey, tmp_path)
    tamper(survey.database, f"DELETE FROM ledger WHERE position = {checkpoint.leaves}")
    assert "cut off, or an old backup" in wrong(survey.database)
    tamper(survey.database, "DELETE FROM checkpoints")
    assert "cut off, or an old backup" in wrong(survey.database, checkpoint)


def test_a_decision_that_is_gone_is_missed(survey: Survey) -> None:
    tamper(survey.database, "DELETE FROM decisions WHERE reader = 2")
    assert "is gone" in wrong(survey.database)


def test_laws_that_are_gone_are_reported(survey: Survey) -> None:
    drop = "DROP TRIGGER law_ledger_update" + ("" if survey.database.is_sqlite else " ON ledger")
    with survey.database.transaction() as connection:
        connection.execute(text(drop))
    assert "the law law_ledger_update is missing" in wrong(survey.database)


def test_a_checkpoint_of_another_key_is_reported(survey: Survey, tmp_path: Path) -> None:
    signed(survey, tmp_path)
    with survey.database.snapshot() as connection:
        assert any("another key" in said for said in audit(connection, public_key="00" * 32).wrong)


def test_a_checkpoint_is_signed_once_for_each_size(survey: Survey, tmp_path: Path) -> None:
    assert signed(survey, tmp_path) == signed(survey, tmp_path)
    with survey.database.snapshot() as connection:
        assert len(stored_checkpoints(connection)) == 1


def test_a_checkpoint_comes_back_from_its_file_and_a_changed_one_does_not(survey: Survey, tmp_path: Path) -> None:
    checkpoint, path = signed(survey, tmp_path), tmp_path / "checkpoint.json"
    path.write_text(checkpoint.to_json())
    assert read_checkpoint(path) == checkpoint
    path.write_text(checkpoint.to_json().replace(f'"leaves": {checkpoint.leaves}', '"leaves": 1'))
    with pytest.raises(InvalidInputError, match="changed after it was signed"):
        read_checkpoint(path)
    for content in ("", "[]", '{"version": 2}', "{}"):
        path.write_text(content)
        with pytest.raises(InvalidInputError):
            read_checkpoint(path)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    first = signing_key(path).public_key().public_bytes_raw()
    assert signing_key(path).public_key().public_bytes_raw() == first
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("no key")
    with pytest.raises(InvalidInputError):
        signing_key(path)


def test_nothing_is_signed_of_an_empty_ledger(database: Database, tmp_path: Path) -> None:
    with database.transaction() as connection, pytest.raises(InvalidInputError, match="empty"):
        sign_checkpoint(connection, signing_key(tmp_path / "key.pem"), now=NOW)


def test_a_checkpoint_cannot_be_changed_or_speak_of_the_future(survey: Survey, tmp_path: Path) -> None:
    signed(survey, tmp_path)
    for statement in (
        "UPDATE checkpoints SET root = '-'",
        "DELETE FROM checkpoints",
        "INSERT INTO checkpoints SELECT leaves + 1, root, signed_at, public_key, signature FROM checkpoints",
    ):
        with pytest.raises(NotAllowedError), survey.database.transaction() as connection:
            connection.execute(text(statement))


@pytest.fixture
def on_sqlite(sqlite_database: Database) -> Survey:
    return set_up(sqlite_database)


def test_an_old_file_copied_over_the_new_one_is_found(on_sqlite: Survey, tmp_path: Path) -> None:
    path = raw_path(on_sqlite.database)
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(tmp_path / "old")) as old:
        connection.backup(old)
    with on_sqlite.database.transaction() as connection:
        looked(connection, on_sqlite.people["ada"], ONE_READ, now=on_sqlite.now)
        decide(connection, on_sqlite.sessions["ada"], ruling(ONE_READ, Verdict.REJECT), now=on_sqlite.now)
    newest = signed(on_sqlite, tmp_path)
    on_sqlite.database.close()
    for left in path.parent.glob(f"{path.name}-*"):
        left.unlink()
    shutil.copy(tmp_path / "old", path)
    assert wrong(on_sqlite.database) == ""
    assert "an old backup" in wrong(on_sqlite.database, newest)
