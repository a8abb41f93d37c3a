"""A survey team in a real browser: a bad line, a restarted server, a file sent twice, and the map of the flight."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import flown
import numpy as np
import pytest
import rasterio
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from lines import CuttingProxy
from offices import Office
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from rasterio.transform import from_origin
from rasters import CRS, GSD_M, LEFT, TOP
from serving import free_port, serving

from pipeline.store.likeness import likeness_of
from pipeline.web.app import build_app

SIDE = 1000


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    """3 MB that no compression makes smaller, of a flight on 24 November."""
    path = tmp_path / "north_slope_7.tif"
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": SIDE, "height": SIDE, "crs": CRS}
    with rasterio.open(path, "w", **profile, transform=from_origin(LEFT, TOP, GSD_M, GSD_M)) as raster:
        raster.write(np.random.default_rng(7).integers(0, 255, (3, SIDE, SIDE), np.uint8))
        raster.update_tags(TIFFTAG_DATETIME="2026:11:24 10:30:00")
    return path


def surveyor(context: BrowserContext, office: Office, address: str, path: str = "/upload") -> Page:
    page = let_in(context, office, "surveyor", address)
    page.goto(path)
    return page


def choose(page: Page, path: Path) -> Locator:
    """The card of a file that was chosen."""
    page.set_input_files("[data-page=files]", path)
    card = page.locator(".card").last
    expect(card).not_to_have_attribute("data-state", "looking")
    return card


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.02)
    pytest.fail("it never came to hold")


def test_an_upload_gets_through_a_line_that_breaks_and_a_server_that_is_restarted(
    browser: Browser, office: Office, mosaic: Path
) -> None:
    port = free_port()
    proxy = CuttingProxy(port, seed=3)
    person = office.people["surveyor"].id
    address = f"http://127.0.0.1:{proxy.port}"
    with visitor(browser, address, viewport=DESK, locale="en-GB") as context:
        with serving(build_app(office.services()), port):
            page = surveyor(context, office, address)
            card = choose(page, mosaic)
            expect(card.locator("[data-part=facts]")).to_have_text("EPSG:32649 · 2 cm a pixel · at most 400 m²")
            expect(card.locator("[name=name]")).to_have_value("north slope 7")
            expect(card.locator("[name=flown_on]")).to_have_value("2026-11-24")
            page.get_by_role("button", name="Start the upload").click()
            until(lambda: any(upload.offset_bytes for upload in office.desk.partials.of(person)))
        expect(card.locator("[data-part=notice]")).to_contain_text("What was sent is safe")
        (begun,) = office.desk.partials.of(person)
        assert 0 < begun.offset_bytes < begun.length_bytes
        again = replace(office)
        with serving(build_app(again.services()), port):
            expect(card).to_have_attribute("data-state", "done")
            page.get_by_role("link", name="Open the flight").click()
            expect(page.locator("h1")).to_have_text("north slope 7")
    proxy.close()
    assert proxy.cuts > 1
    (original,) = (office.folder / "originals").glob("*/*")
    assert original.read_bytes() == mosaic.read_bytes()
    assert len(office.started) == 1


def test_another_browser_goes_on_and_what_is_here_is_not_sent_again(
    browser: Browser, office: Office, mosaic: Path
) -> None:
    sent, partials, person = mosaic.read_bytes(), office.desk.partials, office.people["surveyor"].id
    begun = partials.create(person, len(sent), {"filename": mosaic.name, "likeness": likeness_of(mosaic)})
    with partials.appending(begun.id, person, 0) as appending:
        appending.write(sent[:1_000_000])
    with (
        served(build_app(office.services())) as address,
        visitor(browser, address, viewport=PHONE, locale="zh-CN") as context,
    ):
        page = surveyor(context, office, address)
        card = choose(page, mosaic)
        expect(card.locator("[data-part=notice]")).to_contain_text("已有一部分在服务器上")
        assert not findings(page)
        page.get_by_role("button", name="开始上传").press("Enter")
        expect(card).to_have_attribute("data-state", "done")
        page.reload()
        card = choose(page, mosaic)
        expect(card.locator("[data-part=notice]")).to_contain_text("似乎已经提交过")
        assert not wide(page)
    (original,) = (office.folder / "originals").glob("*/*")
    assert original.read_bytes() == sent
    assert partials.of(person) == ()


def test_what_is_no_orthomosaic_is_said_to_be_none_before_anything_is_sent(
    browser: Browser, office: Office, tmp_path: Path
) -> None:
    (tmp_path / "page.tif").write_text("<html>")
    with served(build_app(office.services())) as address, visitor(browser, address, locale="en-GB") as context:
        page = surveyor(context, office, address)
        card = choose(page, tmp_path / "page.tif")
        expect(card.locator("[data-part=notice]")).to_contain_text("This is no GeoTIFF and no zip")
        expect(page.locator("[data-page=start]")).to_be_hidden()
    assert office.desk.partials.of(office.people["surveyor"].id) == ()


def test_the_map_is_drawn_from_this_server_alone(browser: Browser, office: Office) -> None:
    flight = flown.scan(office, office.fly("North slope"))
    with (
        served(build_app(office.services())) as address,
        visitor(browser, address, viewport=DESK, locale="en-GB") as context,
    ):
        seen: list[str] = []
        context.on("response", lambda response: seen.append(f"{response.status} {response.url}"))
        page = surveyor(context, office, address, f"/flights/{flight.id}")
        page.wait_for_selector("[data-drawn]")
        page.locator("[data-flag=F00002] [data-bounds]").press("Enter")
        page.locator("[data-layer=ground]").uncheck()
        page.locator(".map canvas").press("+")
        assert not findings(page)
        page.set_viewport_size({"width": 320, "height": 600})
        assert not wide(page)
    assert {"orthomosaic", "ground"} <= {found[1] for url in seen if (found := re.search(r"/tiles/(\w+)/", url))}
    assert not [line for line in seen if not re.match(r"20[04]|30[34]", line)]


def test_a_page_that_is_left_open_shows_how_the_work_goes_on(browser: Browser, office: Office) -> None:
    flight = office.fly("River terrace")
    with served(build_app(office.services())) as address, visitor(browser, address, locale="en-GB") as context:
        page = surveyor(context, office, address, f"/flights/{flight.id}")
        page.get_by_text("Stop the work on this flight").click()
        page.fill("#cancel-reason", "the wrong")
        with page.expect_response("**/progress*"):
            pass
        expect(page.locator("#cancel-reason")).to_have_value("the wrong")
        flown.scan(office, flight)
        expect(page.locator(".flight-head .state")).to_have_text("Scanned")
        expect(page.locator(".verdict")).to_contain_text("96.9 %")
