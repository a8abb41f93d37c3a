"""Files and folders are dropped onto the page of uploads as a hand does it, or chosen from a folder."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import rasterio
from browsers import DESK, PHONE, findings, let_in, served, visitor, wide
from offices import NOON, Office
from playwright.sync_api import Browser, Locator, Page, expect
from rasterio.transform import from_origin

from pipeline.web.app import build_app

ODM = "odm_orthophoto/odm_orthophoto.tif"
SECONDS = count()
BESIDE = ("odm_orthophoto/odm_orthophoto.original.tif", "odm_dem/dsm.tif", "odm_texturing/atlas.tif", "log.json")


@pytest.fixture
def page(browser: Browser, office: Office) -> Iterator[Page]:
    with (
        served(build_app(office.services())) as address,
        visitor(browser, address, viewport=DESK, locale="en-GB") as context,
    ):
        page = let_in(context, office, "surveyor", address)
        page.goto("/upload")
        yield page


def mosaic(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "width": 64, "height": 64, "crs": "EPSG:32649"}
    with rasterio.open(path, "w", **profile, transform=from_origin(452_000, 3_455_000, 0.02, 0.02)) as raster:
        raster.write(np.random.default_rng(seed).integers(0, 255, (3, 64, 64), np.uint8))
    taken_at = NOON.timestamp() - next(SECONDS)  # the page takes it for the day of the flight, and equals for the same
    os.utime(path, (taken_at, taken_at))
    return path


def project(folder: Path, photographs: int = 300) -> Path:
    """A folder as ODM leaves it: one orthomosaic among hundreds of other files, some of them TIFFs."""
    mosaic(folder / ODM)
    for name in BESIDE:
        mosaic(folder / name, seed=2)
    (folder / "images").mkdir()
    for number in range(photographs):
        (folder / "images" / f"DJI_{number:04}.JPG").write_bytes(b"\xff\xd8\xff")
    return folder


def drop(page: Page, *paths: Path) -> None:
    """Drag from outside of the browser onto the page and let go."""
    box = page.locator("[data-page=zone]").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
    for kind in ("dragEnter", "dragOver"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at})
    expect(page.locator("[data-page=zone]")).to_have_class("zone over")
    session.send("Input.dispatchDragEvent", {"type": "drop", **at})
    expect(page.locator("[data-page=zone]")).to_have_class("zone")


def names(page: Page) -> Locator:
    return page.locator(".card [name=name]")


def values(page: Page, count: int) -> list[str]:
    expect(page.locator(".card[data-state=ready]")).to_have_count(count)
    return [str(value) for value in names(page).evaluate_all("fields => fields.map((field) => field.value)")]


def test_several_files_are_dropped_and_sent_one_after_the_other(page: Page, office: Office, tmp_path: Path) -> None:
    paths = [mosaic(tmp_path / f"north_slope_{number}.tif", number) for number in (10, 2, 1)]
    (tmp_path / "notes.txt").write_text("windy")
    drop(page, *paths, tmp_path / "notes.txt")
    assert values(page, 3) == ["north slope 1", "north slope 2", "north slope 10"]
    expect(page.locator("[data-page=left-out-count]")).to_contain_text("Files left out: 1.")
    drop(page, paths[0])
    expect(names(page)).to_have_count(3)
    page.get_by_role("button", name="Start the upload").click()
    expect(page.locator(".card[data-state=done]")).to_have_count(3)
    assert len(office.started) == 3


def test_of_a_folder_of_an_odm_project_that_is_dropped_only_the_orthomosaic_is_offered(
    page: Page, tmp_path: Path
) -> None:
    drop(page, project(tmp_path / "terrace_7"), mosaic(tmp_path / "beside.tif", 3))
    assert values(page, 2) == ["beside", "terrace 7"]
    expect(page.locator("[data-page=left-out-count]")).to_contain_text("Files left out: 304.")
    page.get_by_text("Which").click()
    expect(page.locator("[data-page=left-out-names]")).to_contain_text("terrace_7/images/DJI_0000.JPG")
    expect(page.locator("[data-page=left-out-more]")).to_have_text("… and 104 more")
    assert not findings(page)
    page.set_viewport_size(PHONE)
    assert not wide(page)


def test_a_folder_is_chosen_and_two_projects_in_it_keep_their_names(page: Page, tmp_path: Path) -> None:
    for name in ("terrace_1", "terrace_2"):
        project(tmp_path / "flights" / name, photographs=120)
    mosaic(tmp_path / "flights" / ".hidden.tif")
    page.set_input_files("[data-page=folder]", tmp_path / "flights")
    assert values(page, 2) == ["terrace 1", "terrace 2"]
    expect(page.locator("[data-page=left-out-count]")).to_contain_text("Files left out: 249.")


def test_a_folder_without_an_orthomosaic_is_said_to_hold_none(page: Page, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "DJI_0001.JPG").write_bytes(b"\xff\xd8\xff")
    drop(page, tmp_path / "photographs")
    expect(page.locator("[data-page=left-out-count]")).to_have_text("No GeoTIFF and no zip was among what you chose.")
    expect(page.locator("[data-page=left-out-names] li")).to_have_text("photographs/DJI_0001.JPG")
    expect(page.locator("[data-page=start]")).to_be_hidden()
