"""The frame: every answer is safe, in a language, and says what went wrong without saying too much."""

import errno
import json
import logging
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from pipeline.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, UnavailableError
from pipeline.web.headers import ALWAYS

PERSONAL = "lihua@example.cn 30.25N"
FAMILIES = {
    "invalid": InvalidInputError,
    "not-allowed": NotAllowedError,
    "not-found": NotFoundError,
    "conflict": ConflictError,
    "unavailable": UnavailableError,
}


@pytest.fixture
def broken(app: FastAPI, client: TestClient) -> TestClient:
    """Pages, and doors for scripts, that fail in every way."""

    def fail(how: str) -> None:
        if how in FAMILIES:
            raise FAMILIES[how](f"{how} <script>alert(1)</script>")
        if how == "full":
            raise OSError(errno.ENOSPC, PERSONAL)
        raise (OSError(errno.EIO, PERSONAL) if how == "disk" else RuntimeError(PERSONAL))

    app.get("/broken/{how}")(fail)
    app.get("/api/v1/broken/{how}")(fail)
    app.get("/number/{how}")(lambda how: how)
    return client


@pytest.mark.parametrize("address", ["/", "/nothing", "/static/mark.svg", "/broken/unforeseen", "/api/v1/openapi.json"])
def test_every_answer_has_the_safe_headers(broken: TestClient, address: str) -> None:
    headers = broken.get(address).headers
    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Strict-Transport-Security"]
    assert headers["Cache-Control"] == "no-store"


def test_a_server_without_tls_does_not_demand_it(app: FastAPI) -> None:
    with TestClient(app, base_url="http://plots.test") as client:
        assert "Strict-Transport-Security" not in client.get("/nothing").headers


def test_built_files_are_kept_for_ever(client: TestClient) -> None:
    page = client.get("/nothing").text
    built = re.findall(r'(?:href|src)="(/static/built/[^"]+)"', page)
    assert len(built) == 2
    for address in built:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_page_has_no_script_or_style_of_its_own(client: TestClient) -> None:
    page = client.get("/nothing").text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?://", page)


@pytest.mark.parametrize(
    ("how", "status"),
    [("invalid", 422), ("not-allowed", 403), ("not-found", 404), ("conflict", 409), ("unavailable", 503)],
)
def test_each_family_of_errors_has_its_status_and_its_words(broken: TestClient, how: str, status: int) -> None:
    page, problem = broken.get(f"/broken/{how}"), broken.get(f"/api/v1/broken/{how}")
    assert page.status_code == problem.status_code == status
    assert "<script>alert" not in page.text
    assert ("&lt;script&gt;" in page.text) == (status != 404)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["status"] == status


def test_an_error_that_nobody_foresaw_shows_an_id_that_the_journal_knows(
    broken: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "plotwatch.web"):
        page, problem = broken.get("/broken/else"), broken.get("/api/v1/broken/else")
    ids = [record.fields["id"] for record in caplog.records if hasattr(record, "fields") and "id" in record.fields]
    assert page.status_code == problem.status_code == 500
    assert ids[0] in page.text
    assert problem.json()["id"] == ids[1]
    assert PERSONAL not in page.text + problem.text + json.dumps(
        [record.__dict__.get("fields") for record in caplog.records]
    )


def test_a_full_disk_is_said_as_what_it_is_and_a_broken_one_is_not(broken: TestClient) -> None:
    full = broken.get("/broken/full")
    assert full.status_code == 507
    assert "The disk of the server is full" in full.text
    assert broken.get("/broken/disk").status_code == 500
    assert PERSONAL not in full.text


def test_what_the_store_says_is_said_in_chinese(app: FastAPI, client: TestClient) -> None:
    def move() -> None:
        raise ConflictError("somebody else has just moved this flight")

    app.get("/moved")(move)
    assert "刚刚有人更改了这个航次的状态" in client.get("/moved", headers={"Accept-Language": "zh"}).text
    assert "Somebody else has just moved this flight." in client.get("/moved").text


def test_whoever_finds_the_server_busy_is_told_when_to_come_back(broken: TestClient) -> None:
    busy = broken.get("/broken/unavailable")
    assert busy.headers["Retry-After"] == "5"
    assert "Nothing was lost" in busy.text


def test_what_is_not_there_and_what_nobody_serves_look_the_same(broken: TestClient) -> None:
    unknown = broken.get("/nothing").text.replace("/nothing", "")
    assert broken.get("/broken/not-found").text.replace("/broken/not-found", "") == unknown


def test_htmx_gets_a_notice_instead_of_a_page(broken: TestClient) -> None:
    notice = broken.get("/broken/conflict", headers={"HX-Request": "true"}).text
    assert 'role="alert"' in notice
    assert "<html" not in notice


def test_the_language_is_changed_and_the_page_shown_again(client: TestClient) -> None:
    changed = client.post("/language", data={"language": "zh-Hans", "back": "/flights?page=2"})
    assert changed.headers["Location"] == "/flights?page=2"
    page = client.get("/nothing")
    assert '<html lang="zh-Hans">' in page.text
    assert "这里没有内容" in page.text
    assert page.headers["Content-Language"] == "zh-Hans"


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "/a\nb", ""]
)
def test_nobody_is_sent_elsewhere(client: TestClient, back: str) -> None:
    assert client.post("/language", data={"language": "en", "back": back}).headers["Location"] == "/"


def test_a_language_that_is_not_there_is_refused(client: TestClient) -> None:
    assert client.post("/language", data={"language": "xx"}).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_change_from_a_page_of_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/language", data={"language": "zh-Hans"}, headers=headers).status_code == 403
    assert client.get("/nothing", headers=headers).status_code == 404


def test_a_change_from_a_page_of_ours_is_taken(client: TestClient) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "https://plots.test"}
    assert client.post("/language", data={"language": "zh-Hans"}, headers=headers).status_code == 303


def test_a_server_called_by_another_name_does_not_answer(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_there_is_a_description_for_scripts_and_no_page_of_it_that_loads_from_elsewhere(client: TestClient) -> None:
    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "Plotwatch"
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_the_journal_has_one_line_a_request_without_what_was_asked(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "plotwatch.web"):
        client.get("/flights-of-lihua?name=lihua", headers={"User-Agent": "lihua"})
    (line,) = [record.fields for record in caplog.records if record.getMessage() == "request"]
    assert line["status"] == 404
    assert line["route"] == "none"
    assert "lihua" not in json.dumps(line)
