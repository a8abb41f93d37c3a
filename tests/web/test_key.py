"""The interpretation key: readers see the newest version, managers add versions, and nothing of a sent file is kept."""

import io
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from offices import Office, sign_in
from PIL import Image

from pipeline.domain.starter import STARTER
from pipeline.store.key import change_entry, key_versions
from pipeline.store.ledger import history

POPPY = "opium-poppy-flower"


def form(client: TestClient, **more: str) -> dict[str, str]:
    page = client.get("/account").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    told = {"csrf": csrf, "entry": POPPY, "after": "0", "likeness": "target", "about": "opium poppy", "stage": "flower"}
    words = {
        "rank": "30",
        "name_en": "Poppy of ours",
        "name_zh": "本地罂粟",
        "text_en": "White here.",
        "text_zh": "此地为白花。",
    }
    return told | words | more


def photograph(kind: str, size: tuple[int, int] = (3000, 1000)) -> bytes:
    written, picture = io.BytesIO(), Image.new("RGB", size, "green")
    exif = Image.Exif()
    exif[0x010F] = "Camera of Li Hua"
    picture.save(written, kind, exif=exif)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "page", "status"),
    [
        ("reviewer", "/review/key", 200),
        ("manager", "/review/key", 200),
        ("surveyor", "/review/key", 403),
        ("administrator", "/review/key", 403),
        ("manager", "/review/key/edit", 200),
        ("manager", "/review/key/edit/new", 200),
        ("manager", f"/review/key/edit/{POPPY}", 200),
        ("manager", "/review/key/edit/nothing", 404),
        ("reviewer", "/review/key/edit", 403),
        ("reviewer", f"/review/key/edit/{POPPY}", 403),
        ("reviewer", f"/review/key/pictures/{'a' * 64}", 404),
        ("surveyor", f"/review/key/pictures/{'a' * 64}", 403),
    ],
)
def test_each_role_sees_its_pages(client: TestClient, name: str, page: str, status: int) -> None:
    assert sign_in(client, name).get(page).status_code == status


def test_the_starter_is_there_in_both_languages_and_says_that_nobody_checked_it(client: TestClient) -> None:
    reader = sign_in(client, "reviewer")
    english = reader.get("/review/key").text
    assert "nobody of your bureau has checked" in english
    assert "Kenaf" in english
    chinese = reader.get("/review/key", headers={"Accept-Language": "zh"}).text
    assert "红麻" in chinese
    assert "Kenaf" not in chinese


def test_the_workstation_gets_only_the_content(client: TestClient) -> None:
    content = sign_in(client, "reviewer").get("/review/key", headers={"HX-Request": "true"}).text
    assert "<html" not in content
    assert "Corn poppy" in content


def test_a_change_is_a_version_with_its_leaf_and_a_picture_without_metadata(client: TestClient, office: Office) -> None:
    manager = sign_in(client, "manager")
    sent = {"picture": ("field.jpg", photograph("JPEG"), "image/jpeg")}
    assert manager.post("/review/key/edit", data=form(manager), files=sent).status_code == 303
    with office.database.snapshot() as connection:
        (entry,) = key_versions(connection)
        (leaf,) = history(connection, POPPY)
    sha256 = entry.described.picture_sha256
    assert (entry.version, leaf.kind, str(sha256) in leaf.body) == (1, "key.changed", True)
    reader = sign_in(client, "reviewer")
    assert "Poppy of ours" in reader.get("/review/key").text
    answer = reader.get(f"/review/key/pictures/{sha256}")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size, len(picture.getexif())) == ("JPEG", (2048, 683), 0)
    assert b"Li Hua" not in answer.content


def test_a_later_version_keeps_the_picture_until_it_is_taken_away(client: TestClient, office: Office) -> None:
    manager = sign_in(client, "manager")
    sent = {"picture": ("field.webp", photograph("WEBP", (64, 64)), "image/webp")}
    manager.post("/review/key/edit", data=form(manager), files=sent)
    manager.post("/review/key/edit", data=form(manager, after="1"))
    manager.post("/review/key/edit", data=form(manager, after="2", unpictured="true", withdrawn="true"))
    with office.database.snapshot() as connection:
        pictures = [entry.described.picture_sha256 for entry in key_versions(connection)]
    assert pictures[0] == pictures[1] is not None
    assert pictures[2] is None
    assert "Poppy of ours" not in manager.get("/review/key").text


@pytest.mark.parametrize(
    "sent", [b"GIF89a nothing", photograph("JPEG")[:300], photograph("GIF"), b"\x89PNG\r\n\x1a\n" + b"\0" * 30]
)
def test_what_is_no_picture_is_refused_and_the_form_keeps_its_words(client: TestClient, sent: bytes) -> None:
    manager = sign_in(client, "manager")
    answer = manager.post("/review/key/edit", data=form(manager), files={"picture": ("x.jpg", sent, "image/jpeg")})
    assert answer.status_code == 422
    assert "Poppy of ours" in answer.text
    assert "send a JPEG" in answer.text


def test_two_managers_cannot_overwrite_each_other(client: TestClient) -> None:
    manager = sign_in(client, "manager")
    assert manager.post("/review/key/edit", data=form(manager)).status_code == 303
    assert manager.post("/review/key/edit", data=form(manager)).status_code == 409


def test_only_managers_change_it(client: TestClient) -> None:
    reader = sign_in(client, "reviewer")
    assert reader.post("/review/key/edit", data=form(reader)).status_code == 403


def test_a_key_without_entries_says_so(client: TestClient, office: Office) -> None:
    with office.database.transaction() as connection:
        for entry in STARTER:
            gone = replace(entry.described, withdrawn=True)
            change_entry(connection, office.people["manager"], entry.id, gone, after=0, now=office.clock())
    assert "every entry was withdrawn" in sign_in(client, "reviewer").get("/review/key").text
