"""Gigabytes by tus with a client not written here: ten while the server dies, two through a line that is often cut.

Takes 10 GB of disk for a few minutes. What it measured is printed: pytest -m soak -s tests/web/test_ten_gigabytes.py
"""

import contextlib
import hashlib
import http.client
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from lines import CuttingProxy
from offices import Office, open_office
from serving import free_port, peak_mib, server, serving
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from pipeline.store.ledger import history
from pipeline.store.tokens import NewToken, Scope, add_token
from pipeline.web.app import build_app

MIB = 1024**2
BYTES = 10 * 1024 * MIB + 7
TWO_GIGABYTES = 2 * 1024 * MIB + 5
CHUNK = 64 * MIB
MOST_MEMORY_MIB = 400


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    office = open_office(tmp_path / "data")
    yield office
    office.database.close()


def drawn(path: Path, length_bytes: int = BYTES) -> str:
    """A file of which every 64th MiB says something; the sha256 of all of it."""
    digest, chance, nothing = hashlib.sha256(), random.Random(7), bytes(MIB)
    with path.open("wb") as file:
        file.truncate(length_bytes)
        for at in range(0, length_bytes, MIB):
            length = min(MIB, length_bytes - at)
            if at % CHUNK:
                digest.update(nothing[:length])
                continue
            written = chance.randbytes(length)
            file.seek(at)
            file.write(written)
            digest.update(written)
    return digest.hexdigest()


def token(office: Office) -> str:
    """Of a surveyor, for today."""
    person, now = office.people["surveyor"].id, datetime.now(UTC)
    new = NewToken(name="soak", person=person, scopes=frozenset({Scope.UPLOAD}), lasts=timedelta(days=1))
    with office.database.transaction() as connection:
        return add_token(connection, new, by=None, now=now)[0]


@pytest.mark.soak
def test_ten_gigabytes_come_through_although_the_server_dies_in_the_middle(office: Office, tmp_path: Path) -> None:
    source = tmp_path / "flight.tif"
    sha256 = drawn(source)
    port, peaks = free_port(), list[int]()
    bearer = {"Authorization": f"Bearer {token(office)}"}
    began = time.monotonic()
    client = TusClient(f"http://127.0.0.1:{port}/api/v1/uploads", headers=bearer)
    with source.open("rb") as stream, server(office.folder, port, peaks) as process:
        uploader = client.uploader(file_stream=stream, chunk_size=CHUNK, metadata={"filename": "flight.tif"}, retries=0)
        uploader.upload(stop_at=BYTES // 2)
        peaks.append(peak_mib(process.pid))
        uploader.stop_at = BYTES
        death = threading.Timer(0.05, process.kill)
        death.start()
        with contextlib.suppress(TusCommunicationError, OSError, http.client.HTTPException, KeyError, TypeError):
            uploader.upload()
        death.join()
    reached = uploader.offset
    first_s = time.monotonic() - began
    with source.open("rb") as stream, server(office.folder, port, peaks):
        uploader.file_stream = stream
        uploader.offset = uploader.get_offset()
        resumed = uploader.offset
        assert BYTES // 2 <= resumed <= reached + CHUNK
        again = time.monotonic()
        uploader.upload()
        second_s = time.monotonic() - again
        upload = str(uploader.url).rsplit("/", 1)[1]
        form = {"upload": upload, "name": "Ten gigabytes", "district": office.east.id}
        asked = time.monotonic()
        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/flights", json=form, headers=bearer, timeout=600)
        hashed_s = time.monotonic() - asked
        assert answer.status_code == 201, answer.text
    with office.database.snapshot() as connection:
        bodies = [leaf.body for leaf in history(connection, answer.json()["id"])]
    assert any(sha256 in body for body in bodies)
    assert office.desk.files.original(sha256).stat().st_size == BYTES
    assert list(office.desk.files.arriving.iterdir()) == []
    assert max(peaks) < MOST_MEMORY_MIB
    rate = BYTES / MIB / (first_s + second_s)
    print(  # noqa: T201 what was measured
        f"\n{BYTES / 1e9:.1f} GB: {rate:.0f} MiB/s, killed at {reached / MIB:.0f} MiB, gone on with at "
        f"{resumed / MIB:.0f} MiB; handed in within {hashed_s:.0f} s; peak memory of the servers {peaks} MiB"
    )


@pytest.mark.soak
def test_two_gigabytes_come_through_a_line_that_is_cut_at_random(office: Office, tmp_path: Path) -> None:
    source = tmp_path / "flight.tif"
    sha256 = drawn(source, TWO_GIGABYTES)
    bearer = {"Authorization": f"Bearer {token(office)}"}
    with serving(build_app(office.services())) as served, source.open("rb") as stream:
        proxy = CuttingProxy(served.port, seed=11, most_bytes=150 * MIB)
        uploads = f"http://127.0.0.1:{proxy.port}/api/v1/uploads"
        client, again = TusClient(uploads, headers=bearer), 0
        uploader = client.uploader(file_stream=stream, chunk_size=CHUNK, metadata={"filename": "flight.tif"}, retries=0)
        while uploader.offset < TWO_GIGABYTES:
            with contextlib.suppress(TusCommunicationError, OSError, http.client.HTTPException, KeyError, TypeError):
                if again:
                    uploader.offset = uploader.get_offset()
                uploader.upload()
            again += 1
            assert again < 1_000, "it does not get on"
        form = {"upload": str(uploader.url).rsplit("/", 1)[1], "name": "Two gigabytes", "district": office.east.id}
        answer = httpx.post(f"{served.url}/api/v1/flights", json=form, headers=bearer, timeout=600)
        assert answer.status_code == 201, answer.text
        proxy.close()
    assert proxy.cuts > 10
    kept = office.desk.files.original(sha256)
    with kept.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == sha256
    print(f"\n{proxy.cuts} cuts, begun {again} times")  # noqa: T201 what was measured
