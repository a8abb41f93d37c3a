"""Readers at the workstation in a real browser: with the keyboard alone, on a bad line, in two tabs, on any screen."""

import re
import threading
from collections.abc import Iterator

import pytest
from browsers import DESK, PHONE, findings, served, wide
from offices import PASSWORD, Office
from playwright.sync_api import Browser, Route, expect
from readers import at_work, decisions_of, flags_of, flags_to_read, hire, open_leases

from pipeline.domain.decision import Verdict
from pipeline.domain.flag import FlagStatus
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.audit import audit
from pipeline.store.decisions import outlines_of
from pipeline.store.stops import turn_switch
from pipeline.web.app import build_app

IDLE = '[data-review][data-state="reading"], [data-review][data-state="nothing"]'
LATE = "const real = Date.now; Date.now = () => real() + 86_400_000;"


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    hire(office, "a", "b", "c")
    with served(build_app(office.services())) as address:
        yield address


def test_with_the_keyboard_alone_flags_are_confirmed_rejected_and_disputed(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 3, twice=1.0)
    confirmed, rejected, disputed = (flag.id for flag in flags_of(office, flight))
    says = {
        "a": {confirmed: "c1", rejected: "r1", disputed: "c2"},
        "b": {confirmed: "c2", rejected: "r2", disputed: "r2"},
    }
    for name, keys in says.items():
        with at_work(browser, address, office, name, maps=name == "a") as reader:
            for _ in range(3):
                reader.awaits()
                reader.judges(*keys[reader.flag.id])
            reader.awaits("nothing")
    states = {flag.id: flag.status for flag in flags_of(office, flight)}
    assert states == {
        confirmed: FlagStatus.CONFIRMED,
        rejected: FlagStatus.REJECTED,
        disputed: FlagStatus.DISPUTED,
    }
    with at_work(browser, address, office, "c", maps=False) as third:
        third.awaits()
        assert third.flag.id == disputed
        told = third.page.locator("[data-part=opinions]")
        expect(told).to_contain_text("Two readers disagree")
        expect(told.locator("li")).to_have_count(2)
        third.judges("c", "1")
        third.has_arrived(flight, 7)
    assert {flag.id: flag.status for flag in flags_of(office, flight)}[disputed] is FlagStatus.CONFIRMED


def test_a_second_reader_is_told_neither_the_score_nor_what_the_first_said(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 2, twice=1.0)
    with at_work(browser, address, office, "a") as first:
        for _ in range(2):
            first.awaits()
            first.press("c", "n")
            first.page.keyboard.type("terraced beds")
            first.judges("Escape", "1")
        first.awaits("nothing")
    assert all(flag.status is FlagStatus.IN_REVIEW for flag in flags_of(office, flight))
    assert {decision.note for given in decisions_of(office, flight) for decision in given} == {"terraced beds"}
    with at_work(browser, address, office, "b") as second:
        second.awaits()
        second.has_in_hand(2)
        told = "\n".join([*second.heard, second.page.content()])
        flags = flags_of(office, flight)
        secrets = {
            "terraced beds",
            "Secret slope",
            flight.id,
            *(flag.id for flag in flags),
            *(flag.label for flag in flags),
        }
        secrets |= {f"{flag.score:.3f}" for flag in flags} | {"0.4321", office.people["a"].id}
        assert {secret for secret in secrets if secret in told} == set()
        expect(second.page.locator("[data-part=opinions]")).to_be_hidden()
        assert not second.page.locator("dialog[open]").count()


def test_enter_decides_nothing_and_no_verdict_is_chosen_beforehand(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 2)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        page = reader.page
        assert page.locator("[data-verdict][aria-pressed=true]").count() == 0
        boxes = [button.bounding_box() for button in page.locator("[data-verdict]").all()]
        assert len({(round(box["width"]), round(box["height"])) for box in boxes if box}) == 1
        before = reader.reading
        reader.press("Enter", "Enter", "1", "c", "Enter", "Enter")
        assert page.locator("[data-part=reasons] button").count() > 1
        assert reader.reading == before
        reader.press("Escape", "1")
        assert page.locator("[data-verdict][aria-pressed=true]").count() == 0
        assert decisions_of(office, flight) == [[], []]


def test_a_verdict_is_changed_and_both_are_remembered_until_the_models_opinion_was_seen(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 3, twice=1.0)
    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        reader.awaits()
        first = reader.flag.id
        reader.judges("c", "1")
        reader.judges("z")
        assert reader.flag.id == first
        expect(reader.page.locator("[data-part=changing]")).to_be_visible()
        reader.judges("r", "2")
        reader.press("p")
        expect(reader.page.locator("dialog[open]")).to_contain_text("You rejected it.")
        assert not findings(reader.page)
        reader.press("Escape")
        expect(reader.page.locator("[data-does=change]")).to_be_hidden()
        now = reader.reading
        reader.press("z")
        assert reader.reading == now
        reader.judges("s")
    given = {
        flag.id: list(made) for flag, made in zip(flags_of(office, flight), decisions_of(office, flight), strict=True)
    }
    assert [decision.verdict for decision in given[first]] == [Verdict.CONFIRM, Verdict.REJECT]
    assert given[first][1].supersedes == given[first][0].id
    assert sum(map(len, given.values())) == 2


def test_what_is_skipped_comes_again_and_leaving_gives_everything_back(
    browser: Browser, office: Office, address: str
) -> None:
    flags_to_read(office, 2)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        skipped = reader.flag.id
        reader.judges("s")
        assert reader.flag.id != skipped
        assert open_leases(office)
        reader.page.goto("/account")
        for _ in range(500):
            if not open_leases(office):
                break
            threading.Event().wait(0.02)
        assert not open_leases(office)
    with at_work(browser, address, office, "b", maps=False) as other:
        seen = set()
        for _ in range(2):
            other.awaits()
            seen.add(other.flag.id)
            other.judges("r", "1")
        assert skipped in seen


def test_a_second_tab_waits_and_may_take_over(browser: Browser, office: Office, address: str) -> None:
    flags_to_read(office, 2)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        second = reader.context.new_page()
        second.goto("/review")
        second.wait_for_selector('[data-state="elsewhere"]')
        assert not findings(second)
        second.get_by_role("button", name="Read here instead").click()
        second.wait_for_selector('[data-state="reading"]')
        reader.awaits("elsewhere")
        second.close()
        assert reader.page.get_by_role("button", name="Read here instead").is_visible()


def test_a_verdict_whose_answer_was_lost_is_sent_again_and_counts_once(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 2)
    sent: list[str] = []

    def lose(route: Route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) < 3:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        reader.awaits()
        reader.page.route("**/verdict", lose)
        reader.judges("r", "1")
        expect(reader.page.locator("[data-part=line]")).to_be_visible()
        expect(reader.page.locator("[data-part=line]")).to_be_hidden()
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert sorted(map(len, decisions_of(office, flight))) == [0, 1]


def test_reading_goes_on_without_a_line_and_arrives_when_it_is_back(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 4)
    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        reader.awaits()
        reader.has_in_hand(4)
        reader.context.set_offline(True)
        reader.judges("r", "1")
        expect(reader.page.locator("[data-part=line]")).to_contain_text("safe in this page")
        reader.judges("c", "2")
        assert not findings(reader.page)
        assert sum(map(len, decisions_of(office, flight))) == 0
        reader.context.set_offline(False)
        expect(reader.page.locator("[data-part=line]")).to_be_hidden()
        reader.has_arrived(flight, 2)
    assert sorted(map(len, decisions_of(office, flight))) == [0, 0, 1, 1]


def test_a_verdict_on_its_way_survives_a_page_that_is_loaded_anew(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 3)
    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        reader.awaits()
        page = reader.page
        page.on("dialog", lambda dialog: dialog.accept())
        page.route("**/verdict", lambda route: route.abort())
        reader.judges("r", "1")
        expect(page.locator("[data-part=line]")).to_be_visible()
        page.reload()  # before the line is mended: what is sent again now comes from the page that was loaded anew
        page.unroute("**/verdict")
        reader.awaits()
        expect(page.locator("[data-part=notice]")).to_contain_text("have arrived now")
    assert sorted(map(len, decisions_of(office, flight))) == [0, 0, 1]


def test_a_verdict_that_does_not_count_is_said_and_reading_goes_on(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 3)
    with at_work(browser, address, office, "a", expects_failures=True, locale="zh-CN", maps=False) as reader:
        reader.awaits()
        office.clock.forward(minutes=16)
        reader.judges("r", "1")
        notice = reader.page.locator("[data-part=notice]")
        expect(notice).to_contain_text("您的上一个结论未被计入")
        expect(notice).to_contain_text("时间")
        assert not findings(reader.page)
    assert decisions_of(office, flight) == [[], [], []]


def test_every_reason_not_to_read_is_said(browser: Browser, office: Office, address: str) -> None:
    flight = flags_to_read(office, 2)
    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        page = reader.page
        reader.awaits()
        page.evaluate(LATE)
        reader.awaits("lost")
        assert not findings(page)
        _stop(office, stopped=True)
        page.reload()
        reader.awaits("stopped")
        assert not findings(page)
        _stop(office, stopped=False)
        page.get_by_role("button", name="Look again").click()
        reader.awaits()
        (office.desk.files.working(flight.id) / WORKING_NAME).rename(office.folder / "away.tif")
        page.reload()
        reader.awaits("gone")
        assert not findings(page)
        page.keyboard.press("s")
        reader.awaits("gone")
        reader.context.clear_cookies()
        page.get_by_role("button", name="Give it back").click()
        reader.awaits("signed-out")
        assert not findings(page)


def _stop(office: Office, *, stopped: bool) -> None:
    with office.database.transaction() as connection:
        turn_switch(connection, office.people["manager"], stopped=stopped, reason="wind", now=office.clock())


def test_without_maps_the_picture_is_shown_and_verdicts_count(browser: Browser, office: Office, address: str) -> None:
    flight = flags_to_read(office, 2)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        expect(reader.page.locator("[data-part=plain]")).to_be_visible()
        reader.press("o")
        expect(reader.page.locator("[data-part=plain] polygon")).to_be_visible()
        assert not findings(reader.page)
        reader.judges("r", "1")
        reader.has_arrived(flight, 1)
    assert sorted(map(len, decisions_of(office, flight))) == [0, 1]


def test_the_outline_is_cut_in_two_with_the_keyboard_and_sent_with_the_verdict(
    browser: Browser, office: Office, address: str
) -> None:
    flight = flags_to_read(office, 1)
    with at_work(browser, address, office, "a") as reader:
        reader.awaits()
        expect(reader.page.locator("[data-tool=outline]")).to_have_attribute("aria-pressed", "false")
        reader.press("d", "x", *["ArrowUp"] * 3, "Enter", *["ArrowDown"] * 6, "Enter")
        expect(reader.page.locator("[data-part=redraw-said]")).to_contain_text("Move the corners")
        assert not findings(reader.page)
        with reader.page.expect_response("**/verdict") as answer:
            reader.press("c")
            expect(reader.page.locator("[data-part=drawn]")).to_be_visible()
            reader.press("1")
        assert answer.value.ok, answer.value.text()
    ((decision,),) = decisions_of(office, flight)
    with office.database.snapshot() as connection:
        drawn = outlines_of(connection, decision.id)
    (flag,) = flags_of(office, flight)
    assert len(drawn) == 2
    assert sum(part.area_m2 for part in drawn) == pytest.approx(flag.area_m2, rel=0.02)


def test_distance_and_area_are_measured_in_metres(browser: Browser, office: Office, address: str) -> None:
    flags_to_read(office, 1)
    with at_work(browser, address, office, "a") as reader:
        reader.awaits()
        said = reader.page.locator("[data-part=measure-said]")
        reader.press("m", "Enter", "ArrowRight", "Enter")
        expect(said).to_have_text(re.compile(r"[\d.]+ m"))
        reader.press("ArrowDown", "Enter")
        expect(said).to_contain_text("m²")
        reader.press("Backspace")
        expect(said).not_to_contain_text("m²")
        reader.press("Escape")
        expect(reader.page.locator("[data-part=measure-bar]")).to_be_hidden()


def test_the_interpretation_key_opens_beside_the_plot(browser: Browser, office: Office, address: str) -> None:
    flags_to_read(office, 1)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        told = reader.page.locator("#key-content h3, #key-content h4").first
        reader.press("k")
        expect(told).to_be_visible()
        assert not findings(reader.page)
        reader.press("k")
        expect(told).to_be_hidden()


def test_single_keys_rest_when_they_are_switched_off(browser: Browser, office: Office, address: str) -> None:
    flags_to_read(office, 1)
    with at_work(browser, address, office, "a", maps=False) as reader:
        reader.awaits()
        reader.press("?")
        reader.page.get_by_label("Single keys").uncheck()
        reader.press("Escape", "c")
        expect(reader.page.locator("[data-part=step]")).to_be_hidden()
        reader.page.locator("[data-verdict=confirm]").click()
        expect(reader.page.locator("[data-part=step]")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "viewport", "scale"),
    [
        ("en-GB", DESK, 1),
        ("en-GB", PHONE, 1),
        ("zh-CN", PHONE, 1),
        ("en-GB", {"width": 720, "height": 450}, 2),
        ("zh-CN", {"width": 820, "height": 1180}, 1),
    ],
    ids=["desk", "phone", "phone in Chinese", "200 %", "tablet in Chinese"],
)
def test_the_workstation_fits_every_screen_and_shuts_nobody_out(
    browser: Browser, office: Office, address: str, locale: str, viewport: dict[str, int], scale: int
) -> None:
    flags_to_read(office, 2)
    options = {"locale": locale, "viewport": viewport, "device_scale_factor": scale}
    with at_work(browser, address, office, "a", **options) as reader:
        reader.awaits()
        for keys in ("", "r", "d", "m", "?"):
            reader.press(*keys)
            ground = reader.page.locator(".ground").bounding_box()
            assert viewport is not DESK or (ground and ground["y"] + ground["height"] <= viewport["height"]), keys
            assert not findings(reader.page), keys
            assert not wide(reader.page), keys
            reader.press("Escape", "Escape")
        reader.press("r", "1")
        reader.awaits()
        assert not findings(reader.page)


def test_verdicts_are_given_by_touch(browser: Browser, office: Office, address: str) -> None:
    flight = flags_to_read(office, 2)
    with at_work(browser, address, office, "a", viewport=PHONE, has_touch=True, is_mobile=True, maps=False) as reader:
        reader.awaits()
        reader.page.locator("[data-verdict=unsure]").tap()
        with reader.page.expect_response("**/verdict"):
            reader.page.locator("[data-part=reasons] button").nth(1).tap()
        reader.has_arrived(flight, 1)
    assert sorted(map(len, decisions_of(office, flight))) == [0, 1]


def test_only_reviewers_come_to_the_workstation(browser: Browser, office: Office, address: str) -> None:
    flags_to_read(office, 1)
    with at_work(browser, address, office, "a", expects_failures=True, maps=False) as reader:
        reader.awaits()
        expect(reader.page.locator(".places [aria-current]")).to_have_text("Review")
        reader.context.clear_cookies()
        reader.page.goto("/sign-in?next=/review")
        reader.page.fill("[name=name]", "surveyor")
        reader.page.fill("[name=password]", PASSWORD)
        reader.page.press("[name=password]", "Enter")
        expect(reader.page.locator("main")).to_contain_text("nly reviewers read flags")
        expect(reader.page.locator("nav")).not_to_contain_text("Review")


@pytest.mark.soak
def test_sixty_flags_are_read_by_three_people_with_the_keyboard_alone(
    browser: Browser, office: Office, address: str
) -> None:
    """Each looks for 0.7 s at least, as the next pictures come meanwhile; a mouse is never moved."""
    flight = flags_to_read(office, 60, twice=0.2)
    waits: dict[str, list[float]] = {}
    given = 0
    for name, verdicts in {"a": "cr", "b": "crr", "c": "rc"}.items():
        with at_work(browser, address, office, name) as reader:
            count = 0
            reader.page.wait_for_selector(IDLE)
            while reader.page.get_attribute("[data-review]", "data-state") == "reading":
                reader.page.wait_for_timeout(700)
                reader.judges(verdicts[count % len(verdicts)], "1")
                count += 1
            given += count
            reader.has_arrived(flight, given)
            measured = "performance.getEntriesByName('next picture').map(entry => entry.duration)"
            waits[name] = reader.page.evaluate(measured)
    waits["all"] = [one for times in waits.values() for one in times]
    for name, times in waits.items():
        times.sort()
        middle, most = times[len(times) // 2], times[int(0.95 * len(times))]
        words = f"{name}: {len(times)} from verdict to picture, median {middle:.0f} ms, 95 % {most:.0f}"
        print(f"{words}, longest {times[-1]:.0f}")  # noqa: T201 what this is run for
    assert sum(map(len, decisions_of(office, flight))) == given
    assert not {flag.status for flag in flags_of(office, flight)} & {FlagStatus.UNREVIEWED, FlagStatus.IN_REVIEW}
    with office.database.snapshot() as connection:
        assert audit(connection).wrong == ()
