"""10,000 flights and 100,000 flags: what a manager waits for. Run it by name; it prints what it measured.

pytest -m soak -s tests/web/test_coverage_at_scale.py
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import covered
import numpy as np
import pytest
import shapely
from browsers import DESK, chromium, served, visitor
from fastapi.testclient import TestClient
from offices import NOON, PASSWORD, Office, open_office
from playwright.sync_api import Page
from sqlalchemy import insert

from pipeline.domain.flight import FlightId
from pipeline.domain.freshness import NEVER, Level, Move
from pipeline.imagery.looked import degrees_in_plane
from pipeline.imagery.vector_tiles import HALF_M, in_mercator
from pipeline.store import tables
from pipeline.store.columns import new_id
from pipeline.store.flags import _row
from pipeline.store.ground import _placed, add_moves, regions_of
from pipeline.web.app import build_app
from pipeline.workflow.cover import placed
from pipeline.workflow.draw_coverage import OUTLINED_FROM

SIDE, TIMES, FLAGS = 50, 4, 10
"""Pieces of land along a side, how often each was flown, and flags of a flight."""
AREAS = 5
FIRST = date(2025, 11, 26)
CORNERS = 48

pytestmark = pytest.mark.soak


def outline(rng: np.random.Generator, x: float, y: float) -> shapely.Polygon:
    """A flight of about 460 m with an edge as ragged as smoothing leaves it."""
    along = np.linspace(0, 4, CORNERS, endpoint=False)
    side = along.astype(int)
    part = along - side
    xs = np.choose(side, [part, 1 + 0 * part, 1 - part, 0 * part])
    ys = np.choose(side, [0 * part, part, 1 + 0 * part, 1 - part])
    points = np.column_stack([xs, ys]) * 1.16 + rng.uniform(-0.02, 0.02, (CORNERS, 2))
    return shapely.transform(shapely.Polygon(points), lambda found: found + np.array([x - 0.08, y - 0.08]))


def in_degrees(plane: shapely.Geometry) -> shapely.Geometry:
    scale = (covered.PIECE_M / covered.LON_M, covered.PIECE_M / covered.LAT_M)
    return shapely.transform(plane, lambda found: found * scale + np.array([covered.WEST, covered.SOUTH]))


def fill(office: Office) -> float:
    """The land, flown piece by piece; seconds that accounting for one more flight takes then.

    All but the last 50 flights are written as rows, with as many moves as accounting for them leaves (23 each, counted
    on 400 flights): that would take an hour.
    """
    rng = np.random.default_rng(1)
    step = SIDE // AREAS
    for x in range(AREAS):
        for y in range(AREAS):
            covered.area(office, f"Area {x}-{y}", covered.land(x * step, y * step, step, step))
    places = [(x, y, n) for n in range(TIMES) for x in range(SIDE) for y in range(SIDE)]
    for begin in range(0, len(places) - 50, 500):
        written(office, rng, places[begin : min(begin + 500, len(places) - 50)])
    began = time.perf_counter()
    for x, y, times in places[-50:]:
        covered.flown(office, day_of(rng, times), *drawn(rng, x, y))
    return (time.perf_counter() - began) / 50


def day_of(rng: np.random.Generator, times: int) -> date:
    return FIRST + timedelta(days=int(times * 365 / TIMES + rng.integers(0, 85)))


def drawn(rng: np.random.Generator, x: int, y: int) -> tuple[shapely.Geometry, shapely.Geometry, list[Any]]:
    """Imagery, what of it is blurred, and flags of a flight."""
    blur = in_degrees(shapely.box(x + 0.4, y + 0.4, x + 0.6, y + 0.5))
    spots = rng.uniform(0, 0.95, (FLAGS, 2))
    flags = [in_degrees(shapely.box(x + dx, y + dy, x + dx + 0.02, y + dy + 0.01)) for dx, dy in spots]
    return in_degrees(outline(rng, x, y)), blur, flags


def written(office: Office, rng: np.random.Generator, places: list[tuple[int, int, int]]) -> None:
    """Rows of flights, scans, looks, flags and moves."""
    district, step = office.east.id, SIDE // AREAS
    new: dict[Any, list[dict[str, Any]]] = {
        tables.flights: [],
        tables.scans: [],
        tables.ground_looks: [],
        tables.flags: [],
    }
    moves: dict[tuple[str, Level, date, date], float] = {}
    with office.database.transaction() as connection:
        regions = {region.area or "all": region.id for region in regions_of(connection, {district})}
        for x, y, times in places:
            day, flight = day_of(rng, times), new_id()
            imaged, blur, flags = drawn(rng, x, y)
            shared = {"district_id": district, "name": flight, "state": "received", "received_at": NOON}
            uploader = office.people["surveyor"].id
            new[tables.flights].append(
                shared | {"id": flight, "uploaded_by": uploader, "flown_on": day, "changed_at": NOON}
            )
            scan = covered.scan_of(FlightId(flight))
            new[tables.scans].append(
                {"id": scan.id, "flight_id": flight, "model": "m", "record": "{}", "recorded_at": NOON}
                | {"model_sha256": scan.model_sha256, "original_sha256": scan.original_sha256}
            )
            ground = degrees_in_plane(imaged)
            seen = shapely.difference(ground, degrees_in_plane(blur))
            blind = shapely.difference(ground, seen)
            for kind, place in (("imaged", placed(ground, drawn=blind)), ("seen", placed(seen))):
                look = {"id": new_id(), "flight_id": flight, "scan_id": scan.id, "district_id": district, "kind": kind}
                new[tables.ground_looks].append(look | {"day": day} | _placed(place))
            raised = [covered.flag_of(number, flag) for number, flag in enumerate(flags)]
            new[tables.flags].extend(_row(scan, flag, NOON, 0.2) for flag in raised)
            for region in (regions[f"Area {x // step}-{y // step}"], regions["all"]):
                for level in Level:
                    for _ in range(4):
                        before = day - timedelta(days=int(rng.integers(1, 200))) if times else NEVER
                        moves[region, level, day, before] = 1_000.0
        for table, rows in new.items():
            connection.execute(insert(table), rows)
        for (region, level, day, before), area_m2 in moves.items():
            add_moves(connection, region, level, [Move(day=day, previous=before, area_m2=area_m2)])


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.2f} s")  # noqa: T201 this is what it is for


def tile(zoom: int, x: float, y: float) -> str:
    middle = in_mercator([covered.land(x, y, 0.01, 0.01).centroid])[0]
    side = 2 * HALF_M / 2**zoom
    return f"{zoom}/{int((middle.x + HALF_M) / side)}/{int((HALF_M - middle.y) / side)}"


def test_a_year_of_10_000_flights(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    with timed("filling"):
        each = fill(office)
    size_mb = (tmp_path / "plotwatch.db").stat().st_size / 1e6
    print(f"accounting for one more flight, all of its writing: {1000 * each:.0f} ms; database {size_mb:.0f} MB")  # noqa: T201 this is what it is for
    app = build_app(office.services())
    with TestClient(app, base_url="https://plots.test") as client:
        client.post("/sign-in", data={"name": "manager", "password": PASSWORD})
        for what, address in asked():
            for again in ("first", "again"):
                began = time.perf_counter()
                answer = client.get(address)
                seconds = time.perf_counter() - began
                print(f"{what}, {again}: {1000 * seconds:.0f} ms, {len(answer.content) / 1000:.0f} kB")  # noqa: T201 this is what it is for
                assert answer.status_code == 200
    in_a_browser(office)
    office.database.close()


def asked() -> list[tuple[str, str]]:
    tiles = [
        (f"{layer} tile of zoom {zoom}", f"/coverage/tiles/{layer}/{tile(zoom, 5.3, 5.3)}")
        for zoom in (9, 11, 13, 15)
        for layer in ("ground", "marks" if zoom < OUTLINED_FROM else "flags")
    ]
    return [("page", "/coverage"), ("table", "/coverage/table?from=2026-01-01&to=2026-08-01"), *tiles]


def in_a_browser(office: Office) -> None:
    with (
        chromium() as browser,
        served(build_app(office.services())) as address,
        visitor(browser, address, viewport=DESK, locale="en-GB") as context,
    ):
        page = context.new_page()
        page.set_default_timeout(300_000)
        page.goto("/sign-in?next=/coverage")
        page.fill("[name=name]", "manager")
        page.fill("[name=password]", PASSWORD)
        for what in ("first map of this server", "first map of a second visit"):
            with timed(what):
                if "sign-in" in page.url:
                    page.press("[name=password]", "Enter")
                else:
                    page.reload()
                page.wait_for_selector("[data-drawn=yes]")
        slider = page.get_by_label("Up to")
        for _ in range(2):
            moved(page, "slider by a day: map and table", lambda: slider.press("ArrowLeft"))
        moved(page, "ten more days", lambda: [slider.press("ArrowLeft") for _ in range(10)])
        moved(page, "one zoom nearer", lambda: page.get_by_label("Zoom in").click())
        moved(page, "pushed aside", lambda: pushed(page))


def pushed(page: Page) -> None:
    page.mouse.move(500, 400)
    page.mouse.down()
    page.mouse.move(300, 300, steps=10)
    page.mouse.up()


def moved(page: Page, what: str, move: Callable[[], object]) -> None:
    """Until the map is idle again and the table is the new one; and the longest that the page was deaf."""
    page.evaluate("""() => {
        const box = document.querySelector('[data-map]'); delete box.dataset.drawn;
        window.longest = 0; let last = performance.now();
        const beat = () => { const now = performance.now(); window.longest = Math.max(window.longest, now - last);
          last = now; window.beating = requestAnimationFrame(beat); }; beat(); }""")
    with timed(what):
        move()
        page.wait_for_selector("[data-drawn=yes]")
        page.wait_for_selector("[data-table]:not([aria-busy])")
    longest = page.evaluate("() => { cancelAnimationFrame(window.beating); return window.longest }")
    print(f"  longest frame {longest:.0f} ms")  # noqa: T201 this is what it is for
