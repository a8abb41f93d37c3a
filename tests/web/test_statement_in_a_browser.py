"""A manager reads a statement and issues it in a real browser, by keyboard, on a desk and on a phone."""

from collections.abc import Iterator
from datetime import date, timedelta

import covered
import pytest
from browsers import DESK, PHONE, findings, served, visitor, wide
from covered import land
from offices import PASSWORD, open_office
from playwright.sync_api import Browser, expect

from pipeline.web.app import build_app

PATIENCE_MS = 60_000
DAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Terraces of which the east was not flown, and a ridge."""
    office = open_office(tmp_path_factory.mktemp("office"))
    covered.area(office, "Terraces", land(0, 0, 2, 1))
    covered.area(office, "Ridge", land(3, 0, 1, 1))
    covered.flown(office, DAY, land(0, 0, 1, 1), flags=[land(0.2, 0.2, 0.1, 0.1)])
    covered.flown(office, DAY + timedelta(days=20), land(0.9, 0, 0.4, 1), land(1.1, 0.2, 0.1, 0.3))
    with served(build_app(office.services())) as url:
        yield url
    office.database.close()


@pytest.mark.parametrize(
    ("size", "language", "ground", "said"),
    [(DESK, "en-GB", "Terraces", "As it was issued"), (PHONE, "zh-CN", "Ridge", "与签发时一致")],
    ids=["desk", "phone"],
)
def test_a_manager_looks_at_a_statement_and_issues_it(
    browser: Browser, address: str, size: dict[str, int], language: str, ground: str, said: str
) -> None:
    with visitor(browser, address, viewport=size, locale=language) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/sign-in?next=/statement")
        page.fill("[name=name]", "manager")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/statement")
        page.locator("#area").select_option(label=ground)
        page.locator("form[action='/statement'] button").press("Enter")
        expect(page.locator("#statement-title")).to_contain_text(ground)
        assert findings(page) == []
        assert not wide(page)
        page.locator(".issue button").press("Enter")
        page.wait_for_url("**/statement/issued/*")
        expect(page.locator(".files .state")).to_have_text(said)
        assert findings(page) == []
        assert not wide(page)
