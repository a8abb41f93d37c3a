"""A reader's own figures and the lead's, drawn: what a control was is told on the day after, to whoever answered it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from fastapi import FastAPI
from fastapi.testclient import TestClient
from figured import a_review
from offices import Office, open_office, sign_in
from pages import unclosed
from playwright.sync_api import Browser
from typer.testing import CliRunner, Result

from pipeline.cli import build_app as cli
from pipeline.errors import NotAllowedError
from pipeline.web.app import build_app


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(tmp_path_factory.mktemp("office"))
    a_review(office)
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def pages(review: Office) -> FastAPI:
    return build_app(review.services())


@pytest.fixture
def client(pages: FastAPI) -> Iterator[TestClient]:
    with TestClient(pages, base_url="https://plots.test", follow_redirects=False) as client:
        yield client


def answers_on(page: str) -> list[str]:
    return re.findall(r'href="(/review/mine/\w+/picture)"', page)


def test_what_a_control_was_is_told_the_day_after_and_to_nobody_else(client: TestClient, review: Office) -> None:
    """Runs first: the day goes on with it."""
    sign_in(client, "ada")
    today = client.get("/review/mine").text
    assert answers_on(today) == []
    review.clock.forward(days=1)
    page = sign_in(client, "ada").get("/review/mine").text
    assert not unclosed(page)
    told = re.findall(r"(Hit|Miss)</span>.*?</p>\s*<p class=\"small\">(.*?)</p>", page, re.DOTALL)
    assert told == [
        ("Miss", "What is looked for grows there. You rejected it."),
        ("Hit", "What is looked for does not grow there. You were unsure."),
        ("Hit", "What is looked for grows there. You confirmed it."),
    ]
    pictures = answers_on(page)
    shown = [client.get(path) for path in pictures]
    assert [one.headers["Content-Type"] for one in shown] == ["image/jpeg"] * 3
    assert all("no-store" in one.headers["Cache-Control"] for one in shown)
    assert answers_on(sign_in(client, "bai").get("/review/mine").text) == []
    assert client.get(pictures[0]).status_code == 404
    assert sign_in(client, "manager").get(pictures[0]).status_code == 403
    assert sign_in(client, "ada").get("/review/mine/nothing/picture").status_code == 404


def test_a_control_that_was_answered_today_has_no_picture(client: TestClient, review: Office) -> None:
    pictures = answers_on(sign_in(client, "ada").get("/review/mine").text)
    later = review.clock.at
    review.clock.forward(days=-1)
    try:
        assert [sign_in(client, "ada").get(path).status_code for path in pictures] == [404] * 3
    finally:
        review.clock.at = later


def test_the_leads_figures_are_a_file_that_a_spreadsheet_does_not_calculate(client: TestClient) -> None:
    answer = sign_in(client, "manager").get("/review/figures.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    of_ada = {row["figure"]: row for row in rows if (row["of"], row["name"]) == ("reader", "ada")}
    assert (of_ada["readings"]["value"], of_ada["targets confirmed"]["n"]) == ("26", "2")
    assert [row["value"] for row in rows if row["figure"].startswith("waiting ") and row["of"] == "review"][-1] != "0"
    weeks = [row for row in rows if (row["of"], row["figure"]) == ("week", "readings")]
    assert sum(int(row["value"]) for row in weeks) == 52
    assert sign_in(client, "ada").get("/review/figures.csv").status_code == 403


@pytest.mark.parametrize("name", ["ada", "manager"])
def test_figures_are_readable_for_everybody_at_both_widths(
    browser: Browser, review: Office, pages: FastAPI, name: str
) -> None:
    paths = {"ada": ["/review/mine"], "manager": ["/review/lead", "/models"]}[name]
    with served(pages) as address:
        for size, locale in ((DESK, "en-GB"), (PHONE, "zh-CN")):
            with visitor(browser, address, viewport=size, locale=locale) as context:
                page = let_in(context, review, name, address)
                for path in paths:
                    page.goto(path)
                    for summary in page.locator("details:not([open]) > summary").all():
                        summary.click()
                    assert findings(page) == []
                    assert not wide(page), path


def test_the_terminal_tells_a_manager_the_same(review: Office, tmp_path: Path) -> None:
    settings = tmp_path / "plotwatch.toml"
    settings.write_text(f'[store]\ndatabase_url = "{review.database.engine.url}"\n', "utf-8")

    def say(*words: str, name: str = "manager") -> Result:
        command = ["review", "figures", "--as", name, "--config", str(settings), *words]
        return CliRunner().invoke(cli(), command)

    rows = json.loads(say("--json").stdout)
    waiting = [row["value"] for row in rows if (row["name"], row["figure"]) == ("East county", "waiting")]
    assert waiting == [32]  # of what was read the terminal tells the last 90 days of the real calendar
    assert "same verdict twice" in say().stdout
    assert say("--csv").stdout.splitlines()[0].endswith("of,name,figure,value,low,high,n")
    assert isinstance(say(name="ada").exception, NotAllowedError)
