"""A throw-away PostgreSQL server for tests, reached through a socket file and gone with the test run."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text

SERVER_USER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package makes this user."""


def binaries() -> Path | None:
    """The newest installed server's programs: PostgreSQL keeps them out of the path on Debian."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; ``new_database`` makes one without tables."""

    folder: Path
    bin: Path
    numbers: "count[int]"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://plotwatch@/{name}?host={self.folder}"

    def new_database(self) -> str:
        name = f"t{next(self.numbers)}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return name


def start(programs: Path) -> Cluster:
    memory = Path("/dev/shm")  # noqa: S108 the folder below is made by mkdtemp
    folder = Path(tempfile.mkdtemp(prefix="plotwatch-pg-", dir=memory if memory.is_dir() else None))
    cluster = Cluster(folder, programs, count())
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER_USER)
    _run(cluster, "initdb", "-D", "data", "-U", "plotwatch", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses='' -k {folder} -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    _run(cluster, "pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
    return cluster


def stop(cluster: Cluster) -> None:
    _run(cluster, "pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(cluster.folder)


def _run(cluster: Cluster, program: str, *arguments: str) -> None:
    user = SERVER_USER if os.geteuid() == 0 else None
    command = [str(cluster.bin / program), *arguments]
    subprocess.run(command, cwd=cluster.folder, user=user, check=True, stdout=subprocess.DEVNULL)
