"""Issued statements: a leaf of the ledger and a file; who may issue, and that what was changed by hand is found."""

import hashlib
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import NOW, a_district, a_person, opened
from proved import root_by

from pipeline.domain.freshness import Window
from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from pipeline.store import proofs
from pipeline.store.audit import audit
from pipeline.store.backup import back_up, restore
from pipeline.store.checkpoints import HashTree, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.files import Files
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.statements import (
    Issued,
    NewStatement,
    NewWithdrawal,
    checkpoint_of,
    find_issued,
    issue_statement,
    issued_in,
    withdraw_statement,
)

WINDOW = Window(first=date(2026, 10, 1), last=date(2026, 11, 26))


class Bureau:
    """Two districts, each with a manager, and a data folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.files = database, Files(folder / "data")
        self.north, self.south = (a_district(database, name).id for name in ("北山区", "南山区"))
        self.lin = a_person(database, "lin", Role.MANAGER, districts=frozenset({self.north}))
        self.wei = a_person(database, "wei", Role.MANAGER, districts=frozenset({self.south}))

    def issue(
        self,
        file: bytes = b"{}",
        *,
        person: Person | None = None,
        district: DistrictId | None = None,
        area: str | None = "梯田",
        content: str = "",
    ) -> str:
        """Issue a file; its sha256."""
        sha256 = hashlib.sha256(file).hexdigest()
        said = content or sha256[::-1]
        new = NewStatement(district=district or self.north, area=area, window=WINDOW, sha256=sha256, content=said)
        with self.database.transaction() as connection:
            issue_statement(connection, new, person or self.lin, now=NOW)
            sign_checkpoint(connection, signing_key(self.files.key), now=NOW)
            self.files.keep_statement(file, sha256=sha256)
        return sha256

    def withdraw(
        self, sha256: str, reason: str = "a flight was double", other: str | None = None, person: Person | None = None
    ) -> None:
        new = NewWithdrawal(sha256=sha256, reason=reason, replaced_by=other)
        with self.database.transaction() as connection:
            withdraw_statement(connection, new, person or self.lin, now=NOW + timedelta(minutes=1))

    def listed(self) -> tuple[Issued, ...]:
        with self.database.snapshot() as connection:
            return issued_in(connection, {self.north})

    def write(self, kind: Kind, body: dict[str, Any], person: Person | None) -> None:
        """A leaf that no function of ours would write."""
        entry = Entry(kind=kind, subject=self.north, person=None if person is None else person.id, body=body)
        with self.database.transaction() as connection:
            record(connection, entry, NOW + timedelta(hours=1))

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


def test_what_is_withdrawn_says_why_and_what_replaces_it_and_its_file_stays(bureau: Bureau) -> None:
    first, second = bureau.issue(b"1"), bureau.issue(b"2")
    bureau.withdraw(first, "  one flight\n was  counted twice ", second)
    newer, older = bureau.listed()
    assert newer.withdrawn is None
    assert older.withdrawn is not None
    assert (older.withdrawn.reason, older.withdrawn.replaced_by) == ("one flight was counted twice", second)
    assert (older.withdrawn.by, older.withdrawn.at) == ("lin", NOW + timedelta(minutes=1))
    assert bureau.files.statement(first).read_bytes() == b"1"
    assert bureau.wrong() == ()
    bureau.files.statement(first).unlink()
    assert len(bureau.wrong()) == 1


def test_one_manager_of_the_district_withdraws_and_nobody_else(bureau: Bureau) -> None:
    sha256 = bureau.issue()
    surveyor = a_person(bureau.database, "mei", Role.SURVEYOR, districts=frozenset({bureau.north}))
    with pytest.raises(NotAllowedError, match="only managers"):
        bureau.withdraw(sha256, person=surveyor)
    with pytest.raises(NotFoundError):
        bureau.withdraw(sha256, person=bureau.wei)
    another = a_person(bureau.database, "hua", Role.MANAGER, districts=frozenset({bureau.north}))
    bureau.withdraw(sha256, person=another)
    with pytest.raises(ConflictError, match="withdrawn before"):
        bureau.withdraw(sha256)
    (one,) = bureau.listed()
    assert one.withdrawn is not None
    assert one.withdrawn.by == "hua"


def test_of_two_who_withdraw_in_the_same_second_one_is_told_that_it_was_done(bureau: Bureau) -> None:
    sha256 = bureau.issue()
    begin, said = threading.Barrier(2), list[str]()

    def run(reason: str) -> None:
        begin.wait()
        try:
            bureau.withdraw(sha256, reason)
        except ConflictError as error:
            said.append(str(error))

    threads = [threading.Thread(target=run, args=(reason,)) for reason in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["this statement was withdrawn before"]
    assert bureau.wrong() == ()


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 501, "seen\x1b[2J"])
def test_without_a_reason_in_plain_words_nothing_is_withdrawn(bureau: Bureau, reason: str) -> None:
    sha256 = bureau.issue()
    with pytest.raises(InvalidInputError, match="for a reason"):
        bureau.withdraw(sha256, reason)
    assert bureau.listed()[0].withdrawn is None


def test_only_a_later_statement_of_the_same_ground_that_stands_replaces_one(bureau: Bureau) -> None:
    older, sha256 = bureau.issue(b"1"), bureau.issue(b"2")
    elsewhere = bureau.issue(b"3", area="河滩")
    theirs = bureau.issue(b"4", person=bureau.wei, district=bureau.south)
    gone = bureau.issue(b"5")
    bureau.withdraw(gone)
    for other in (older, sha256, elsewhere, theirs, gone, "0" * 64):
        with pytest.raises(InvalidInputError, match="replaced by a later one"):
            bureau.withdraw(sha256, other=other)
    whole = bureau.issue(b"6", area=None)
    bureau.withdraw(sha256, other=whole)
    assert bureau.wrong() == ()


def test_what_was_withdrawn_by_mistake_can_be_issued_once_more(bureau: Bureau) -> None:
    bureau.withdraw(bureau.issue(b"said"))
    content = hashlib.sha256(b"said").hexdigest()[::-1]
    bureau.issue(b"said, later", content=content)
    assert [one.withdrawn is None for one in bureau.listed()] == [True, False]


def test_a_withdrawal_that_was_written_by_hand_is_found(bureau: Bureau) -> None:
    sha256 = bureau.issue()
    made: dict[str, Any] = {"sha256": sha256, "reason": "why", "replaced_by": None}
    bureau.write(Kind.STATEMENT_WITHDRAWN, made | {"sha256": "0" * 64}, bureau.lin)
    bureau.write(Kind.STATEMENT_WITHDRAWN, made | {"reason": ""}, bureau.lin)
    bureau.write(Kind.STATEMENT_WITHDRAWN, made, bureau.lin)
    bureau.write(Kind.STATEMENT_WITHDRAWN, made | {"sha256": bureau.issue(b"2"), "replaced_by": "f" * 64}, bureau.lin)
    wrong = bureau.wrong()
    for said, words in zip(wrong, ("was not issued", "without a person", "withdrawn before", "replaces"), strict=True):
        assert words in said


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
