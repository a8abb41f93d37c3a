"""Each role walks every place the pages offer it, in English on a phone or in Chinese on a desk."""

from collections.abc import Iterator

import pytest
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from offices import Office, open_office
from playwright.sync_api import Browser, Page, expect

from pipeline.web.app import build_app

PLACES = {
    "surveyor": {"/flights", "/upload"},
    "reviewer": {"/flights"},
    "field": {"/flights"},
    "manager": {"/flights"},
    "administrator": {"/people"},
}
"""What the head of a page offers to each role, at least."""
CLOSED = {
    "surveyor": ("/people", "/people/new"),
    "reviewer": ("/people", "/upload", "/flights/not-flown"),
    "field": ("/people", "/upload", "/flights/not-flown"),
    "manager": ("/people", "/upload", "/flights/not-flown"),
    "administrator": ("/flights", "/upload", "/flights/not-flown"),
}
NOT_ALLOWED = "不允许这样做"
LANGUAGES = {"en-GB": "en", "zh-CN": "zh-Hans"}
WALKS = [
    ("administrator", "en-GB"),
    ("administrator", "zh-CN"),
    ("surveyor", "en-GB"),
    ("surveyor", "zh-CN"),
    ("reviewer", "zh-CN"),
    ("field", "en-GB"),
    ("manager", "en-GB"),
]
"""What only the last three see has tests of its own, in both languages and sizes."""
SIZES = {"en-GB": PHONE, "zh-CN": DESK}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(tmp_path_factory.mktemp("office"))
    office.fly_many(f"Terrace {number:02}" for number in range(3))
    office.not_flown("Ridge above the road", reason="weather: fog in the valley")
    yield office
    office.database.close()


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    with served(build_app(office.services(hosts=("127.0.0.1",)))) as address:
        yield address


def enter(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    page.fill("#name", name)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def is_sound(page: Page, language: str) -> None:
    """The page is in its language, fits its screen, and shuts nobody out."""
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_be_visible()
    assert not wide(page), page.url
    assert not findings(page), page.url


@pytest.mark.parametrize(("role", "locale"), WALKS)
def test_a_role_walks_every_place_it_is_offered_and_is_told_of_the_others(
    browser: Browser, office: Office, address: str, role: str, locale: str
) -> None:
    language = LANGUAGES[locale]
    with visitor(browser, address, locale=locale, viewport=SIZES[locale]) as context:
        page = let_in(context, office, role, address)
        page.goto("/")
        is_sound(page, language)
        offered = page.locator(".places a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        assert PLACES[role] <= set(offered)
        for place in [*offered, "/account"]:
            page.locator(f'header a[href="{place}"]').click()
            page.wait_for_url(f"**{place}")
            is_sound(page, language)
            if place in offered:
                expect(page.locator(f'.places a[href="{place}"]')).to_have_attribute("aria-current", "page")
            within(page, place, language)
        for closed in CLOSED[role]:
            page.goto(closed)
            is_sound(page, language)
            expect(page.locator("main")).to_contain_text("This is not allowed" if language == "en" else NOT_ALLOWED)
        page.locator('form[action="/sign-out"] button').click()
        page.wait_for_url("**/sign-in")


def within(page: Page, place: str, language: str) -> None:
    """Every page that a list leads to, once a kind."""
    pages = page.locator("main a:not([download])")
    links = pages.evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    kinds = {link.split("?")[0].rsplit("/", 1)[0] + ("/new" if link.endswith("/new") else ""): link for link in links}
    for link in kinds.values():
        if link.startswith(f"{place}/"):
            page.goto(link)
            is_sound(page, language)
            page.go_back()


def test_an_administrator_brings_somebody_in_by_keyboard_and_the_new_one_chooses_a_password(
    browser: Browser, office: Office, address: str
) -> None:
    own = "five grey herons at noon"
    with visitor(browser, address, locale="en-GB", viewport=PHONE) as context:
        page = let_in(context, office, "administrator", address)
        page.goto("/people")
        page.get_by_role("link", name="Add a person").press("Enter")
        page.get_by_label("Name to sign in with").type("li.na")
        page.get_by_label("Surveyor").press("Space")
        page.get_by_label("East county").press("Space")
        page.get_by_role("button", name="Add the person").press("Enter")
        password = page.locator(".secret code").inner_text()
        is_sound(page, "en")
        page.get_by_role("link", name="Done").click()
        expect(page.locator(".heading .state")).to_have_text("One-time password")
        is_sound(page, "en")
    with visitor(browser, address, locale="zh-CN", viewport=DESK) as context:
        page = context.new_page()
        enter(page, "li.na", password)
        expect(page.locator("h1")).to_have_text("我的账号")
        is_sound(page, "zh-Hans")
        page.get_by_label("一次性密码").fill(password)
        page.get_by_label("新密码").fill(own)
        page.get_by_role("button", name="更改密码").click()
        expect(page.locator(".notice.good")).to_contain_text("密码已更改")
        page.get_by_role("link", name="航次").first.click()
        expect(page.locator(".count")).to_have_text("4 个航次")


def test_tokens_and_sessions_are_kept_on_the_page_of_the_account(
    browser: Browser, office: Office, address: str
) -> None:
    with (
        visitor(browser, address, locale="zh-CN", viewport=PHONE) as here,
        visitor(browser, address, locale="en-GB", viewport=DESK) as there,
    ):
        other = let_in(there, office, "manager", address)
        page = let_in(here, office, "manager", address)
        page.goto("/account")
        page.get_by_text("创建令牌").first.click()
        page.get_by_label("给哪个脚本使用").fill("每晚备份")
        page.get_by_label("读取航次").check()
        page.locator("details button.primary").click()
        expect(page.locator(".secret code")).to_contain_text("plotwatch_")
        is_sound(page, "zh-Hans")
        page.get_by_role("link", name="完成").click()
        expect(page.locator(".rows").last).to_contain_text("从未使用")
        is_sound(page, "zh-Hans")
        page.get_by_role("button", name="退出其他所有登录").click()
        expect(page.locator(".notice.good")).to_contain_text("已退出该登录")
        page.get_by_role("button", name="吊销 每晚备份").click()
        expect(page.locator(".notice.good")).to_contain_text("令牌已吊销")
        other.goto("/flights")
        other.wait_for_url("**/sign-in?next=*")
