"""Whoever has a statement, its proof and a key can tell without the server whether either was touched."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from databases import NOW, a_district, a_person, opened
from typer.testing import CliRunner

from pipeline.cli import build_app
from pipeline.domain.freshness import Window
from pipeline.domain.people import Role
from pipeline.errors import ConflictError, InvalidInputError, PlotwatchError, exit_code
from pipeline.store.checkpoints import HashTree, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.proofs import prove, root_from
from pipeline.store.statements import NewStatement, issue_statement
from pipeline.workflow import verify_statement as verifying
from pipeline.workflow.verify_statement import known_key, verify_statement

WINDOW = Window(first=date(2026, 10, 1), last=date(2026, 11, 26))
FILE = json.dumps({"version": 1, "coverage": {"district": "北山区"}, "seen_m2": 1234.5}, ensure_ascii=False).encode()
OTHER = "0" * 63 + "1"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What somebody was handed: a statement, its proof, and the key that the server is known by."""

    statement: Path
    proof: Path
    key: str

    def change(self, how: Callable[[dict[str, Any]], object]) -> None:
        """Change the proof."""
        said = json.loads(self.proof.read_text())
        how(said)
        self.proof.write_text(json.dumps(said))

    def forge(self, content: bytes) -> None:
        """Put another file there, with a proof for it that is signed by a key of the forger's own."""
        said = json.loads(self.proof.read_text().replace(sha256_of(self.statement.read_bytes()), sha256_of(content)))
        leaf = json.dumps([1, *json.loads(said["leaf"])[1:]])
        unsigned = {"leaves": 1, "root": hashlib.sha256(b"\0" + leaf.encode()).hexdigest()}
        unsigned |= {"signed_at": said["checkpoint"]["signed_at"], "version": 1}
        key = Ed25519PrivateKey.generate()
        signature = key.sign(json.dumps(unsigned, separators=(",", ":")).encode()).hex()
        signed = unsigned | {"public_key": key.public_key().public_bytes_raw().hex(), "signature": signature}
        self.statement.write_bytes(content)
        self.proof.write_text(json.dumps(said | {"leaf": leaf, "position": 1, "path": [], "checkpoint": signed}))

    def refused(self, error: type[PlotwatchError] = ConflictError, key: str | None = None) -> str:
        """The one sentence with which it is refused."""
        with pytest.raises(error) as raised:
            verify_statement(self.statement, self.proof, key=key or self.key)
        assert "\n" not in str(raised.value)
        assert exit_code(raised.value) in {2, 4}
        return str(raised.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A server that issued a statement, among other leaves."""

    database: Database
    key: Ed25519PrivateKey
    position: int

    def proof(self, position: int | None = None) -> dict[str, Any]:
        with self.database.transaction() as connection:
            return prove(connection, position or self.position, sign_checkpoint(connection, self.key, now=NOW))


@pytest.fixture(scope="module")
def issuer(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    folder = tmp_path_factory.mktemp("issuer")
    (folder / "plotwatch.sqlite").write_bytes(sqlite_template.read_bytes())
    with opened(f"sqlite:///{folder / 'plotwatch.sqlite'}") as database:
        north = a_district(database, "北山区").id
        lin = a_person(database, "lin", Role.MANAGER, districts=frozenset({north}))
        sha256 = sha256_of(FILE)
        new = NewStatement(district=north, area="梯田", window=WINDOW, sha256=sha256, content="c" * 64)
        with database.transaction() as connection:
            leaf = issue_statement(connection, new, lin, now=NOW)
            later = Entry(kind=Kind.ORIGINAL_KEPT, subject="f", person=None, body={"sha256": sha256})
            for _ in range(3):
                record(connection, later, NOW + timedelta(minutes=1))
        yield Issuer(database=database, key=signing_key(folder / "key.pem"), position=leaf.position)


@pytest.fixture
def handed(issuer: Issuer, tmp_path: Path) -> Handed:
    statement, proof = tmp_path / "statement.json", tmp_path / "proof.json"
    statement.write_bytes(FILE)
    proof.write_text(json.dumps(issuer.proof()))
    return Handed(statement=statement, proof=proof, key=issuer.key.public_key().public_bytes_raw().hex())


def test_what_was_issued_is_found_to_be_so_and_by_which_key(handed: Handed, issuer: Issuer) -> None:
    found = verify_statement(handed.statement, handed.proof, key=handed.key)
    assert (found.told.area, found.told.first, found.district) == ("梯田", "2026-10-01", "北山区")
    assert (found.position, found.checkpoint.leaves) == (issuer.position, issuer.position + 3)
    assert found.key_was_named
    assert not verify_statement(handed.statement, handed.proof).key_was_named


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (FILE.replace(b"1234.5", b"2234.5"), ConflictError, "was changed, or belongs to another proof"),
        (FILE + b"\n", ConflictError, "was changed"),
        (FILE[:-9], ConflictError, "ends too early"),
        (b"", ConflictError, "is no statement"),
        (b"\x89PNG\r\n", ConflictError, "is no statement"),
        (b"%PDF-1.7 ...", InvalidInputError, "save the two files that are attached"),
    ],
)
def test_a_statement_that_is_another_file_is_refused(
    handed: Handed, content: bytes, error: type[PlotwatchError], words: str
) -> None:
    handed.statement.write_bytes(content)
    assert words in handed.refused(error)


@pytest.mark.parametrize("number", range(9))
def test_a_proof_that_was_changed_anywhere_is_refused(handed: Handed, number: int) -> None:
    def another(hexadecimal: str) -> str:
        return ("0" if hexadecimal[0] != "0" else "1") + hexadecimal[1:]

    changes: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda said: said.update(leaf=said["leaf"].replace("2026-10-01", "2026-09-01")), "do not lead to the root"),
        (lambda said: said.update(leaf=said["leaf"][:-1]), "its leaf cannot be read"),
        (lambda said: said.update(position=said["position"] + 1), "at another position"),
        (lambda said: said["path"].pop(), "do not lead to the root"),
        (lambda said: said["path"].append("0" * 64), "do not lead to the root"),
        (lambda said: said["path"].__setitem__(0, another(said["path"][0])), "do not lead to the root"),
        (lambda said: said["checkpoint"].update(leaves=said["checkpoint"]["leaves"] + 8), "do not lead to the root"),
        (lambda said: said["checkpoint"].update(signed_at="2025-01-01T00:00:00.000000Z"), "the signature is not"),
        (lambda said: said["checkpoint"].update(public_key="0" * 64), "the signature is not"),
    ]
    change, words = changes[number]
    handed.change(change)
    assert words in handed.refused()


def test_a_ledger_made_up_and_signed_by_another_key_is_refused_where_the_key_is_named(handed: Handed) -> None:
    handed.forge(FILE.replace(b"1234.5", b"9999.9"))
    assert not verify_statement(handed.statement, handed.proof).key_was_named  # a key of their own signs anything
    assert "signed by another key than yours" in handed.refused()


def test_a_leaf_that_tells_of_something_else_proves_no_statement(handed: Handed, issuer: Issuer) -> None:
    handed.proof.write_text(json.dumps(issuer.proof(issuer.position + 1)))  # whose body has the same sha256
    assert "proves something else" in handed.refused()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"version": 1, "leaf": "[', "ends too early"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "neither a statement nor a proof"),
        (b'{"version": 2}', "another version"),
        (b'{"version": 1}', "is no proof"),
        (b'{"version": 1, "version": 1}', "is not JSON"),
        (FILE, "is no proof"),
    ],
)
def test_what_is_no_proof_is_said_to_be_none(handed: Handed, content: bytes, words: str) -> None:
    handed.proof.write_bytes(content)
    assert words in handed.refused(InvalidInputError)


@pytest.mark.parametrize(
    "change",
    [{"position": None}, {"position": 1e400}, {"path": ["zz"]}, {"path": 7}, {"leaf": 7}, {"checkpoint": []}],
)
def test_a_proof_with_nonsense_in_it_is_one_sentence(handed: Handed, change: dict[str, Any]) -> None:
    handed.change(lambda said: said.update(change))
    assert "is no proof" in handed.refused(InvalidInputError)


def test_files_that_are_missing_or_far_too_large_are_refused(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "MOST_OF_A_STATEMENT", len(FILE) - 1)
    assert "neither a statement nor a proof" in handed.refused(InvalidInputError)
    with handed.proof.open("ab") as file:
        file.truncate(verifying.MOST_OF_A_PROOF + 1)
    assert "more than 1 MB" in handed.refused(InvalidInputError)
    handed.proof.unlink()
    assert "cannot be read" in handed.refused(InvalidInputError)


def test_a_key_is_digits_or_a_file_or_an_exported_checkpoint(handed: Handed, issuer: Issuer, tmp_path: Path) -> None:
    written = tmp_path / "key.txt"
    written.write_text(f"{handed.key.upper()}\n")
    exported = tmp_path / "checkpoint.json"
    with issuer.database.transaction() as connection:
        exported.write_text(sign_checkpoint(connection, issuer.key, now=NOW).to_json())
    assert {known_key(said) for said in (handed.key, str(written), str(exported))} == {handed.key}
    for wrong in ("abc", str(handed.statement)):
        with pytest.raises(InvalidInputError):
            known_key(wrong)


def test_the_command_says_what_it_checked_and_what_it_cannot_tell(handed: Handed) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(build_app(), ["statement", "verify", *words])

    files = (str(handed.statement), str(handed.proof))
    known = run(*files, "--key", handed.key)
    assert known.exit_code == 0
    for words in ("北山区", "梯田", sha256_of(FILE), f"{handed.key}, the one that you named"):
        assert words in known.stdout
    assert "anybody can sign" not in known.stderr
    assert "whether it was withdrawn since, these files cannot tell" in known.stderr
    assert "anybody can sign with a key of their own" in run(*files).stderr
    assert json.loads(run(*files, "--json").stdout)["key_was_named"] is False
    assert isinstance(run(*files, "--key", OTHER).exception, ConflictError)
    assert "attached" in str(run(files[0]).exception)


def test_a_name_in_a_file_writes_nothing_to_a_terminal_but_text(handed: Handed) -> None:
    sly = FILE.replace("北山区".encode(), b"\\u001b[2Jgone")
    assert b"gone" in sly
    handed.forge(sly)
    answer = CliRunner().invoke(build_app(), ["statement", "verify", str(handed.statement), str(handed.proof)])
    assert answer.exit_code == 0
    assert "\x1b" not in answer.stdout
    assert "?[2Jgone" in answer.stdout


def test_each_leaf_leads_to_the_root_by_its_own_path_alone() -> None:
    hashes = [hashlib.sha256(bytes([number])).digest() for number in range(9)]
    for size in range(1, len(hashes) + 1):
        root = HashTree(hashes[:size]).root_at(size)
        for index in range(size):
            path = path_of(hashes[:size], index)
            assert root_from(hashes[index], index, size, path).hex() == root
            for wrong in (index - 1, index + 1):
                if 0 <= wrong < size:
                    assert led(hashes[index], wrong, size, path) != root


def path_of(hashes: list[bytes], index: int) -> list[bytes]:
    """The audit path, level by level, from the leaves up."""
    found, level = [], list(hashes)
    while len(level) > 1:
        beside = index ^ 1
        found += [level[beside]] if beside < len(level) else []
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
        index //= 2
    return found


def led(leaf: bytes, index: int, size: int, path: list[bytes]) -> str:
    try:
        return root_from(leaf, index, size, path).hex()
    except ValueError:
        return ""
