"""Fifty survey teams at once in a bureau of 1,000 flights: how long pages take. Printed, not asserted.

pytest -m soak -s tests/web/test_fifty_teams.py
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from flown import scan
from offices import HASHED, PASSWORD, Office, open_office
from serving import free_port, server

from pipeline.domain.flight import Flight
from pipeline.domain.people import Role
from pipeline.imagery.map_tiles import map_extent
from pipeline.imagery.working import WORKING_NAME
from pipeline.store.people import NewPerson, add_person
from pipeline.store.tokens import NewToken, Scope, add_token

TEAMS, FLIGHTS, SCANNED = 50, 1_000, 10
SECONDS = 90.0
THINKS_S = (1.0, 4.0)
"""How long a team looks at a page, between these bounds, before it opens the next."""
CHUNK_BYTES = 4 * 1024**2


@dataclass
class Clocked:
    """What every team waited for, in milliseconds by kind of page; and what went wrong."""

    waited_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    def get(self, client: httpx.Client, kind: str, path: str) -> None:
        began = time.monotonic()
        answer = client.get(path)
        self.waited_ms[kind].append(1000 * (time.monotonic() - began))
        if answer.status_code not in {200, 204}:
            self.wrong.append(f"{kind}: {answer.status_code}")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "data").mkdir()
    office = open_office(tmp_path / "data")
    yield office
    office.database.close()


def hire(office: Office) -> list[str]:
    """A token for each of the teams' surveyors."""
    now, tokens = datetime.now(UTC), []
    with office.database.transaction() as connection:
        for number in range(TEAMS):
            new = NewPerson(
                name=f"team{number:02}",
                password_hash=HASHED,
                roles=frozenset({Role.SURVEYOR}),
                districts=frozenset({office.east.id}),
            )
            person = add_person(connection, new, by=None, now=now)
            wish = NewToken(name="soak", person=person.id, scopes=frozenset({Scope.UPLOAD}), lasts=timedelta(days=1))
            tokens.append(add_token(connection, wish, by=None, now=now)[0])
    return tokens


def fly(office: Office) -> list[Flight]:
    """All the flights; returns those that were scanned."""
    scanned = [scan(office, office.fly(f"Scanned {number}")) for number in range(SCANNED)]
    office.fly_many(f"Terrace {number:04}" for number in range(FLIGHTS - SCANNED))
    return scanned


def tiles_of(office: Office, flight: Flight) -> list[str]:
    """Addresses of the map that shows all of a flight."""
    extent = map_extent(office.desk.files.working(flight.id) / WORKING_NAME)
    zoom = 20
    columns, rows = (
        sorted(round(at) for at in side)
        for side in zip(
            *(_tile(x, y, zoom) for x, y in ((extent.west, extent.north), (extent.east, extent.south))), strict=True
        )
    )
    return [
        f"/flights/{flight.id}/tiles/orthomosaic/{zoom}/{column}/{row}"
        for column in range(columns[0], columns[1] + 1)
        for row in range(rows[0], rows[1] + 1)
    ][:9]


def _tile(x: float, y: float, zoom: int) -> tuple[float, float]:
    side = 2**zoom
    return (x + 180) / 360 * side - 0.5, (1 - np.arcsinh(np.tan(np.radians(y))) / np.pi) / 2 * side - 0.5


def team(number: int, url: str, pages: dict[str, list[str]], until: float, clocked: Clocked) -> None:
    """Sign in, then open list, flights and their maps in turn, as a person would."""
    chance = random.Random(number)
    with httpx.Client(base_url=url, timeout=60, headers={"Accept-Language": "zh-CN"}) as client:
        time.sleep(chance.uniform(0, THINKS_S[1]))
        client.post("/sign-in", data={"name": f"team{number:02}", "password": PASSWORD}, headers={"Origin": url})
        while time.monotonic() < until:
            for kind, addresses in pages.items():
                for address in chance.sample(addresses, 4) if kind == "tile" else [chance.choice(addresses)]:
                    clocked.get(client, kind, address)
                time.sleep(chance.uniform(*THINKS_S))


def uploads(url: str, token: str, until: float, clocked: Clocked) -> None:
    """Send pieces of an upload on end, as a team on a good line does."""
    size = 10 * 1024**3
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    piece, offset = random.Random(1).randbytes(CHUNK_BYTES), 0
    with httpx.Client(base_url=url, timeout=60, headers=headers) as client:
        begun = client.post(
            "/api/v1/uploads", headers={"Upload-Length": str(size), "Upload-Metadata": "filename eC50aWY="}
        )
        while time.monotonic() < until:
            more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            began = time.monotonic()
            answer = client.patch(begun.headers["Location"], content=piece, headers=more)
            clocked.waited_ms["4 MiB of an upload"].append(1000 * (time.monotonic() - began))
            if answer.status_code != 204:
                clocked.wrong.append(f"upload: {answer.status_code} {answer.text[:80]}")
                return
            offset += CHUNK_BYTES
            time.sleep(1)


@pytest.mark.soak
def test_fifty_teams_open_pages_and_five_of_them_upload(office: Office) -> None:
    tokens, scanned = hire(office), fly(office)
    pages = {
        "list of flights": ["/flights", "/flights?page=3", "/flights?q=Terrace+04"],
        "page of a flight": [f"/flights/{flight.id}" for flight in scanned],
        "tile": [address for flight in scanned for address in tiles_of(office, flight)],
        "progress": [f"/flights/{flight.id}/progress" for flight in scanned],
    }
    clocked, peaks, port = Clocked(), list[int](), free_port()
    with server(office.folder, port, peaks):
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + SECONDS
        work = [threading.Thread(target=team, args=(n, url, pages, until, clocked)) for n in range(TEAMS)]
        work += [threading.Thread(target=uploads, args=(url, token, until, clocked)) for token in tokens[:5]]
        for one in work:
            one.start()
        for one in work:
            one.join()
    print(f"\n{TEAMS} teams, {FLIGHTS} flights, {SECONDS:.0f} s; server {max(peaks)} MiB")  # noqa: T201 what was measured
    for kind, waited in clocked.waited_ms.items():
        half, most, longest = np.percentile(waited, (50, 95, 100))
        said = f"n = {len(waited):5}  median {half:6.0f} ms  95 % {most:6.0f} ms  longest {longest:6.0f} ms"
        print(f"{kind:20} {said}")  # noqa: T201 what was measured
    assert not clocked.wrong, clocked.wrong[:5]
    assert len(clocked.waited_ms["list of flights"]) > TEAMS
