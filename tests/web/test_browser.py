"""The pages in a real browser: on a desk and on a phone, in both languages, by mouse, by keyboard, without script."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from offices import PASSWORD, Office, open_office
from playwright.sync_api import Browser, Page, Route, expect

from pipeline.web.app import build_app

VIEWS: list[tuple[str, dict[str, int]]] = [("en-US", PHONE), ("zh-CN", DESK)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(tmp_path_factory.mktemp("office"))
    office.fly_many(f"Terrace {number:02}" for number in range(60))
    office.not_flown("Ridge above the road")
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    app = build_app(office.services(hosts=("127.0.0.1",)))
    app.get("/broken")(lambda: 1 / 0)
    with served(app) as address:
        yield address


def enter(page: Page) -> None:
    """By the form, as people do."""
    page.fill("#name", "surveyor")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/flights*")


@contextmanager
def surveyor(browser: Browser, office: Office, address: str, **options: Any) -> Iterator[Page]:
    """The list of flights before a surveyor who signed in earlier."""
    with visitor(browser, address, **options) as context:
        page = let_in(context, office, "surveyor", address)
        page.goto("/flights")
        yield page


@pytest.mark.parametrize(("locale", "viewport"), VIEWS, ids=["en phone", "zh desk"])
def test_every_page_fits_its_screen_and_shuts_nobody_out(
    browser: Browser, office: Office, address: str, locale: str, viewport: dict[str, int]
) -> None:
    pages = ["/flights?text=0", "/flights?text=none-like-it", "/flights/not-flown", "/account", "/nothing", "/broken"]
    with visitor(browser, address, locale=locale, viewport=viewport) as context:
        page = context.new_page()
        page.goto("/sign-in")
        assert not findings(page)
        page = let_in(context, office, "surveyor", address)
        for path in pages:
            page.goto(path)
            expect(page.locator("html")).to_have_attribute("lang", "zh-Hans" if locale == "zh-CN" else "en")
            assert not wide(page), path
            assert not findings(page), path


@pytest.mark.parametrize(("width", "scale"), [(390, 1), (720, 2), (320, 4)], ids=["phone", "200 %", "400 %"])
def test_pages_fit_a_phone_and_a_desk_at_two_and_four_times_their_size(
    browser: Browser, office: Office, address: str, width: int, scale: int
) -> None:
    size = {"width": width, "height": 600}
    with surveyor(browser, office, address, viewport=size, device_scale_factor=scale, locale="zh-CN") as page:
        for path in ("/flights", "/flights/not-flown", "/account", "/nothing"):
            page.goto(path)
            assert not wide(page), path


def test_a_search_changes_the_list_and_the_address_but_not_the_page(
    browser: Browser, office: Office, address: str
) -> None:
    with surveyor(browser, office, address, viewport=DESK) as page:
        page.evaluate("window.same = true")
        page.fill("#text", "ridge")
        expect(page.locator(".count")).to_have_text("1 flight")
        assert page.url.endswith("/flights?text=ridge&state=&order=needs_me")
        page.select_option("#state", "working")
        expect(page.get_by_role("heading", name="No flight fits")).to_be_visible()
        page.fill("#text", "")
        expect(page.locator(".count")).to_contain_text("60 flights")
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".count")).to_contain_text("51 to 60")
        assert page.evaluate("window.same") is True
        page.go_back()
        expect(page.locator(".count")).to_contain_text("1 to 50")


def test_a_list_that_cannot_be_fetched_says_so_and_works_again(browser: Browser, office: Office, address: str) -> None:
    def cut(route: Route) -> None:
        route.abort()

    with surveyor(browser, office, address, viewport=PHONE, expects_failures=True) as page:
        page.route("**/flights?*", cut)
        page.fill("#text", "ridge")
        expect(page.locator("#unreachable")).to_be_visible()
        page.unroute("**/flights?*")
        page.fill("#text", "ridge above")
        expect(page.locator(".count")).to_have_text("1 flight")
        expect(page.locator("#unreachable")).to_be_hidden()


def test_a_session_that_ended_leads_to_sign_in_and_back(browser: Browser, office: Office, address: str) -> None:
    with surveyor(browser, office, address, viewport=DESK) as page:
        page.context.clear_cookies()
        page.fill("#text", "ridge")
        page.wait_for_url("**/sign-in?next=*")
        enter(page)


def test_everything_can_be_done_with_the_keyboard_alone(browser: Browser, address: str) -> None:
    with visitor(browser, address, viewport=DESK) as context:
        page = context.new_page()
        page.goto("/sign-in")
        for text in ("surveyor", PASSWORD):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/flights")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the content")
        page.keyboard.press("Enter")
        tab_to(page, "Could not be flown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/not-flown")
        tab_to(page, "name")
        page.keyboard.type("Cliff")
        tab_to(page, "planned_on")
        page.keyboard.type("11252026")
        tab_to(page, "cause-weather")
        page.keyboard.press("Space")
        tab_to(page, "Record it")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url.rsplit("/")[-1] not in {"not-flown", "flights"})


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the element with that id or text has the focus, and shows it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        at = page.evaluate("[document.activeElement.id, document.activeElement.textContent.trim()]")
        if wanted in at:
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", wanted
            return
    pytest.fail(f"the keyboard does not reach {wanted}")


def test_without_script_everything_works_by_whole_pages(browser: Browser, address: str) -> None:
    with visitor(browser, address, viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/sign-in")
        enter(page)
        page.fill("#text", "ridge")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".count")).to_have_text("1 flight")
        page.get_by_role("button", name="简体中文").click()
        expect(page.locator(".count")).to_have_text("1 个航次")
        page.get_by_role("button", name="退出登录").click()
        page.wait_for_url("**/sign-in")


def test_a_printed_list_has_the_flights_and_none_of_the_buttons(browser: Browser, office: Office, address: str) -> None:
    with surveyor(browser, office, address, viewport=DESK) as page:
        page.emulate_media(media="print")
        expect(page.locator("#list table")).to_be_visible()
        assert page.locator("button:visible, nav:visible, form:visible").count() == 0


def test_nothing_moves_for_who_asked_for_that(browser: Browser, office: Office, address: str) -> None:
    with surveyor(browser, office, address, viewport=DESK, reduced_motion="reduce") as page:
        durations = "[...document.querySelectorAll('*')].map(e => parseFloat(getComputedStyle(e).transitionDuration))"
        assert max(page.evaluate(durations)) < 0.001
