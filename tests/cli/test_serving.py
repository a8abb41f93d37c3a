"""`plotwatch serve` serves from an empty folder, says where, and stops when it is told."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pipeline.errors import InvalidInputError
from pipeline.settings import Settings, WebSettings, with_address


@contextmanager
def serving(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield server, server.stdout.readline().strip().removeprefix("pages: ")
        finally:
            server.kill()


def test_it_serves_from_an_empty_folder_and_stops_when_told(tmp_path: Path) -> None:
    with serving("--no-worker", "--data", str(tmp_path / "data")) as (server, address):
        assert httpx.get(f"{address}/healthz").text == "ok"
        assert httpx.get(f"{address}/readyz").json()["database"] == "ok"
        page = httpx.get(address, follow_redirects=True)
        assert page.url.path == "/sign-in"
        assert httpx.get(f"{address}/metrics").status_code == 200
        server.send_signal(signal.SIGINT)
        _, said = server.communicate()
    assert server.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"request"} < {line["event"] for line in lines}
    assert "127.0.0.1" not in said


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with serving("--no-worker", "--data", str(tmp_path / "file")) as (server, _):
        _, said = server.communicate()
    assert server.returncode == 2
    assert said.startswith("plotwatch: ")
    assert len(said.splitlines()) == 1


def test_a_host_that_is_given_is_a_name_to_be_reached_by() -> None:
    given = with_address(Settings(), "192.0.2.7", 80)
    assert (given.web.host, given.web.port) == ("192.0.2.7", 80)
    assert "192.0.2.7" in given.web.hosts
    assert with_address(Settings(), None, None) == Settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 the case under test
def test_who_listens_everywhere_must_say_under_which_names(host: str) -> None:
    with pytest.raises(InvalidInputError, match="web.hosts must name"):
        with_address(Settings(), host, None)
    named = Settings(web=WebSettings(hosts=("plots.example",)))
    assert with_address(named, host, None).web.hosts == ("plots.example",)
