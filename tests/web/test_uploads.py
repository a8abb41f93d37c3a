import base64
import contextlib
import hashlib
import http.client
import io
import random
import resource
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from lines import CuttingProxy
from offices import Clock, Office, open_office
from serving import serving
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from pipeline.domain.people import PersonId
from pipeline.settings import UploadLimits
from pipeline.store.partials import Partials
from pipeline.store.tokens import NewToken, Scope, add_token
from pipeline.web.app import build_app

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
LIMITS = UploadLimits(max_bytes=2**40, keep_free_bytes=0, idle_seconds=0.3)


class Stage:
    """An application in the place of which each test puts its own, so that one server does for all."""

    app: FastAPI

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    stage = Stage()
    with serving(stage) as served, httpx.Client(base_url=served.url) as client:
        yield stage, client


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, dict[str, str]]]:
    """People and their tokens; uploads do not touch the database, so that one does for all tests."""
    office = replace(open_office(tmp_path_factory.mktemp("bureau")), limits=LIMITS)
    with closing(office.database):
        yield office, {name: token(office, name) for name in ("surveyor", "manager", "reviewer")}


@pytest.fixture
def office(bureau: tuple[Office, dict[str, str]], tmp_path: Path) -> Office:
    return replace(bureau[0], folder=tmp_path, clock=Clock())


@pytest.fixture
def partials(office: Office) -> Partials:
    return office.desk.partials


@pytest.fixture
def person(office: Office) -> PersonId:
    return office.people["surveyor"].id


@pytest.fixture
def tokens(bureau: tuple[Office, dict[str, str]]) -> dict[str, str]:
    return bureau[1]


@pytest.fixture
def client(stage: tuple[Stage, httpx.Client], office: Office, tokens: dict[str, str]) -> httpx.Client:
    stage[0].app = build_app(office.services())
    stage[1].headers["Authorization"] = f"Bearer {tokens['surveyor']}"
    return stage[1]


def token(office: Office, name: str, scope: Scope = Scope.UPLOAD) -> str:
    new = NewToken(name="test", person=office.people[name].id, scopes=frozenset({scope}), lasts=timedelta(days=90))
    with office.database.transaction() as connection:
        return add_token(connection, new, by=None, now=office.clock())[0]


def begin(client: httpx.Client, length: object, **headers: str) -> httpx.Response:
    return client.post(UPLOADS, headers={**TUS, "Upload-Length": str(length), **headers})


def patch(client: httpx.Client, address: str, offset: object, body: Any, **headers: str) -> httpx.Response:
    more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(address, headers={**TUS, **more, **headers}, content=body)


def where(client: httpx.Client, address: str, **headers: str) -> httpx.Response:
    return client.head(address, headers={**TUS, **headers})


def offset(client: httpx.Client, address: str) -> int:
    return int(where(client, address).headers["Upload-Offset"])


def some_bytes(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


def only_bytes(partials: Partials, person: PersonId) -> bytes:
    (upload,) = partials.of(person)
    return partials.bytes_of(upload.id).read_bytes()


def test_the_server_says_what_it_understands(client: httpx.Client) -> None:
    answer = client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "expiration", "checksum", "termination"}
    assert answer.headers["Tus-Max-Size"] == str(2**40)


def test_bytes_arrive_as_they_were_sent_and_their_hash_is_known(
    client: httpx.Client, partials: Partials, person: PersonId
) -> None:
    sent = some_bytes(3_000_001)
    address = begin(client, len(sent)).headers["Location"]
    assert patch(client, address, 0, sent[:1_500_000]).headers["Upload-Offset"] == "1500000"
    assert patch(client, address, 1_500_000, sent[1_500_000:]).status_code == 204
    (upload,) = partials.of(person)
    assert upload.complete
    assert upload.sha256 == hashlib.sha256(sent).hexdigest()
    assert only_bytes(partials, person) == sent


def test_metadata_comes_back(client: httpx.Client) -> None:
    name = base64.b64encode("航测.tif".encode()).decode()
    address = begin(client, 5, **{"Upload-Metadata": f"filename {name}, plain"}).headers["Location"]
    assert where(client, address).headers["Upload-Metadata"] == f"filename {name},plain"


def test_head_wants_no_file_type(client: httpx.Client) -> None:
    assert where(client, begin(client, 5).headers["Location"]).status_code == 200


@pytest.mark.parametrize("length", ["-1", "", "x", "1.5", "1e3", "٣", "9" * 19, "0"])
def test_a_length_that_is_none_is_refused(client: httpx.Client, partials: Partials, length: str) -> None:
    answer = client.post(UPLOADS, headers={**TUS, "Upload-Length": length.encode()})
    assert answer.status_code == 400
    assert not list(partials.folder.iterdir())


@pytest.mark.parametrize("metadata", ["name ***", "name gA==", "name " + "A" * 9000])
def test_metadata_that_is_none_is_refused(client: httpx.Client, metadata: str) -> None:
    assert begin(client, 5, **{"Upload-Metadata": metadata}).status_code == 400


def test_more_than_any_upload_may_be_is_refused(client: httpx.Client) -> None:
    assert begin(client, 2**40 + 1).status_code == 413


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}])
def test_what_is_not_tus_changes_nothing(client: httpx.Client, method: str, headers: dict[str, str]) -> None:
    address = begin(client, 5).headers["Location"]
    refused = client.request(method, UPLOADS if method == "POST" else address, headers=headers)
    assert refused.status_code == 412
    assert refused.headers["Tus-Version"] == "1.0.0"
    assert offset(client, address) == 0


@pytest.mark.parametrize("wrong", [0, 4, 11])
def test_a_wrong_offset_is_a_conflict(client: httpx.Client, partials: Partials, person: PersonId, wrong: int) -> None:
    address = begin(client, 10).headers["Location"]
    patch(client, address, 0, b"01234")
    assert patch(client, address, wrong, b"x").status_code == 409
    assert only_bytes(partials, person) == b"01234"


@pytest.mark.parametrize("wrong", ["-1", "", "x"])
def test_an_offset_that_is_none_is_refused(client: httpx.Client, wrong: str) -> None:
    address = begin(client, 10).headers["Location"]
    assert patch(client, address, wrong, b"x").status_code == 400


def test_a_body_that_is_no_bytes_at_an_offset_is_refused(client: httpx.Client) -> None:
    address = begin(client, 10).headers["Location"]
    assert patch(client, address, 0, b"x", **{"Content-Type": "text/plain"}).status_code == 415


def in_pieces(content: bytes) -> Iterator[bytes]:
    yield content


@pytest.mark.parametrize("body", [b"567890", in_pieces(b"567890")], ids=["announced", "not announced"])
def test_more_than_declared_is_refused_and_nothing_of_it_kept(
    client: httpx.Client, partials: Partials, person: PersonId, body: Any
) -> None:
    address = begin(client, 10).headers["Location"]
    patch(client, address, 0, b"01234")
    assert patch(client, address, 5, body).status_code == 413
    assert offset(client, address) == 5
    assert patch(client, address, 5, b"56789").status_code == 204
    assert only_bytes(partials, person) == b"0123456789"
    assert partials.sha256(partials.of(person)[0]) == hashlib.sha256(b"0123456789").hexdigest()


def test_two_requests_at_once_do_not_mix(client: httpx.Client, partials: Partials, person: PersonId) -> None:
    address = begin(client, 10).headers["Location"]
    (upload,) = partials.of(person)
    with partials.appending(upload.id, person, 0) as first:
        first.write(b"01234")
        assert patch(client, address, 0, b"abcde").status_code == 423
        assert client.delete(address, headers=TUS).status_code == 423
        assert offset(client, address) == 0, "what is not on the disk yet is not promised"
    assert offset(client, address) == 5
    assert only_bytes(partials, person) == b"01234"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_the_upload_of_somebody_else_does_not_exist(
    client: httpx.Client, office: Office, tokens: dict[str, str], method: str
) -> None:
    address = begin(client, 5).headers["Location"]
    bearer = {"Authorization": f"Bearer {tokens['manager']}"}
    headers = {**TUS, **bearer, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    other = client.request(method, address, headers=headers, content=b"x" if method == "PATCH" else None)
    unknown = client.request(method, f"{UPLOADS}/{'0' * 32}", headers=headers)
    assert (other.status_code, other.text) == (unknown.status_code, unknown.text) == (404, other.text)
    assert offset(client, address) == 0
    assert office.desk.partials.of(office.people["manager"].id) == ()


@pytest.mark.parametrize("strange", ["..%2f..%2fetc%2fpasswd", "%00", "A" * 32, "x"])
def test_an_id_is_never_a_path(client: httpx.Client, strange: str) -> None:
    assert where(client, f"{UPLOADS}/{strange}").status_code == 404


def test_an_upload_that_is_given_up_leaves_nothing(client: httpx.Client, partials: Partials) -> None:
    address = begin(client, 10).headers["Location"]
    patch(client, address, 0, b"01234")
    assert client.delete(address, headers=TUS).status_code == 204
    assert where(client, address).status_code == 404
    assert not list(partials.folder.iterdir())


def test_an_upload_that_is_abandoned_is_removed(client: httpx.Client, partials: Partials, office: Office) -> None:
    begun = begin(client, 10)
    address = begun.headers["Location"]
    assert parsedate_to_datetime(begun.headers["Upload-Expires"]) == office.clock() + timedelta(hours=168)
    office.clock.forward(hours=100)
    assert "Upload-Expires" in patch(client, address, 0, b"01234").headers
    office.clock.forward(hours=100)
    assert offset(client, address) == 5, "a sign of life keeps it"
    office.clock.forward(hours=69)
    assert where(client, address).status_code == 404
    begin(client, 3)
    assert len(list(partials.folder.iterdir())) == 2, "beginning another one clears up"


def test_an_upload_that_somebody_writes_to_is_never_removed(
    partials: Partials, person: PersonId, office: Office
) -> None:
    upload = partials.create(person, 10, {})
    with partials.appending(upload.id, person, 0):
        office.clock.forward(hours=200)
        assert partials.remove_expired() == 0
    assert partials.remove_expired() == 1


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_are_not_those_of_the_checksum_are_refused(client: httpx.Client, algorithm: str) -> None:
    address = begin(client, 10).headers["Location"]
    right = base64.b64encode(hashlib.new(algorithm, b"01234").digest()).decode()
    assert patch(client, address, 0, b"0123x", **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 460
    assert offset(client, address) == 0
    assert patch(client, address, 0, b"01234", **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204


@pytest.mark.parametrize("checksum", ["md5 AAAA", "sha1", "sha1 *", ""])
def test_a_checksum_that_is_none_is_refused(client: httpx.Client, checksum: str) -> None:
    address = begin(client, 10).headers["Location"]
    assert patch(client, address, 0, b"0", **{"Upload-Checksum": checksum}).status_code in {400, 460}
    assert offset(client, address) == 0


def send_half(client: httpx.Client, address: str, body: bytes, *, announce: int, hang_up: Callable[..., None]) -> None:
    """Announce more bytes than come."""
    bearer = client.headers["Authorization"]
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as line:
        head = (
            f"PATCH {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {bearer}\r\n"
            "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {announce}\r\n\r\n"
        )
        line.sendall(head.encode() + body)
        hang_up(line)


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a server does after its client has gone."""
    event = threading.Event()
    for _ in range(1000):
        if holds():
            return
        event.wait(0.01)
    pytest.fail("it never came to hold")


def test_what_came_before_a_line_broke_is_kept(client: httpx.Client, partials: Partials, person: PersonId) -> None:
    sent = some_bytes(2_000_000)
    address = begin(client, len(sent)).headers["Location"]
    send_half(client, address, sent[:1_200_000], announce=len(sent), hang_up=lambda line: line.close())
    until(lambda: offset(client, address) > 0)
    reached = offset(client, address)
    until(lambda: patch(client, address, offset(client, address), sent[offset(client, address) :]).status_code == 204)
    assert 0 < reached <= 1_200_000
    assert only_bytes(partials, person) == sent


def test_a_line_on_which_nothing_comes_is_let_go(client: httpx.Client, partials: Partials, person: PersonId) -> None:
    """A lid that is closed sends no end: the upload must not stay locked."""
    address = begin(client, 10).headers["Location"]

    def wait(line: socket.socket) -> None:
        assert line.recv(100).startswith(b"HTTP/1.1 204")

    send_half(client, address, b"01234", announce=10, hang_up=wait)
    assert patch(client, address, 5, b"56789").status_code == 204
    assert only_bytes(partials, person) == b"0123456789"


def test_a_restarted_server_goes_on(client: httpx.Client, stage: tuple[Stage, httpx.Client], office: Office) -> None:
    sent = some_bytes(200_000)
    address = begin(client, len(sent)).headers["Location"]
    patch(client, address, 0, sent[:70_000])
    again = replace(office)
    stage[0].app = build_app(again.services())
    assert offset(client, address) == 70_000
    assert patch(client, address, 70_000, sent[70_000:]).status_code == 204
    partials, person = again.desk.partials, again.people["surveyor"].id
    (upload,) = partials.of(person)
    assert upload.sha256 is None
    assert partials.sha256(upload) == hashlib.sha256(sent).hexdigest()
    assert partials.of(person)[0].sha256 is not None, "all bytes are read once"


def test_bytes_that_were_not_recorded_are_sent_again(
    client: httpx.Client, partials: Partials, person: PersonId
) -> None:
    """As after a power cut: the file is longer than what is known to be right."""
    address = begin(client, 10).headers["Location"]
    patch(client, address, 0, b"01234")
    (upload,) = partials.of(person)
    with partials.bytes_of(upload.id).open("ab") as file:
        file.write(b"\0\0\0")
    assert offset(client, address) == 5
    assert patch(client, address, 5, b"56789").status_code == 204
    assert only_bytes(partials, person) == b"0123456789"


def test_offsets_beyond_4_gib_are_right(client: httpx.Client, partials: Partials, person: PersonId) -> None:
    length = 2**33 + 7
    address = begin(client, length).headers["Location"]
    (upload,) = partials.of(person)
    record = partials.folder / f"{upload.id}.json"
    record.write_text(record.read_text().replace('"offset_bytes":0', f'"offset_bytes":{length - 5}'))
    assert patch(client, address, length - 5, b"01234").headers["Upload-Offset"] == str(length)
    with partials.bytes_of(upload.id).open("rb") as file:
        file.seek(length - 5)
        assert file.read() == b"01234"


@contextlib.contextmanager
def disk_of(largest_file_bytes: int) -> Iterator[None]:
    """While this holds, no file of this process grows beyond that: as near to a full disk as a test can come."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_nothing_and_the_upload_goes_on_when_there_is_room(
    client: httpx.Client, partials: Partials, person: PersonId
) -> None:
    sent = some_bytes(6_000_000)
    address = begin(client, len(sent)).headers["Location"]
    patch(client, address, 0, sent[:1_000_000])
    with disk_of(3_500_000):
        refused = patch(client, address, 1_000_000, sent[1_000_000:])
        safe = offset(client, address)
    assert refused.status_code == 507
    assert "safe" in refused.text
    assert 1_000_000 <= safe <= 3_500_000
    assert patch(client, address, safe, sent[safe:]).status_code == 204
    assert only_bytes(partials, person) == sent


def test_what_the_disk_has_no_room_for_is_not_begun(
    client: httpx.Client, stage: tuple[Stage, httpx.Client], office: Office, tmp_path: Path
) -> None:
    full = replace(office, limits=UploadLimits(keep_free_bytes=shutil.disk_usage(tmp_path).free))
    stage[0].app = build_app(full.services())
    assert begin(client, 2**30).status_code == 507
    assert not list(full.desk.partials.folder.iterdir())


def test_nobody_but_a_surveyor_begins_an_upload(client: httpx.Client, office: Office, tokens: dict[str, str]) -> None:
    assert begin(client, 5, Authorization=f"Bearer {tokens['reviewer']}").status_code == 403
    assert begin(client, 5, Authorization=f"Bearer {token(office, 'surveyor', Scope.READ)}").status_code == 401
    assert begin(client, 5, Authorization="").status_code == 401


@pytest.mark.parametrize("seed", [1, 2])
def test_a_tus_client_of_others_gets_through_a_line_that_breaks(
    client: httpx.Client, partials: Partials, person: PersonId, seed: int
) -> None:
    sent = some_bytes(5_000_000, seed)
    server = client.base_url
    proxy = CuttingProxy(server.port or 80, seed=seed)
    others = TusClient(str(server.join(UPLOADS)), headers={"Authorization": client.headers["Authorization"]})
    uploader = others.uploader(file_stream=io.BytesIO(sent), chunk_size=1_000_000, metadata={"filename": "flight.tif"})
    uploader.set_url(uploader.create_url())
    uploader.url = uploader.url.replace(f":{server.port}", f":{proxy.port}")
    finish(uploader)
    proxy.close()
    (upload,) = partials.of(person)
    assert partials.sha256(upload) == hashlib.sha256(sent).hexdigest()
    assert upload.metadata == {"filename": "flight.tif"}
    assert proxy.cuts > 2


def finish(uploader: Any) -> None:
    """Ask where the upload stands and go on, until it is complete."""
    for _ in range(200):
        with contextlib.suppress(TusCommunicationError, OSError, http.client.HTTPException, KeyError, TypeError):
            uploader.offset = uploader.get_offset()
            uploader.upload()
        if uploader.offset == uploader.stop_at:
            return
    pytest.fail("it never got through")
