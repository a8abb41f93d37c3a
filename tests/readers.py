"""Readers before the workstation: many flags on drawn ground, and people who read them with the keyboard."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import shapely
from browsers import PATIENCE_MS, TABLE, let_in, visitor
from flown import Ground, scan
from offices import HASHED, Office
from playwright.sync_api import Browser, BrowserContext, Page
from rasterio.warp import transform_geom
from rasters import CRS, GSD_M, LEFT, TOP
from sqlalchemy import select

from pipeline.domain.decision import Decision
from pipeline.domain.flag import FlagId
from pipeline.domain.flight import Flight
from pipeline.domain.people import Role
from pipeline.store.decisions import decisions_on
from pipeline.store.flags import RaisedFlag, StoredFlag, flags_of_flight, get_flag, insert_flags
from pipeline.store.people import NewPerson, add_person
from pipeline.store.scans import scans_of
from pipeline.store.tables import leases

ROW = 12
STEP_PX = 70
SIDE_PX = 48
NO_MAPS = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.includes("webgl") ? null : get.call(this, kind, ...more);
};
"""


def hire(office: Office, *names: str) -> None:
    """Reviewers of the eastern district, by these names."""
    with office.database.transaction() as connection:
        for name in names:
            new = NewPerson(
                name=name,
                password_hash=HASHED,
                roles=frozenset({Role.REVIEWER}),
                districts=frozenset({office.east.id}),
            )
            office.people[name] = add_person(connection, new, by=None, now=office.clock())


def flags_to_read(office: Office, count: int, *, twice: float = 0.0) -> Flight:
    """A scanned flight whose ground has ``count`` flags; of rejections the share ``twice`` is read a second time."""
    # The ledger never goes back behind the noon at which the bureau was founded; a page goes by the real clock.
    office.clock.at = max(office.clock.at, datetime.now(UTC))
    flight = scan(office, office.fly("Secret slope"), Ground(flags=False))
    with office.database.transaction() as connection:
        (made,) = scans_of(connection, flight.id)
        raised = [_flag(number) for number in range(count)]
        insert_flags(connection, made, raised, now=office.clock(), second_read=twice)
    return flight


def flags_of(office: Office, flight: Flight) -> list[StoredFlag]:
    with office.database.snapshot() as connection:
        return list(flags_of_flight(connection, flight.id))


def decisions_of(office: Office, flight: Flight) -> list[list[Decision]]:
    """The decisions on each flag of a flight."""
    with office.database.snapshot() as connection:
        return [list(decisions_on(connection, flag.id)) for flag in flags_of_flight(connection, flight.id)]


def open_leases(office: Office) -> int:
    """How many items lie in somebody's hands."""
    with office.database.snapshot() as connection:
        return len(connection.execute(select(leases.c.id).where(leases.c.ended_at.is_(None))).all())


@dataclass
class ReaderAtWork:
    """Somebody at the workstation. ``heard`` is all that the server ever sent them, as text."""

    page: Page
    context: BrowserContext
    office: Office
    heard: list[str]

    def awaits(self, state: str = "reading") -> None:
        self.page.wait_for_selector(f'[data-review][data-state="{state}"]')

    @property
    def reading(self) -> str:
        return self.page.get_attribute("[data-review]", "data-reading") or ""

    @property
    def flag(self) -> StoredFlag:
        """The flag that is on the screen, as only the store knows."""
        with self.office.database.snapshot() as connection:
            row = connection.execute(select(leases.c.flag_id).where(leases.c.id == self.reading)).one()
            return get_flag(connection, FlagId(row.flag_id))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def judges(self, *keys: str) -> None:
        """Press ``keys``, and wait until another item or none is on the screen."""
        before = self.reading
        self.press(*keys)
        desk = "[data-review][data-state="
        self.page.wait_for_selector(f'{desk}"nothing"], {desk}"reading"]:not([data-reading="{before}"])')

    def has_in_hand(self, items: int) -> None:
        """Wait until the pictures of ``items`` have been loaded: the one on the screen, and those that come next.

        Asked from here: what a page asks itself again and again would be text that becomes code, which it forbids.
        """
        done = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('/overview')).length"
        until = time.monotonic() + PATIENCE_MS / 1000
        while self.page.evaluate(done) < items:
            assert time.monotonic() < until, f"the pictures of {items} items never came"
            self.page.wait_for_timeout(20)

    def has_arrived(self, flight: Flight, verdicts: int) -> None:
        """Wait until the server holds ``verdicts`` decisions on a flight: the page shows the next item before that."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while sum(map(len, decisions_of(self.office, flight))) < verdicts and time.monotonic() < until:
            self.page.wait_for_timeout(20)


@contextmanager
def at_work(
    browser: Browser, address: str, office: Office, name: str, *, maps: bool = True, **options: Any
) -> Iterator[ReaderAtWork]:
    """``name`` before the workstation, with the first item on the screen.

    Without ``maps`` the page shows pictures, as on a machine that draws none: half the work for the processor.
    """
    options = {"viewport": TABLE, "locale": "en-GB"} | options
    with visitor(browser, address, **options) as context:
        if not maps:
            context.add_init_script(NO_MAPS)
        page = let_in(context, office, name, address)
        reader = ReaderAtWork(page=page, context=context, office=office, heard=[])
        page.on("response", lambda answer: reader.heard.append(_heard(answer)))
        page.goto("/review")
        yield reader


def _heard(answer: Any) -> str:
    """Address, headers and, of what is text, the body of an answer."""
    told = f"{answer.url} {answer.headers}"
    kind = answer.headers.get("content-type", "")
    if answer.ok and ("json" in kind or "html" in kind):
        told += str(answer.text())
    return told


def _flag(number: int) -> RaisedFlag:
    row, column = 60 + STEP_PX * (number // ROW), 120 + STEP_PX * (number % ROW)
    west, north = LEFT + column * GSD_M, TOP - row * GSD_M
    box = shapely.box(west, north - SIDE_PX * GSD_M, west + SIDE_PX * GSD_M, north)
    return RaisedFlag(
        label=f"F{number:05d}",
        outline=shapely.geometry.shape(transform_geom(CRS, "EPSG:4326", shapely.geometry.mapping(box))),
        class_name="red",
        score=0.5 + 0.4 * (number % 10) / 10 + 0.0123,
        area_m2=(SIDE_PX * GSD_M) ** 2,
        cells=4,
        model="demo-poppy",
        threshold=0.4321,
    )
