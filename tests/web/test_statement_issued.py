"""Issuing a statement is for good: what is kept is what was signed, for its own district, and a change is noticed."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import covered
import pypdf
import pytest
from covered import land
from databases import PASSWORD as ANOTHER
from databases import a_person
from fastapi.testclient import TestClient
from offices import PASSWORD, csrf_of
from pages import unclosed
from proved import root_by
from stated import DAY, NAME, asked, client_of, field, issue, opened, texts

from pipeline.domain.people import Role
from pipeline.store.audit import audit
from pipeline.store.checkpoints import read_checkpoint
from pipeline.workflow import issue_statement
from pipeline.workflow.verify_statement import verify_statement

CHINESE = {"Accept-Language": "zh-CN"}


def test_a_district_that_is_not_mine_does_not_exist(tmp_path: Path) -> None:
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        issued = issue(client, office)
    stranger = a_person(office.database, "stranger", Role.MANAGER, districts=frozenset({office.west.id}))
    with client_of(office, stranger.name, ANOTHER) as client:
        assert client.get("/statement", params=asked(office)).status_code == 404
        form = asked(office) | {"csrf": csrf_of(client), "content": "seen"}
        assert client.post("/statement/issue", data=form).status_code == 404
        for there in ("", "/statement.json", "/statement.pdf", "/statement.gpkg", "/checkpoint.json", "/proof.json"):
            unknown = client.get(f"/statement/issued/{'0' * 64}{there}")
            hidden = client.get(f"{issued}{there}")
            assert hidden.status_code == unknown.status_code == 404, there
        assert "Terraces" not in client.get("/statement").text
    office.database.close()


def test_what_was_issued_is_kept_as_it_was_signed_and_noticed_when_it_is_not(tmp_path: Path) -> None:
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        address = issue(client, office)
        sha256 = address.rsplit("/", 1)[1]
        file = client.get(f"{address}/statement.json").content
        assert hashlib.sha256(file).hexdigest() == sha256
        checkpoint = tmp_path / "checkpoint.json"
        checkpoint.write_bytes(client.get(f"{address}/checkpoint.json").content)
        signed = read_checkpoint(checkpoint)
        with office.database.snapshot() as connection:
            assert audit(connection, signed, files=office.desk.files).wrong == ()
        proof = client.get(f"{address}/proof.json")
        said = proof.json()
        leaf = hashlib.sha256(b"\0" + said["leaf"].encode()).digest()
        path = map(bytes.fromhex, said["path"])
        assert root_by(leaf, said["position"] - 1, said["checkpoint"]["leaves"], path) == signed.root
        assert sha256 in said["leaf"]
        pdf = client.get(f"{address}/statement.pdf").content
        assert pypdf.PdfReader(io.BytesIO(pdf)).attachments["proof.json"] == [proof.content]
        assert pypdf.PdfReader(io.BytesIO(pdf)).attachments[f"statement-{sha256[:12]}.json"] == [file]
        assert sha256 in texts(pdf)
        assert signed.root in texts(pdf)
        page = client.get(address).text
        assert unclosed(page) == []
        assert "As it was issued" in page
        for name, (content,) in pypdf.PdfReader(io.BytesIO(pdf)).attachments.items():
            (tmp_path / name).write_bytes(content)
        command = f"plotwatch statement verify statement-{sha256[:12]}.json proof-{sha256[:12]}.json --key "
        key = page.split(command)[1].split("<", maxsplit=1)[0]
        assert verify_statement(tmp_path / f"statement-{sha256[:12]}.json", tmp_path / "proof.json", key=key)
        assert f"plotwatch statement verify statement-{sha256[:12]}.json proof.json" in texts(pdf)
        assert "As it was issued" in client.get("/statement").text

        covered.flown(office, DAY + timedelta(days=30), land(1.4, 0, 0.6, 1))  # the world goes on, the statement stays
        assert client.get(f"{address}/statement.json").content == file

        path = office.desk.files.statement(sha256)
        path.unlink()
        path.write_bytes(file.replace(b"plotwatch", b"plotwotch"))
        assert "is not the one that was issued" in client.get(address).text
        assert "Not the file that was issued" in client.get("/statement").text
        for kind in ("json", "pdf", "gpkg"):
            assert client.get(f"{address}/statement.{kind}").status_code == 409
        with office.database.snapshot() as connection:
            assert len(audit(connection, files=office.desk.files).wrong) == 1
    office.database.close()


def test_what_is_issued_is_what_was_looked_at_and_not_twice(tmp_path: Path) -> None:
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        page = client.get("/statement", params=asked(office)).text
        seen = asked(office) | {"csrf": field(page, "csrf"), "content": field(page, "content")}
        covered.flown(office, DAY + timedelta(days=30), land(1.4, 0, 0.6, 1))
        answer = client.post("/statement/issue", data=seen)
        assert answer.status_code == 409
        assert "look again before you issue" in answer.text
        issue(client, office)
        seen["content"] = field(client.get("/statement", params=asked(office)).text, "content")
        again = client.post("/statement/issue", data=seen, headers=CHINESE)
        assert again.status_code == 409
        assert "这份声明已经签发" in again.text
        assert client.get("/statement").text.count("As it was issued") == 1
    office.database.close()


def test_what_was_withdrawn_says_so_on_page_list_paper_and_to_scripts(tmp_path: Path) -> None:
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        older = issue(client, office)
        before = client.get(f"{older}/statement.json").content
        covered.flown(office, DAY + timedelta(days=30), land(1.4, 0, 0.6, 1))
        newer = issue(client, office)
        form = {"csrf": csrf_of(client), "reason": "One flight was <b>double</b>", "replaced_by": newer[-64:]}
        assert newer[-64:] in client.get(older).text.split('id="replaced_by"')[1]
        assert client.post(f"{older}/withdraw", data=form).headers["Location"] == older
        page, listed, chinese = (client.get(older).text, client.get("/statement").text, texts_of(client, older))
        assert unclosed(page) == []
        for text in (page, listed):
            assert "Withdrawn on 26 Nov 2026" in " ".join(text.split())
            assert "One flight was &lt;b&gt;double&lt;/b&gt;" in text
            assert f'<a href="{newer}">' in text
        assert "Withdraw this statement" not in page
        assert "Withdrawn" not in client.get(newer).text
        pdf = client.get(f"{older}/statement.pdf").content
        for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages:
            assert "Withdrawn, sha256" in sheet.extract_text()
        assert "Reason: One flight was <b>double</b> Replaced by" in texts(pdf)
        assert "已撤回" in chinese
        assert client.get(f"{older}/statement.json").content == before
        rows = {one["sha256"]: one for one in client.get("/api/v1/statements").json()["statements"]}
        gone = rows[older[-64:]]["withdrawn"]
        assert (gone["reason"], gone["replaced_by"]) == ("One flight was <b>double</b>", newer[-64:])
        assert rows[newer[-64:]]["withdrawn"] is None
        one = client.get(f"/api/v1/statements/{older[-64:]}").json()
        assert one["withdrawn"] == gone
        assert one["said"]["coverage"]["area"] == NAME
        assert verified(client, older, tmp_path)  # which has no way to know
        again = client.post(f"{older}/withdraw", data=form, headers=CHINESE)
        assert again.status_code == 409
        assert "此前已被撤回" in again.text
    with office.database.snapshot() as connection:
        found = audit(connection, files=office.desk.files)
    assert (found.wrong, found.checkpoints) == ((), 3)
    office.database.close()


def test_who_may_not_withdraw_and_why_it_was_not_done(tmp_path: Path) -> None:
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        address = issue(client, office)
        answer = client.post(f"{address}/withdraw", data={"csrf": csrf_of(client), "reason": " "}, headers=CHINESE)
        assert answer.status_code == 422
        assert "撤回声明须有原因" in answer.text
        form = {"csrf": csrf_of(client), "reason": "kept &amp; shown", "replaced_by": "f" * 64}
        answer = client.post(f"{address}/withdraw", data=form)
        assert answer.status_code == 422
        assert "kept &amp;amp; shown</textarea>" in answer.text
    stranger = a_person(office.database, "stranger", Role.MANAGER, districts=frozenset({office.west.id}))
    for name, password, status in ((stranger.name, ANOTHER, 404), ("surveyor", PASSWORD, 403)):
        with client_of(office, name, password) as client:
            form = {"csrf": csrf_of(client), "reason": "mine"}
            assert client.post(f"{address}/withdraw", data=form).status_code == status
            assert client.get(f"/api/v1/statements/{address[-64:]}").status_code == status
            listed = client.get("/api/v1/statements")
            assert listed.status_code == 403 if status == 403 else listed.json()["statements"] == []
    with office.database.snapshot() as connection:
        assert audit(connection, files=office.desk.files).wrong == ()
    with client_of(office, "manager") as client:
        assert "Withdrawn" not in client.get(address).text
    office.database.close()


def verified(client: TestClient, address: str, folder: Path) -> bool:
    """Whether what is downloaded there is found to be genuine without the server."""
    for name in ("statement.json", "proof.json"):
        (folder / name).write_bytes(client.get(f"{address}/{name}").content)
    return verify_statement(folder / "statement.json", folder / "proof.json").position > 0


def texts_of(client: TestClient, address: str) -> str:
    """What the Chinese PDF says."""
    return texts(client.get(f"{address}/statement.pdf", headers=CHINESE).content)


def test_a_long_list_of_issued_statements_has_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issue_statement, "A_PAGE", 1)
    office = opened(tmp_path)
    with client_of(office, "manager") as client:
        older = issue(client, office)
        covered.flown(office, DAY + timedelta(days=30), land(1.4, 0, 0.6, 1))
        newer = issue(client, office)
        first, second = (client.get("/statement", params={"page": page}).text for page in ("1", "2"))
        assert newer in first
        assert older not in first
        assert "/statement?page=2#issued-title" in first
        assert older in second
        assert newer not in second
        assert "There is nothing older" in client.get("/statement", params={"page": "9"}).text
    office.database.close()
