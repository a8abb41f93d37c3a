"""A manager looks at the map of coverage in a real browser: table, pointer and slider say the same."""

import io
from collections.abc import Iterator
from datetime import date, timedelta

import covered
import pytest
from browsers import DESK, PHONE, findings, served, visitor, wide
from covered import land
from offices import PASSWORD, Office, open_office
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pipeline.web.app import build_app

DAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Terraces of which the west was flown 56 days ago, and the east, in part blurred, 6 days ago."""
    office: Office = open_office(tmp_path_factory.mktemp("office"))
    covered.area(office, "Terraces", land(0, 0, 2, 1))
    covered.flown(office, DAY, land(0, 0, 1, 1), flags=[land(0.2, 0.2, 0.1, 0.1)])
    covered.flown(office, DAY + timedelta(days=50), land(1, 0, 1, 1), land(1.5, 0, 0.5, 1))
    with served(build_app(office.services())) as url:
        yield url
    office.database.close()


def opened(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/sign-in?next=/coverage")
    page.fill("[name=name]", "manager")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_selector("[data-drawn=yes]")
    return page


def numbers(page: Page) -> list[str]:
    return page.locator("[data-area]").first.locator("tr").last.locator("td.number").all_inner_texts()


def shades(page: Page, x: float) -> set[str]:
    """The colours of the map in a small square, at a share of its width and half of its height."""
    box = page.locator(".land .map").bounding_box()
    assert box is not None
    page.wait_for_selector("[data-drawn=yes]")
    clip = {"x": box["x"] + x * box["width"], "y": box["y"] + 0.46 * box["height"], "width": 16, "height": 16}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    return {f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in picture.getcolors() or []}


def slid(page: Page, steps: int) -> None:
    page.evaluate("delete document.querySelector('[data-map]').dataset.drawn")
    slider = page.get_by_label("Up to")
    slider.focus()
    for _ in range(abs(steps)):
        slider.press("ArrowLeft" if steps < 0 else "ArrowRight")


def test_ground_is_painted_as_the_legend_says_in_any_window(browser: Browser, address: str) -> None:
    """Also when the graphics card was taken away meanwhile."""
    with visitor(browser, address, viewport=DESK, locale="en-GB", expects_failures=True) as context:
        page = opened(context)
        assert (shades(page, 0.35), shades(page, 0.6)) == ({"#3f8f78"}, {"#0b5d4a"})
        slid(page, -10)  # to 16 November: the east was not flown yet
        assert shades(page, 0.35) == {"#3f8f78"}
        assert "#ecede9" in shades(page, 0.6)
        page.evaluate("""async () => {
            delete document.querySelector('[data-map]').dataset.drawn;
            const card = document.querySelector('.land canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
            card.loseContext(); await new Promise(done => setTimeout(done, 200)); card.restoreContext(); }""")
        assert shades(page, 0.35) == {"#3f8f78"}
        slid(page, 10)
        assert shades(page, 0.6) == {"#0b5d4a"}


def test_the_pointer_is_told_what_the_table_says_in_any_window(browser: Browser, address: str) -> None:
    with visitor(browser, address, viewport=DESK, locale="en-GB") as context:
        page = opened(context)
        box = page.locator(".land .map").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        card = page.locator("[data-under]")
        expect(card).to_contain_text("Terraces 74.9 %")
        assert card.locator("dd").all_inner_texts() == numbers(page)
        before = numbers(page)
        slider = page.get_by_label("Up to")
        slider.focus()
        for _ in range(10):
            slider.press("ArrowLeft")  # to 16 November: the east was not flown yet
        expect(card).to_contain_text("Terraces 49.9 %")
        assert card.locator("dd").all_inner_texts() == numbers(page) != before
        expect(page.get_by_label("To", exact=True)).to_have_value("2026-11-16")
        expect(page.locator("[data-plan] [name=to]")).to_have_value("2026-11-16")
        expect(page.locator("[data-area].here")).to_have_count(1)


@pytest.mark.parametrize(("size", "language"), [(DESK, "en-GB"), (PHONE, "zh-CN")])
def test_everybody_can_use_it(browser: Browser, address: str, size: dict[str, int], language: str) -> None:
    with visitor(browser, address, viewport=size, locale=language) as context:
        page = opened(context)
        assert findings(page) == []
        assert not wide(page)


def test_layers_that_were_put_away_stay_away_in_another_window(browser: Browser, address: str) -> None:
    with visitor(browser, address, viewport=DESK, locale="en-GB") as context:
        page = opened(context)
        page.get_by_label("Not assessable").uncheck()
        page.get_by_label("To", exact=True).fill("2026-11-01")
        expect(page.locator("[data-says]")).to_contain_text("1 Nov 2026")
        expect(page.get_by_label("Not assessable")).not_to_be_checked()


def test_it_works_without_script(browser: Browser, address: str) -> None:
    with visitor(browser, address, viewport=DESK, locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/sign-in?next=/coverage")
        page.fill("[name=name]", "manager")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.get_by_label("To", exact=True).fill("2026-11-01")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("[data-says]")).to_contain_text("1 Nov 2026")
