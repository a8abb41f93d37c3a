"""kill -9 of the server while it takes a verdict: nothing half-written, and what is sent again gets its answer."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from flown import scan
from offices import PASSWORD, Office, office_on
from reading_desks import hire
from serving import free_port, serving

from pipeline.domain.flag import FlagStatus
from pipeline.domain.flight import Flight
from pipeline.store.audit import audit
from pipeline.store.database import Database
from pipeline.store.decisions import decisions_on
from pipeline.store.flags import flags_of_flight
from pipeline.web.app import build_app

HERE = Path(__file__).resolve().parents[1]
VERDICT = {"decision": "ab" * 16, "verdict": "confirm", "reason": "planted", "note": "rows"}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    made = office_on(database, tmp_path)
    hire(made, ("a", "b"))
    return made


@pytest.fixture
def flight(office: Office) -> Flight:
    return scan(office, office.fly("flight"))


@contextmanager
def dying(office: Office, port: int, moment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A server in a process of its own, which is killed in the middle of the first verdict."""
    url = office.database.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")
    command = [sys.executable, str(HERE / "dying_server.py"), url, str(office.folder), str(port), moment]
    process = subprocess.Popen(command)  # the folder of a script is where its imports are looked for
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            httpx.get(f"{url}/healthz")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")


class Browser:
    """Somebody's browser, which outlives the server."""

    def __init__(self, url: str, name: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        assert self.http.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
        page = self.http.get("/account").text
        self.csrf = page.split('<meta name="csrf" content="')[1].split('"')[0]

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(f"/review/{path}", json=body, headers={"X-CSRF-Token": self.csrf})

    def take_and_look(self) -> dict[str, Any]:
        reading: dict[str, Any] = self.post("next", {"want": 1}).json()["readings"][0]
        tags = {
            name: self.http.get(reading[name]["url"]).headers["ETag"].strip('"') for name in ("picture", "overview")
        }
        assert self.post(f"readings/{reading['id']}/shown", tags).status_code == 204
        return reading


@pytest.fixture
def open_browser() -> Iterator[Callable[[str], Browser]]:
    with ExitStack() as closing:

        def opened(url: str) -> Browser:
            made = Browser(url, "a")
            closing.callback(made.http.close)
            return made

        yield opened


@pytest.mark.parametrize("moment", ["writing", "answering"])
def test_a_verdict_whose_answer_was_lost_is_sent_again_and_counts_once(
    office: Office, flight: Flight, moment: str, open_browser: Callable[[str], Browser]
) -> None:
    port = free_port()
    with dying(office, port, moment) as process:
        wait_for(f"http://127.0.0.1:{port}", process)
        browser = open_browser(f"http://127.0.0.1:{port}")
        reading = browser.take_and_look()
        with pytest.raises(httpx.TransportError):
            browser.post(f"readings/{reading['id']}/verdict", VERDICT)
        assert process.wait() == -signal.SIGKILL
    kept = 1 if moment == "answering" else 0
    assert decided(office, flight) == kept, "all of it, or nothing"
    with serving(build_app(office.services()), port):
        answers = [browser.post(f"readings/{reading['id']}/verdict", VERDICT) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].text == answers[1].text == f'{{"undo_until": "{reading["expires_at"]}"}}'
        office.clock.forward(minutes=20)
        late = browser.post(f"readings/{reading['id']}/verdict", VERDICT)
        assert late.text == answers[0].text, "a page that slept gets the same answer when it wakes"
    assert decided(office, flight) == 1


def decided(office: Office, flight: Flight) -> int:
    """How many decisions there are; flags and ledger agree with them."""
    with office.database.snapshot() as connection:
        assert audit(connection).wrong == ()
        found = flags_of_flight(connection, flight.id)
        assert {flag.status for flag in found} == {FlagStatus.UNREVIEWED, FlagStatus.IN_REVIEW}
        return sum(len(decisions_on(connection, flag.id)) for flag in found)
