"""What changed since the last flight: the command, the page, its pictures; and who is not told."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from browsers import DESK, PHONE, chromium, findings, served, visitor, wide
from fastapi.testclient import TestClient
from flown import RED, Ground, scan
from offices import PASSWORD, Office, open_office, sign_in
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from rasters import GSD_M
from typer.testing import CliRunner

from pipeline.cli import build_app as build_commands
from pipeline.domain.change import Word
from pipeline.domain.flight import Flight
from pipeline.domain.people import Role
from pipeline.errors import NotAllowedError, NotFoundError
from pipeline.web.app import build_app
from pipeline.workflow import compare_flights
from pipeline.workflow.compare_flights import compare, earlier_of
from pipeline.workflow.tell_change import as_json

GONE = (700, 180)
CAME = (760, 480)
HIDDEN = (150, 900)
MOVED = (20, -30)
"""Rows and columns by which the earlier picture lies beside the land."""


class Twice:
    """A field that was flown twice, and once somewhere it could not be recognised."""

    def __init__(self, folder: Path) -> None:
        self.office: Office = open_office(folder)
        before = Ground(red=(RED[0], GONE), moved=MOVED, not_assessable=np.s_[120:300, 860:1010])
        self.then = self.fly("Spring", date(2026, 5, 1), before)
        self.strange = self.fly("Strange", date(2026, 4, 1), Ground(flags=False, seed=5))
        self.now = self.fly("Summer", date(2026, 7, 1), Ground(red=(RED[0], CAME, HIDDEN)))

    def fly(self, name: str, day: date, ground: Ground) -> Flight:
        return scan(self.office, self.office.fly(name, flown_on=day), ground)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    made = Twice(tmp_path_factory.mktemp("twice"))
    yield made
    made.office.database.close()


@pytest.fixture
def client(twice: Twice) -> Iterator[TestClient]:
    app = build_app(twice.office.services())
    with TestClient(app, base_url="http://plots.test", follow_redirects=False) as opened:
        yield opened


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_plots_are_new_still_there_vanished_and_not_seen_by_both(twice: Twice) -> None:
    office = twice.office
    compared = compare(office.database, office.desk.files, office.people["surveyor"], twice.now.id)
    placed = compared.laid.registration
    assert compared.laid.earlier.flight.id == twice.then.id
    assert (placed.east_m, placed.north_m) == pytest.approx((30 * GSD_M, 20 * GSD_M), abs=0.02)
    assert placed.residual_m < 0.02
    assert [(one.word, len(one.plots)) for one in compared.changes or ()] == [
        (Word.NEW, 1),
        (Word.STILL_THERE, 2),
        (Word.VANISHED, 1),
        (Word.NOT_SEEN_THEN, 1),
    ]
    said = json.loads(json.dumps(as_json(compared)))
    assert said["no_statement_because"] is None
    assert [one["what"] for one in said["changes"]] == ["new", "still_there", "vanished", "not_seen_then"]
    assert "score" not in json.dumps(said)


def test_how_the_pictures_lie_is_found_out_once(twice: Twice, monkeypatch: pytest.MonkeyPatch) -> None:
    office = twice.office
    ask = (office.database, office.desk.files, office.people["manager"], twice.now.id, twice.then.id)
    before = compare(*ask)
    monkeypatch.setattr(compare_flights, "register", None)
    assert compare(*ask).laid.registration == before.laid.registration
    kept = office.desk.files.results(twice.now.id) / f"registration-{twice.then.id}.json"
    whole = kept.read_text()
    kept.write_text(whole.replace("abab", "cdcd"))  # it was of another original
    with pytest.raises(TypeError):
        compare(*ask)
    kept.write_text(whole)


def test_where_the_pictures_do_not_fit_nothing_is_said_and_why_is(twice: Twice, client: TestClient) -> None:
    office = twice.office
    compared = compare(office.database, office.desk.files, office.people["surveyor"], twice.now.id, twice.strange.id)
    assert compared.changes is None
    assert as_json(compared)["changes"] is None
    address = f"/flights/{twice.now.id}/change?with={twice.strange.id}"
    page = words(sign_in(client, "surveyor").get(address).text)
    assert "Nothing is said of change. The two pictures could not be laid on each other:" in page
    assert "What changed" not in page
    chinese = words(client.get(address, headers={"Accept-Language": "zh"}).text)
    assert "不对变化作任何说明。 两幅影像无法重合" in chinese


def test_whoever_reads_flags_is_not_told_before_all_verdicts_are_given(twice: Twice, client: TestClient) -> None:
    office = twice.office
    both = replace(office.people["surveyor"], roles=frozenset({Role.SURVEYOR, Role.REVIEWER}))
    compared = compare(office.database, office.desk.files, both, twice.now.id)
    assert compared.changes == ()
    assert compared.left_out == 4
    for name in ("reviewer", "field"):
        with pytest.raises(NotAllowedError):
            earlier_of(office.database, office.desk.files, office.people[name], twice.now.id)
        sign_in(client, name)
        assert client.get(f"/flights/{twice.now.id}/change").status_code == 403
        assert client.get(f"/flights/{twice.now.id}/change/picture").status_code == 403
        assert "/change" not in client.get(f"/flights/{twice.now.id}").text


def test_the_page_lists_plots_and_shows_the_same_ground_twice(twice: Twice, client: TestClient) -> None:
    sign_in(client, "manager")
    here = f"/flights/{twice.now.id}"
    assert f'href="{here}/change"' in client.get(here).text
    page = client.get(f"{here}/change").text
    assert "Vanished" in words(page)
    assert "It was" not in page
    assert page.count('<path class="change') == 2 * 4 + 4  # both pictures, and the key
    shown = {}
    for when in ("now", "then"):
        answer = client.get(f"{here}/change/picture?when={when}&plot=1")
        assert answer.headers["Cache-Control"].startswith("private")
        shown[when] = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), int)
    red = {when: (pixels[470:530, 470:530, 0] > 150).mean() for when, pixels in shown.items()}
    assert red["now"] > 0.9  # the new plot in the middle, and bare ground there before
    assert red["then"] < 0.1
    tag = client.get(f"{here}/change/picture").headers["ETag"]
    assert client.get(f"{here}/change/picture", headers={"If-None-Match": tag}).status_code == 304


def test_what_does_not_exist_is_not_found(twice: Twice, client: TestClient) -> None:
    office, manager = twice.office, twice.office.people["manager"]
    with pytest.raises(NotFoundError, match="no such earlier flight"):
        compare(office.database, office.desk.files, manager, twice.then.id, twice.now.id)
    sign_in(client, "manager")
    assert client.get(f"/flights/{twice.now.id}/change?plot=9").status_code == 404
    assert client.get(f"/flights/{twice.now.id}/change?with=none").status_code == 404
    assert "nothing to compare with" in client.get(f"/flights/{twice.strange.id}/change").text
    assert "/change" not in client.get(f"/flights/{twice.strange.id}").text


def test_the_command_prints_a_line_a_plot_or_json(twice: Twice, tmp_path: Path) -> None:
    config = tmp_path / "plotwatch.toml"
    url = twice.office.database.engine.url.render_as_string()
    config.write_text(f'[store]\ndata_dir = "{twice.office.folder}"\ndatabase_url = "{url}"\n')
    command = ["flight", "change", twice.now.id, "--as", "surveyor", "--config", str(config)]
    printed = CliRunner().invoke(build_commands(), command, catch_exceptions=False).stdout
    assert "since Spring, flown on 2026-05-01" in printed
    assert re.search(r"still there +F00001 2 m2 +F00001 2 m2", printed)
    said = json.loads(CliRunner().invoke(build_commands(), [*command, "--json"], catch_exceptions=False).stdout)
    assert said["earlier"] == twice.then.id


def come_in(page: Page, name: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto("/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/flights*")


def tab_to(page: Page, link: Locator) -> None:
    """Go there as somebody without a mouse does."""
    while not link.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement !== document.body"), "the keyboard never gets there"


def test_both_pictures_show_what_the_list_says_and_a_keyboard_reaches_it(twice: Twice) -> None:
    with chromium() as browser, served(build_app(twice.office.services())) as address:
        for size, locale, residual in ((DESK, "en", "What remains is 0.01 m"), (PHONE, "zh-CN", "剩余偏差为 0.01 米")):
            with visitor(browser, address, viewport=size, locale=locale) as context:
                page = context.new_page()
                come_in(page, "manager")
                answers: list[int] = []
                page.on("response", lambda one, kept=answers: "/picture" in one.url and kept.append(one.status))
                page.goto(f"/flights/{twice.now.id}/change")
                assert answers == [200, 200]
                expect(page.locator("main")).to_contain_text(residual)
                rows = page.locator(".changes tbody tr")
                numbers = rows.locator("th").all_text_contents()
                assert len(numbers) == 4
                for picture in page.locator(".ground-picture").all():
                    assert picture.locator("text").all_text_contents() == numbers
                    for word in ("new", "vanished"):
                        expect(picture.locator(f"path.change.{word}")).to_be_visible()
                assert findings(page) == []
                assert not wide(page)
                tab_to(page, rows.nth(2).get_by_role("link"))
                page.keyboard.press("Enter")
                page.wait_for_url("**plot=3*")
                expect(page.locator(".changes tr.here th")).to_have_text("3")
