"""Uploads over tus 1.0 (https://tus.io/protocols/resumable-upload): core, creation, expiration, checksum, termination.

A body goes to disk as it comes, a MiB at a time, written by threads: the size of a file costs no memory, and no request
waits for another's disk. What has come when a line breaks is kept. Somebody else's upload does not exist.

| answer | when |
|---|---|
| 400 | no length, a negative one, metadata that is none, an empty file |
| 404 | no such upload of this person, or its time is over |
| 409 | the upload stands elsewhere than the request begins |
| 412 | another version of tus, or none: also what a form on another site would send |
| 413 | longer than declared, or than any upload may be |
| 415 | a body that is not declared to be bytes at an offset |
| 423 | another request is writing to it |
| 460 | the bytes are not those of the checksum |
| 507 | the disk is full; what the server said it has is safe |
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from pipeline.domain.people import Person, Role
from pipeline.errors import InvalidInputError, NoRoomError, NotAllowedError, NotFoundError, PlotwatchError
from pipeline.store.partials import (
    Appending,
    HeldError,
    Partials,
    PartialUpload,
    TooLongError,
    WrongOffsetError,
)
from pipeline.web.scripts import Uploader
from pipeline.web.services import Served

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,expiration,checksum,termination"
ALGORITHMS: Final = ("sha256", "sha1")
BYTES: Final = "application/offset+octet-stream"
PIECE_BYTES: Final = 1024**2
"""What is gathered before it is written; a network gives 64 KiB at a time."""
LONGEST_METADATA: Final = 8192
MOST_DIGITS: Final = 18


class WrongChecksumError(InvalidInputError):
    """The bytes are not those that were sent: nothing of this request was kept, send it again."""


class OtherVersionError(InvalidInputError):
    """This server speaks tus 1.0.0."""


class OtherMediaError(InvalidInputError):
    """A body must be application/offset+octet-stream."""


STATUS: Final[dict[type[PlotwatchError], int]] = {
    WrongOffsetError: 409,
    HeldError: 423,
    TooLongError: 413,
    NoRoomError: 507,
    WrongChecksumError: 460,
    OtherVersionError: 412,
    OtherMediaError: 415,
    NotFoundError: 404,
    InvalidInputError: 400,
}
"""From errors to tus; the first that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes


def partials_of(services: Served) -> Partials:
    """The uploads under way."""
    return services.desk.partials


Incoming = Annotated[Partials, Depends(partials_of)]
router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])


@router.options("", summary="What this server understands of tus")
async def offers(caller: Uploader, partials: Incoming) -> Response:
    """Version, extensions, and the longest upload that is taken."""
    del caller
    more = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(partials.limits.max_bytes)}
    return tus(204, more | {"Tus-Checksum-Algorithm": ",".join(ALGORITHMS)})


@router.post("", status_code=201, summary="Begin an upload")
async def create(request: Request, caller: Uploader, partials: Incoming) -> Response:
    """Begin an upload of ``Upload-Length`` bytes; its address is in ``Location``."""
    return await answered(_create(partials, request, caller))


@router.head("/{upload_id}", summary="Where an upload stands")
async def where(request: Request, upload_id: str, caller: Uploader, partials: Incoming) -> Response:
    """How many bytes of an upload are safe."""
    return await answered(_where(partials, request, upload_id, caller))


@router.patch("/{upload_id}", status_code=204, summary="Send bytes")
async def append(request: Request, upload_id: str, caller: Uploader, partials: Incoming) -> Response:
    """Add bytes at ``Upload-Offset``."""
    return await answered(_append(partials, request, upload_id, caller))


@router.delete("/{upload_id}", status_code=204, summary="Give up an upload")
async def remove(request: Request, upload_id: str, caller: Uploader, partials: Incoming) -> Response:
    """Forget an upload and its bytes."""
    return await answered(_remove(partials, request, upload_id, caller))


async def answered(work: Awaitable[Response]) -> Response:
    """The answer, or what tus says for the error in its place."""
    try:
        return await work
    except PlotwatchError as error:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), None)
        if status is None:
            raise
        headers = {"Tus-Version": VERSION} if isinstance(error, OtherVersionError) else {}
        return tus(status, headers, str(error))


def tus(status: int, headers: dict[str, str], text: str = "") -> Response:
    """An answer in tus; never kept by a cache."""
    always = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
    return Response(text or None, status, always | headers, "text/plain" if text else None)


async def _create(partials: Partials, request: Request, caller: Person) -> Response:
    speaks_tus(request)
    if not caller.has(Role.SURVEYOR):
        raise NotAllowedError("only surveyors upload; ask your administrator for that role")
    length_bytes = whole_number(request, "Upload-Length")
    metadata = parse_metadata(request.headers.get("Upload-Metadata", ""))
    await run_in_threadpool(partials.remove_expired)
    upload = await run_in_threadpool(partials.create, caller.id, length_bytes, metadata)
    return tus(201, {"Location": f"{request.url.path.rstrip('/')}/{upload.id}"} | expiry(upload))


async def _where(partials: Partials, request: Request, upload_id: str, caller: Person) -> Response:
    speaks_tus(request)
    upload = await run_in_threadpool(partials.find, upload_id, caller.id)
    stands = {"Upload-Offset": str(upload.offset_bytes), "Upload-Length": str(upload.length_bytes)}
    given = {"Upload-Metadata": write_metadata(upload.metadata)} if upload.metadata else {}
    return tus(200, stands | given | expiry(upload))


async def _remove(partials: Partials, request: Request, upload_id: str, caller: Person) -> Response:
    speaks_tus(request)
    await run_in_threadpool(partials.remove, upload_id, caller.id)
    return tus(204, {})


async def _append(partials: Partials, request: Request, upload_id: str, caller: Person) -> Response:
    speaks_tus(request)
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != BYTES:
        raise OtherMediaError
    offset_bytes = whole_number(request, "Upload-Offset")
    checksum = parse_checksum(request.headers.get("Upload-Checksum"))
    held = partials.appending(upload_id, caller.id, offset_bytes)
    appending = await run_in_threadpool(held.__enter__)
    try:
        announced = request.headers.get("Content-Length", "0")
        if announced.isdecimal() and offset_bytes + int(announced) > appending.upload.length_bytes:
            raise TooLongError
        await _receive(appending, pieces(request, partials.limits.idle_seconds), checksum)
    finally:
        # also when the request is cancelled: what has come is made safe and the lock given back
        await asyncio.shield(run_in_threadpool(held.__exit__, None, None, None))
    return tus(204, {"Upload-Offset": str(appending.upload.offset_bytes)} | expiry(appending.upload))


async def _receive(appending: Appending, body: AsyncIterator[bytes], checksum: Checksum | None) -> None:
    """Write a body; one whose line breaks counts as far as it came, one with a checksum whole or not at all."""
    digest = hashlib.new(checksum.algorithm) if checksum else None
    async for piece in body:
        await run_in_threadpool(appending.write, piece)
        if digest is not None:
            digest.update(piece)
    if digest is not None and checksum is not None and not hmac.compare_digest(digest.digest(), checksum.digest):
        await run_in_threadpool(appending.undo)
        raise WrongChecksumError


async def pieces(request: Request, idle_seconds: float) -> AsyncIterator[bytes]:
    """The body in pieces of a MiB, until it ends, breaks off, or nothing comes for ``idle_seconds``."""
    stream, gathered = request.stream(), bytearray()
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                gathered += await anext(stream)
            if len(gathered) >= PIECE_BYTES:
                yield bytes(gathered)
                gathered.clear()
    except (StopAsyncIteration, ClientDisconnect, TimeoutError):
        pass
    if gathered:
        yield bytes(gathered)


def speaks_tus(request: Request) -> None:
    """Refuse what is not tus 1.0; a browser sends this header to another site only if that site permits it.

    Raises:
        OtherVersionError: The header is missing or another version's.
    """
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersionError


def whole_number(request: Request, header: str) -> int:
    """The number of bytes in a header.

    Raises:
        InvalidInputError: There is none, or it is no whole number from 0 on.
    """
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise InvalidInputError(f"{header} must be a whole number of bytes, not {text[:40]!r}")
    return int(text)


def parse_metadata(text: str) -> dict[str, str]:
    """``key base64,key base64`` as words.

    Raises:
        InvalidInputError: It is not that, or longer than 8 KiB.
    """
    if len(text) > LONGEST_METADATA:
        raise InvalidInputError(f"Upload-Metadata of {len(text)} characters is longer than {LONGEST_METADATA}")
    try:
        pairs = [pair.strip().partition(" ") for pair in text.split(",") if pair.strip()]
        return {key: base64.b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidInputError("Upload-Metadata must be pairs of a key and a value in base64") from error


def write_metadata(metadata: dict[str, str]) -> str:
    """Words as ``key base64,key base64``."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".rstrip() for key, value in metadata.items())


def parse_checksum(text: str | None) -> Checksum | None:
    """``algorithm base64``, or None where no checksum was sent.

    Raises:
        InvalidInputError: It is not that, or of an algorithm that is not offered.
    """
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise InvalidInputError(f"Upload-Checksum must be made with {' or '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm=algorithm, digest=base64.b64decode(value, validate=True))
    except binascii.Error as error:
        raise InvalidInputError("Upload-Checksum must be an algorithm and a digest in base64") from error


def expiry(upload: PartialUpload) -> dict[str, str]:
    """Until when an unfinished upload is kept."""
    return {} if upload.complete else {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}
