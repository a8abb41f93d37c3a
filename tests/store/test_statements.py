"""Issued statements: a leaf of the ledger and a file; who may issue, and that what was changed by hand is found."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from databases import NOW, a_district, a_person, opened
from proved import root_by

from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, NotAllowedError, NotFoundError
from pipeline.store import proofs
from pipeline.store.audit import audit
from pipeline.store.backup import back_up, restore
from pipeline.store.checkpoints import HashTree, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.statements import NewStatement, checkpoint_of, find_issued, issue_statement, issued_in

WINDOW = Window(first=date(2026, 10, 1), last=date(2026, 11, 26))


class Bureau:
    """Two districts, each with a manager, and a data folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.files = database, Files(folder / "data")
        self.north, self.south = (a_district(database, name).id for name in ("北山区", "南山区"))
        self.lin = a_person(database, "lin", Role.MANAGER, districts=frozenset({self.north}))
        self.wei = a_person(database, "wei", Role.MANAGER, districts=frozenset({self.south}))

    def issue(self, content: bytes = b"{}", *, person: Person | None = None, district: DistrictId | None = None) -> str:
        """Issue a file; its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        new = NewStatement(
            district=district or self.north, area="梯田", window=WINDOW, sha256=sha256, content=sha256[::-1]
        )
        with self.database.transaction() as connection:
            issue_statement(connection, new, person or self.lin, now=NOW)
            sign_checkpoint(connection, signing_key(self.files.key), now=NOW)
            self.files.keep_statement(content, sha256=sha256)
        return sha256

    def wrong(self) -> tuple[str, ...]:
        with self.database.snapshot() as connection:
            return audit(connection, files=self.files).wrong


@pytest.fixture
def bureau(database: Database, tmp_path: Path) -> Bureau:
    return Bureau(database, tmp_path)


def test_what_was_issued_is_what_its_leaf_says_under_a_signed_checkpoint(bureau: Bureau) -> None:
    sha256 = bureau.issue()
    with bureau.database.snapshot() as connection:
        (issued,) = issued_in(connection, {bureau.north})
        signed = checkpoint_of(connection, issued)
    assert (issued.sha256, issued.area, issued.window, issued.issued_by) == (sha256, "梯田", WINDOW, "lin")
    assert signed.is_genuine
    assert signed.leaves >= issued.leaf
    assert bureau.wrong() == ()


def test_the_newest_comes_first_and_each_district_has_its_own(bureau: Bureau) -> None:
    first, second = bureau.issue(b"1"), bureau.issue(b"2")
    theirs = bureau.issue(b"3", person=bureau.wei, district=bureau.south)
    with bureau.database.snapshot() as connection:
        assert [one.sha256 for one in issued_in(connection, bureau.lin.sees)] == [second, first]
        assert find_issued(connection, bureau.wei, theirs).district == bureau.south
        with pytest.raises(NotFoundError, match="there is no such statement"):
            find_issued(connection, bureau.lin, theirs)


def test_only_a_manager_of_the_district_issues(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError):
        bureau.issue(person=bureau.wei)
    surveyor = a_person(bureau.database, "mei", Role.SURVEYOR, districts=frozenset({bureau.north}))
    with pytest.raises(NotAllowedError, match="only managers"):
        bureau.issue(person=surveyor)
    with bureau.database.snapshot() as connection:
        assert issued_in(connection, {bureau.north, bureau.south}) == ()


def test_the_same_is_not_issued_twice(bureau: Bureau) -> None:
    bureau.issue()
    with pytest.raises(ConflictError, match="issued already"):
        bureau.issue()


def test_a_file_that_was_changed_or_removed_is_found(bureau: Bureau) -> None:
    changed, gone = bureau.issue(b"1"), bureau.issue(b"2")
    path = bureau.files.statement(changed)
    assert path.stat().st_mode & 0o222 == 0
    path.unlink()
    path.write_bytes(b"1 more")
    bureau.files.statement(gone).unlink()
    first, second = bureau.wrong()
    assert "not the one that was issued" in first
    assert "is gone" in second


def test_a_backup_carries_what_was_issued_and_stays_out_where_it_was_changed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    bureau = Bureau(sqlite_database, tmp_path)
    sha256 = bureau.issue(b"said")
    back_up(bureau.database, bureau.files, tmp_path / "backup", now=NOW + timedelta(hours=1))
    back = Files(tmp_path / "back")
    with opened(f"sqlite:///{tmp_path / 'back.sqlite'}") as database:
        restore(tmp_path / "backup", database, back, now=NOW + timedelta(hours=2))
        with database.snapshot() as connection:
            assert audit(connection, files=back).wrong == ()
            assert [one.sha256 for one in issued_in(connection, {bureau.north})] == [sha256]
    kept = tmp_path / "backup" / "statements" / f"{sha256}.json"
    kept.unlink()
    kept.write_bytes(b"dias")
    with opened(f"sqlite:///{tmp_path / 'again.sqlite'}") as database, pytest.raises(ConflictError, match="tampered"):
        restore(tmp_path / "backup", database, Files(tmp_path / "again"), now=NOW + timedelta(hours=2))


def test_each_leaf_of_a_ledger_of_any_size_is_proved_to_be_in_it() -> None:
    hashes = [hashlib.sha256(bytes([number])).digest() for number in range(13)]
    for size in range(1, len(hashes) + 1):
        root = HashTree(hashes[:size]).root_at(size)
        for index in range(size):
            path = proofs._path(hashes[:size], index)
            assert root_by(hashes[index], index, size, path) == root
