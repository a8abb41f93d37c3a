"""The enclosed process has no way out, and however it ends, its parent says one sentence."""

import io
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import hostile
import pytest

from pipeline.domain.progress import Progress, say_nothing
from pipeline.errors import InvalidInputError
from pipeline.imagery import enclosure
from pipeline.settings import IntakeLimits
from pipeline.workflow import apart

LIMITS = IntakeLimits()


def inside(program: str, *arguments: object) -> str:
    """What a program prints that runs in the environment of the enclosed process (but not confined)."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *map(str, arguments)],
        env=enclosure._environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def confined(program: str) -> str:
    """What a program prints after it has confined itself."""
    return inside(
        "import os; from pipeline.imagery.confinement import confine; "
        "confine(parent=os.getppid(), memory_bytes=2**31, cpu_seconds=50)\n" + program
    )


def test_only_the_drivers_that_are_needed_are_there() -> None:
    found = inside("from rasterio.env import Env\nwith Env() as env: print(sorted(env.drivers()))")
    assert found == str(sorted(enclosure.DRIVERS))


def test_nothing_of_our_environment_is_handed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLOTWATCH_SECRET", "s3cret")
    enclosure._environment.cache_clear()
    assert "s3cret" not in inside("import os; print(dict(os.environ))")


@pytest.mark.parametrize("form", ["/vsicurl/{}/x.tif", "recipe"])
def test_even_if_the_first_check_failed_overviews_elsewhere_are_never_opened(tmp_path: Path, form: str) -> None:
    hits = []

    class Count(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            hits.append(self.path)
            self.send_error(404)

        do_GET = do_HEAD  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Count)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    recipe = hostile.vrt(tmp_path / "recipe.vrt", hostile.secret(tmp_path / "secret.bin"))
    named = str(recipe) if form == "recipe" else form.format(f"http://127.0.0.1:{server.server_port}")
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(), overviews_tags={"OVERVIEW_FILE": named})
    found = inside(
        "import rasterio, sys\nwith rasterio.open(sys.argv[1], driver='GTiff') as r: "
        "print(r.overviews(1), r.read(out_shape=(3, 32, 32)).max(), len(r.files))",
        upload,
    )
    server.shutdown()
    server.server_close()
    levels, most, _ = found.rsplit(" ", 2)
    assert levels == "[]"
    assert int(most) < 200  # the ground, not the secret
    assert hits == []


def test_limits_hold_in_the_confined_process() -> None:
    found = confined(
        "import resource as r\n"
        "print([r.getrlimit(kind)[0] for kind in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_CORE, r.RLIMIT_FSIZE)])"
    )
    assert found == str([2**31, 50, 0, 64 * 1024**2])


def test_the_confined_process_has_no_network_where_the_system_permits_that() -> None:
    found = confined(
        "import socket\ntry: print([n for _, n in socket.if_nameindex() if n != 'lo'])\nexcept OSError: print([])"
    )
    if found != "[]":
        pytest.skip("this system permits no network namespaces")


def test_a_process_without_its_parent_ends() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        inside(
            "from pipeline.imagery.confinement import confine; "
            "confine(parent=1234567, memory_bytes=2**31, cpu_seconds=5)"
        )


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "break off"),
        ("import os; os.kill(os.getpid(), 9)", "break off"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGXCPU)})", "too long"),
        ("print('no json')", "break off"),
        ("print('[1]')", "break off"),
        ("print('x' * 3_000_000)", "break off"),
        ('print(\'{"result": {"size": 1}}\')', "break off"),
        ("print('{\"progress\": 7}')", "break off"),
        ("import time; time.sleep(60)", "too long"),
        ('print(\'{"refusal": "two\\\\nlines\\\\u001b"}\')', "^two lines$"),
    ],
)
def test_however_the_process_ends_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, words: str
) -> None:
    monkeypatch.setattr(enclosure, "COMMAND", [sys.executable, "-c", "import sys; sys.stdin.read()\n" + program])
    monkeypatch.setattr(enclosure, "OPEN_SECONDS", 3.0)
    with pytest.raises(InvalidInputError, match=words) as caught:
        enclosure.make_enclosed(tmp_path / "x.tif", tmp_path, LIMITS, say_nothing)
    assert str(caught.value).isprintable()


def test_a_parent_that_gives_up_ends_the_process(tmp_path: Path) -> None:
    upload = hostile.write(tmp_path / "x.tif", hostile.ground(side_px=4096), tiled=True, compress="deflate")
    seen = []

    def interrupt(step: Progress) -> None:
        seen.append(step)
        raise KeyboardInterrupt

    (tmp_path / "work").mkdir()
    with pytest.raises(KeyboardInterrupt):
        enclosure.make_enclosed(upload, tmp_path / "work", LIMITS, interrupt)
    assert len(seen) == 1


class ClosedAfterALine(io.BytesIO):
    """A pipe whose reader closes it when the last answer was heard."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.close()
        return line


@pytest.mark.parametrize("listen", [enclosure._listen, apart._listen])
def test_who_listens_ends_quietly_when_nobody_hears_any_more(listen: Any) -> None:
    lines = SimpleQueue[bytes]()
    listen(ClosedAfterALine(b"{}\n{}\n"), lines)
    assert [lines.get_nowait(), lines.get_nowait()] == [b"{}\n", b""]
