"""A real server, in a thread or as a program: an ASGI transport shows no broken lines, nor bodies in pieces."""

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """An address on this machine, and the server behind it."""

    port: int
    server: uvicorn.Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(app: Any, port: int | None = None) -> Iterator[Serving]:
    """``app`` on a port of this machine until the block ends; the same port may be served again afterwards."""
    port = port or free_port()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield Serving(port=port, server=server)
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def server(data: Path, port: int, peaks: list[int]) -> Iterator["subprocess.Popen[str]"]:
    """`plotwatch serve` until the block ends, by kill -9; its peak memory in MiB is added to ``peaks``."""
    config = data / "plotwatch.toml"
    config.write_text(f'[store]\ndata_dir = "{data}"\ndatabase_url = "sqlite:///{data / "plotwatch.db"}"\n')
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--no-worker", "--port", str(port)]
    with subprocess.Popen([*command, "--config", str(config)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "pages:" in process.stdout.readline()
            yield process
        finally:
            peaks.append(peak_mib(process.pid) or max(peaks))  # nothing is told of who was killed
            process.kill()


def peak_mib(pid: int) -> int:
    """The most memory a process ever had, in MiB."""
    found = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[0]) // 1024 if found else 0
