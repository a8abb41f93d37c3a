"""In the field: a phone is prepared, three findings wait for a signal, the browser is closed, and all arrive."""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsers import CHROMIUM, EXPECTED, FLAGS, PATIENCE_MS, PHONE, findings, is_own, need_chromium, served, wide
from databases import sqlite_copy
from offices import Clock, Office
from PIL import Image
from playwright.sync_api import BrowserContext, Dialog, Error, Page, Playwright, Route, expect, sync_playwright
from visited import Field, fly_over, open_field, second_team

from pipeline.domain.flag import FlagStatus
from pipeline.domain.people import District, DistrictId, Role
from pipeline.store.people import give_access
from pipeline.store.visits import Telling, VisitId
from pipeline.web.app import build_app
from pipeline.web.sessions import COOKIE
from pipeline.workflow.visit import Report, plan_visits, report_found, told_of

LINE = "[data-part=line]"
STORED = """(name) => new Promise((resolve) => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => {
        const names = asked.result.objectStoreNames;
        if (!names.length) return resolve(0);
        const counted = asked.result.transaction(names[0]).objectStore(names[0]).count();
        counted.onsuccess = () => resolve(counted.result);
    };
})"""
"""How many things a phone holds in a database."""
FINDINGS, DRAFTS, PHOTOGRAPHS = "plotwatch field", "plotwatch drafts", "plotwatch draft photographs"
DRAFT = "[data-draft-said]"
IS_KEPT = "form[data-draft=kept]"
KEEP = """async (at) => {
    const cache = await caches.open("plotwatch field");
    await cache.put("/visits", new Response("kept", {headers: {"Content-Type": "text/html"}}));
    await cache.put("/visits/kept-state", Response.json({list: "/visits", at}));
}"""
"""Lets a phone keep a page since a time, in milliseconds since 1970."""


@dataclass
class Trip:
    """A server, and the visits that wait."""

    office: Office
    field: Field
    address: str
    visits: tuple[VisitId, ...]

    def told(self, visit: VisitId) -> tuple[Telling, ...]:
        return told_of(self.field.database, self.field.team, visit)


@pytest.fixture
def trip(sqlite_template: Path, tmp_path: Path) -> Iterator[Trip]:
    with sqlite_copy(sqlite_template, tmp_path) as database:
        field = open_field(database)
        second_team(field)
        office = Office(
            database=database,
            east=District(id=field.district, name="北山区"),
            west=District(id=DistrictId("none"), name="南山区"),
            people=field.survey.people,
            clock=Clock(field.survey.now),
            folder=tmp_path / "files",
        )
        visits = plan_visits(database, field.manager, field.district, now=field.survey.now)
        with served(build_app(office.services())) as address:
            yield Trip(office=office, field=field, address=address, visits=tuple(one.id for one in visits))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    need_chromium()
    with sync_playwright() as playwright:
        yield playwright


@dataclass
class Phones:
    """Browsers that keep what they have when they are closed, each in a folder of its own; they ask only the server."""

    trip: Trip
    playwright: Playwright
    folder: Path

    @contextmanager
    def opened(self, who: str = "", *, offline: bool = False) -> Iterator[Page]:
        """A page of a phone; signed in as ``who``, else as whoever was."""
        trip = self.trip
        context = self.playwright.chromium.launch_persistent_context(
            self.folder / "phone",
            executable_path=CHROMIUM,
            args=FLAGS,
            base_url=trip.address,
            geolocation={"latitude": 25.0, "longitude": 100.004, "accuracy": 4},
            permissions=["geolocation"],  # and no other: nothing is sent behind the back of a test
            viewport=PHONE,
            locale="en-GB",
        )
        strangers: list[str] = []
        complaints: list[str] = []
        context.on("request", lambda one: None if is_own(one.url, trip.address) else strangers.append(one.url))
        context.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.set_offline(offline)
        context.set_default_timeout(PATIENCE_MS)
        if who:
            sign_in(context, trip, who)
        yield context.pages[0]
        context.close()
        assert strangers == []
        assert [line for line in complaints if not any(known in line for known in EXPECTED)] == []


@pytest.fixture
def phones(trip: Trip, playwright: Playwright, tmp_path: Path) -> Phones:
    return Phones(trip=trip, playwright=playwright, folder=tmp_path)


def sign_in(context: BrowserContext, trip: Trip, who: str) -> None:
    cookie = {"name": COOKIE, "value": trip.field.survey.secrets[who], "url": trip.address, "expires": 4_000_000_000}
    context.add_cookies([cookie])  # type: ignore[list-item]


def find_signal(page: Page) -> None:
    """The line is back, and the page is told so: Chromium tells none that was opened without one, as phones do."""
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")


def prepare(page: Page) -> None:
    page.goto("/visits")
    page.get_by_role("button", name="Prepare for the field").click()
    expect(page.locator("[data-part=kept]")).to_have_text(
        re.compile(r"Ready for the field: 4 visits, \d.* MB, as of \d\d:\d\d\.")
    )


def stored(page: Page, *names: str) -> list[int]:
    """How many things the phone still holds in each database, when the page has had time to clear them."""
    for _ in range(200):
        if not any(page.evaluate(STORED, name) for name in names):
            break
        page.wait_for_timeout(50)
    return [page.evaluate(STORED, name) for name in names]


def photograph(colour: str) -> bytes:
    jpeg = io.BytesIO()
    Image.new("RGB", (400, 300), "red" if colour == "broken" else colour).save(jpeg, "JPEG")
    return jpeg.getvalue()[:300] if colour == "broken" else jpeg.getvalue()


def begin(page: Page, colour: str, note: str) -> None:
    """What is typed, chosen and photographed before it is recorded."""
    page.get_by_label("Verified: it grows there").check()
    page.get_by_label("Photograph of the ground").set_input_files(
        {"name": "ground.jpg", "mimeType": "image/jpeg", "buffer": photograph(colour)}
    )
    page.get_by_label("Note").fill(note)


def write_down(page: Page, colour: str, note: str) -> None:
    """A finding with a photograph, on the page of a visit."""
    begin(page, colour, note)
    page.get_by_role("button", name="Record it").click()
    expect(page.locator("[data-letter]")).to_be_visible()


def test_three_findings_without_a_signal_arrive_once_with_their_photographs(trip: Trip, phones: Phones) -> None:
    fly_over(trip.office.desk.files, trip.field.survey.flight)
    with phones.opened("field") as page:
        prepare(page)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator(LINE)).to_contain_text("There is no signal")
        page.wait_for_selector("[data-drawn=yes]")
        visits = [link.get_attribute("href") or "" for link in page.locator("ol a").all()]
        for place, colour in enumerate(("green", "blue", "red")):
            page.goto(visits[place])
            plot = page.get_by_alt_text("The plot as it was flown")
            plot.scroll_into_view_if_needed()
            assert plot.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
            write_down(page, colour, f"finding {place}")
        expect(page.locator(LINE)).to_have_text("Without a signal, 3 findings wait to be sent.")
        page.goto("/visits/route.gpx?district=none")
        expect(page.get_by_role("heading", level=1)).to_have_text("This page is not kept on this phone")
    assert [trip.told(visit) for visit in trip.visits] == [()] * 4
    with phones.opened(offline=True) as page:
        page.goto("/visits")
        expect(page.locator(LINE)).to_have_text("Without a signal, 3 findings wait to be sent.")
        page.context.set_offline(False)
        expect(page.locator("[data-state=sent]")).to_have_count(3)
        expect(page.locator("[data-stop]").filter(has_text="Arrived")).to_have_count(3)
    found = [told for visit in trip.visits for told in trip.told(visit)]
    assert sorted(one.finding.note for one in found) == ["finding 0", "finding 1", "finding 2"]
    kept = {one.finding.photograph_sha256 for one in found}
    assert len(kept) == 3
    for sha256 in kept:
        with Image.open(trip.office.desk.files.picture(str(sha256))) as picture:
            assert picture.size == (400, 300)


def test_a_lost_answer_is_asked_for_again_and_a_refused_finding_stays_on_the_phone(trip: Trip, phones: Phones) -> None:
    with phones.opened("field") as page:
        page.goto(f"/visits/{trip.visits[0]}")
        lost = page.context

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()
            lost.unroute("**/visits/findings/sent")

        lost.route("**/visits/findings/sent", lose)
        write_down(page, "green", "once")
        expect(page.locator(LINE)).to_have_text("Without a signal, one finding waits to be sent.")
        assert len(trip.told(trip.visits[0])) == 1
        page.reload()
        expect(page.locator("[data-state=sent]")).to_be_visible()
        assert len(trip.told(trip.visits[0])) == 1
        page.goto(f"/visits/{trip.visits[1]}")
        write_down(page, "broken", "cut off by the camera")
        card = page.locator("[data-state=refused]")
        expect(card).to_contain_text("this is no picture that can be read")
        assert findings(page) == []
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_label("Note")).to_have_value("cut off by the camera")
        expect(page.get_by_label("Verified: it grows there")).to_be_checked()
    assert trip.told(trip.visits[1]) == ()


def test_who_was_overtaken_sees_both_findings_and_what_to_do(trip: Trip, phones: Phones) -> None:
    visit = trip.visits[0]
    with phones.opened("field") as page:
        page.goto(f"/visits/{visit}")
        page.context.set_offline(True)
        write_down(page, "green", "in flower")
        theirs = Report(outcome=FlagStatus.ABSENT, note="bare soil", photograph=photograph("blue"))
        second = trip.field.survey.people["second"]
        report_found(trip.field.database, trip.office.desk.files, second, visit, theirs, now=trip.field.survey.now)
        page.context.set_offline(False)
        card = page.locator("[data-state=beside]")
        for words in ("Somebody else recorded", "bare soil", "in flower", "Both are safe", "tell your manager"):
            expect(card).to_contain_text(words)
        expect(card.get_by_alt_text("Photograph of the ground")).to_have_count(2)
        assert findings(page) == []
        page.wait_for_selector("h2:has-text('What was found')")
        page.get_by_role("button", name="Put away").click()
        expect(card).to_have_count(0)
    assert [(one.finding.note, one.beside) for one in trip.told(visit)] == [("bare soil", False), ("in flower", True)]


def test_a_session_that_ended_keeps_what_waits_for_the_same_person_alone(trip: Trip, phones: Phones) -> None:
    visit = trip.visits[0]
    with phones.opened("field") as page:
        prepare(page)
        page.context.set_offline(True)
        page.goto(f"/visits/{visit}")
        write_down(page, "green", "mine")
        page.context.clear_cookies()
        find_signal(page)
        expect(page.locator(LINE)).to_contain_text("Your sign-in has ended. One finding is safe on this phone")
        expect(page.get_by_role("link", name="Sign in again")).to_have_attribute(
            "href", f"/sign-in?next=/visits/{visit}"
        )
        sign_in(page.context, trip, "second")
        page.goto("/visits")
        expect(page.locator("[data-part=theirs]")).to_contain_text("A finding of somebody else waits on this phone.")
        expect(page.locator("[data-part=kept]")).to_contain_text("Nothing is kept on this phone yet")
        assert "mine" not in page.locator("[data-field]").inner_text()
        assert trip.told(visit) == ()
        sign_in(page.context, trip, "field")
        page.goto("/visits")
        expect(page.locator("[data-state=sent]")).to_be_visible()
    assert [one.finding.note for one in trip.told(visit)] == ["mine"]


def test_a_draft_survives_its_browser_and_is_of_one_person_until_it_is_sent_or_discarded(
    trip: Trip, phones: Phones
) -> None:
    visit, other = (f"/visits/{one}" for one in trip.visits[:2])
    with phones.opened("field") as page:
        for address in (other, visit):
            page.goto(address)
            begin(page, "green", "half a senten")
            page.wait_for_selector(IS_KEPT)
            expect(page.locator(DRAFT)).to_have_text(re.compile(r"Draft kept on this phone, \d\d:\d\d"))
    with phones.opened("second") as page:
        page.goto(visit)
        page.wait_for_selector("[data-line=good]", state="attached")
        expect(page.get_by_label("Note")).to_have_value("")
        assert page.locator(DRAFT).inner_text() == ""
    with phones.opened("field") as page:
        page.goto("/visits")
        expect(page.locator("[data-stop]").filter(has_text="Draft")).to_have_count(2)
        page.goto(other)
        expect(page.get_by_label("Note")).to_have_value("half a senten")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Discard the draft").click()
        expect(page.get_by_label("Note")).to_have_value("")
        page.goto(visit)
        expect(page.get_by_label("Verified: it grows there")).to_be_checked()
        expect(page.locator(DRAFT)).to_contain_text("Draft kept")
        assert findings(page) == []
        page.get_by_label("Note").fill("a whole sentence")
        page.get_by_role("button", name="Record it").click()
        expect(page.locator("form[data-finding]")).to_have_count(0)  # the page was loaded again, as the server has it
        page.wait_for_load_state()
        assert stored(page, DRAFTS, PHOTOGRAPHS) == [0, 0]
        page.goto(other)
        assert page.get_by_label("Note").input_value() == ""
    (told,) = trip.told(trip.visits[0])
    assert (told.finding.note, told.finding.photograph_sha256 is not None) == ("a whole sentence", True)


def test_a_draft_waits_for_its_person_and_goes_after_three_days(trip: Trip, phones: Phones) -> None:
    with phones.opened("field") as page:
        prepare(page)
        page.goto(f"/visits/{trip.visits[0]}")
        begin(page, "green", "mine")
        page.wait_for_selector(IS_KEPT)
        page.context.clear_cookies()
        page.goto("/sign-in")
        page.get_by_label("Name").fill("second")
        page.get_by_label("Password").fill("it may be anybody")
        page.get_by_label("Password").press("Enter")
        page.wait_for_selector("#wrong")
        page.context.set_offline(True)
        page.goto(f"/visits/{trip.visits[0]}")
        expect(page.locator(DRAFT)).to_contain_text("as soon as the line says who is signed in")
        expect(page.locator(LINE)).to_contain_text("There is no signal")
        assert page.get_by_label("Note").input_value() == ""
        sign_in(page.context, trip, "field")
        find_signal(page)
        expect(page.get_by_label("Note")).to_have_value("mine")
        report = Report(outcome=FlagStatus.ABSENT, note="bare soil")
        second = trip.field.survey.people["second"]
        visit = trip.visits[0]
        report_found(trip.field.database, trip.office.desk.files, second, visit, report, now=trip.field.survey.now)
        page.reload()
        expect(page.locator("[data-part=late]")).to_contain_text("recorded meanwhile")
        expect(page.locator("[data-part=late]")).to_contain_text("mine")
        assert findings(page) == []
        page.clock.set_fixed_time(time.time() + 4 * 86_400)
        page.goto("/account")
        assert stored(page, DRAFTS, PHOTOGRAPHS) == [0, 0]


def test_a_phone_installs_visits_and_sends_what_waits_without_a_page(trip: Trip, phones: Phones) -> None:
    with phones.opened("field") as page:
        page.context.grant_permissions(["background-sync"])
        prepare(page)
        asked = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")
        assert asked["installabilityErrors"] == []
        page.route("**/visits/reader", lambda route: route.abort())  # of this page: its worker gets through
        page.goto(f"/visits/{trip.visits[0]}")
        write_down(page, "green", "by the worker")
        expect(page.locator("[data-state=sent]")).to_be_visible()
    (told,) = trip.told(trip.visits[0])
    assert (told.finding.note, told.finding.photograph_sha256 is not None) == ("by the worker", True)


def test_sign_out_leaves_nothing_on_the_phone_and_says_what_was_not_sent(trip: Trip, phones: Phones) -> None:
    with phones.opened("field") as page:
        prepare(page)
        page.context.set_offline(True)
        page.goto(f"/visits/{trip.visits[0]}")
        write_down(page, "green", "lost")
        page.goto(f"/visits/{trip.visits[1]}")
        begin(page, "blue", "begun")
        page.wait_for_selector(IS_KEPT)
        said: list[str] = []
        answers = [Dialog.dismiss, Dialog.accept]
        page.on("dialog", lambda dialog: (said.append(dialog.message), answers.pop(0)(dialog)))
        with page.expect_event("dialog"):
            page.get_by_role("button", name="Sign out").click()
        expect(page.locator(DRAFT)).to_contain_text("Draft kept")
        page.route("**/visits/reader", lambda route: route.abort())  # the line is back, and nothing was sent yet
        page.context.set_offline(False)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in*")
        assert page.evaluate("caches.keys()") == []
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
        assert page.evaluate("localStorage.length") == 0
        assert stored(page, FINDINGS, DRAFTS, PHOTOGRAPHS) == [0, 0, 0]
    lost = ("One finding on this phone has not been sent.", "One draft of a finding is kept on this phone.")
    assert said == ["\n".join((*lost, "Signing out deletes what is on this phone. Sign out all the same?"))] * 2
    assert trip.told(trip.visits[0]) == ()


def test_what_was_kept_is_gone_with_the_role_and_after_three_days(trip: Trip, phones: Phones) -> None:
    with phones.opened("field") as page:
        prepare(page)
        roles = {"roles": frozenset({Role.SURVEYOR}), "districts": trip.field.team.districts}
        with trip.field.database.transaction() as connection:
            give_access(connection, trip.field.team, **roles, by=None, now=trip.field.survey.now)
        page.goto("/visits")
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Visits")
        assert page.evaluate("caches.keys()") == []
        page.evaluate(KEEP, (time.time() - 2 * 86_400) * 1000)
        page.context.set_offline(True)
        page.goto("/visits")
        expect(page.locator("body")).to_have_text("kept")
        page.evaluate(KEEP, (time.time() - 4 * 86_400) * 1000)
        with pytest.raises(Error, match="ERR_"):
            page.goto("/visits")
        page.context.set_offline(False)
        page.goto("/account")
        assert page.evaluate("caches.keys()") == []


def test_map_and_list_agree_and_a_keyboard_reaches_both(trip: Trip, phones: Phones) -> None:
    fly_over(trip.office.desk.files, trip.field.survey.flight)
    with phones.opened("field") as page:
        page.goto("/visits?from=25,99.9")
        page.wait_for_selector("[data-drawn=yes]")
        rows, marks = page.locator("[data-stop]"), page.locator(".stop-mark")
        assert marks.all_inner_texts() == rows.locator(".stop-place").all_inner_texts() == ["1", "2", "3", "4"]
        names = [row.get_attribute("data-name") for row in rows.all()]
        assert [mark.get_attribute("aria-label") for mark in marks.all()] == names
        marks.nth(2).focus()
        page.keyboard.press("Enter")
        expect(rows.nth(2)).to_have_class("here")
        expect(rows.nth(2).locator("a")).to_be_focused()
        rows.nth(0).locator("[data-show]").focus()
        page.keyboard.press("Enter")
        expect(marks.nth(0)).to_have_attribute("aria-current", "")
        expect(page.locator(".stop-mark[aria-current]")).to_have_count(1)
        page.locator("[data-locate]").click()
        expect(page.locator(".here-dot")).to_have_count(1)
        expect(rows.nth(0).locator("[data-away]")).to_contain_text("0.4")
        expect(page.locator("#from")).to_have_value("25.000000,100.004000")
        assert findings(page) == []
        assert not wide(page)
