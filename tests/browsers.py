"""A real browser for the pages, and a real server for the browser."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from offices import Office
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from pipeline.settings import WebSettings, in_continuous_integration
from pipeline.store.sessions import begin_session
from pipeline.web.server import address_of, listen, make_server
from pipeline.web.sessions import COOKIE

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TABLE = {"width": 900, "height": 600}
"""A small window, where its size is not what a test is about: software draws a third of the pixels of a desk."""
EXPECTED = ("Failed to load resource", "GL Driver Message")
"""Complaints about answers that tests ask for, and about the speed of drawing without a graphics card."""
PATIENCE_MS = 60_000
"""On a machine with other things to do; nothing waits for it when all is well."""

SERIOUS = """() => {
    const slight = axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact));
    const rules = Object.fromEntries(slight.map((rule) => [rule.id, { enabled: false }]));
    return axe.run(document, { resultTypes: ["violations"], preload: false, rules });
}"""
"""Only rules whose breach is serious or critical are run: `region` alone, which is moderate, takes as long as many."""

expect.set_options(timeout=PATIENCE_MS)


def need_chromium() -> None:
    """Skip where the system has no Chromium; fail in CI."""
    if not Path(CHROMIUM).exists():
        if in_continuous_integration():
            pytest.fail("chromium must be there in CI")
        pytest.skip("no chromium on this machine")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips where there is none, fails in CI."""
    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address at which ``app`` is served while this lasts."""
    listener = listen(WebSettings(port=0))
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        threading.Event().wait(0.01)
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def visitor(
    browser: Browser, address: str, *, expects_failures: bool = False, **options: Any
) -> Iterator[BrowserContext]:
    """A person with a browser of their own; a request to anywhere but ``address``, or a complaint, fails the test."""
    context = browser.new_context(base_url=address, **options)
    context.set_default_timeout(PATIENCE_MS)
    strangers: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: None if is_own(request.url, address) else strangers.append(request.url))
    context.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert not strangers, f"the page asked elsewhere: {strangers}"
    unexpected = [line for line in complaints if not any(known in line for known in EXPECTED)]
    assert expects_failures or not unexpected, f"the browser complains: {unexpected}"


def let_in(context: BrowserContext, office: Office, name: str, address: str) -> Page:
    """A page on which ``name`` is signed in already: the form is what other tests are about."""
    with office.database.transaction() as connection:
        secret, _ = begin_session(connection, office.people[name].id, now=office.clock())
    context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    return context.new_page()


def is_own(url: str, address: str) -> bool:
    """Whether a request stays at ``address`` or within the browser."""
    return url.startswith((f"{address}/", "data:", f"blob:{address}/"))


def wide(page: Page) -> bool:
    """Whether the page has to be pushed sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def findings(page: Page) -> list[str]:
    """What axe-core finds serious on a page."""
    if not AXE.is_file() and not in_continuous_integration():
        pytest.skip("axe-core is not installed: run `make .venv/.front`")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(SERIOUS)
    assert all(violation["impact"] in {"serious", "critical"} for violation in found["violations"])
    return [f"{violation['id']}: {violation['nodes'][0]['html']}" for violation in found["violations"]]
