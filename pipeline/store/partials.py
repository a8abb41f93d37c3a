"""Uploads under way: the bytes that have come so far, and how many of them are safe.

    <id>.part    the bytes
    <id>.json    the fields of ``PartialUpload``

A record counts only bytes that were synced to disk before it was written, and is replaced whole. Bytes past it are of a
request that broke off with the machine; they are cut off when the upload goes on, and sent again. Whoever writes
holds a lock on the bytes, which ends with the process.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, NewType

from pydantic import TypeAdapter

from pipeline.errors import ConflictError, InvalidInputError, NoRoomError, NotFoundError
from pipeline.settings import UploadLimits
from pipeline.store.room import FULL, room

UploadId = NewType("UploadId", str)

ID: Final = re.compile(r"[0-9a-f]{32}")
SYNC_EVERY_BYTES: Final = 32 * 1024**2
"""What may have to be sent again after the machine has failed or its disk is full."""


class HeldError(ConflictError):
    """Another request is writing to this upload: wait until it has ended."""


class WrongOffsetError(ConflictError):
    """The upload does not stand where the request begins: ask where it stands and go on from there."""


class TooLongError(InvalidInputError):
    """There are more bytes than the upload was declared to have: nothing of this request was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialUpload:
    """One upload: who sends it, how long it will be, how many of its bytes are safe, and until when it is kept.

    ``sha256`` is known once all bytes have come, if they came without a restart of the server; ``Partials.sha256``
    finds it otherwise.
    """

    id: UploadId
    owner: str
    length_bytes: int
    expires_at: datetime
    offset_bytes: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None

    @property
    def complete(self) -> bool:
        """Whether all bytes have come."""
        return self.offset_bytes == self.length_bytes


RECORD: Final = TypeAdapter(PartialUpload)


class Partials:
    """The folder of uploads under way."""

    def __init__(self, folder: Path, limits: UploadLimits, now: Callable[[], datetime]) -> None:
        """Use ``folder``, made where it is missing; ``now`` gives aware times."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.limits = limits
        self._now = now
        self._running: dict[UploadId, tuple[int, hashlib._Hash]] = {}

    def create(self, owner: str, length_bytes: int, metadata: dict[str, str]) -> PartialUpload:
        """A new upload of ``length_bytes`` bytes, of which none has come.

        Raises:
            InvalidInputError: It has no bytes.
            TooLongError: It is longer than any upload may be.
            NoRoomError: The disk has no room for it.
        """
        if length_bytes < 1:
            raise InvalidInputError(f"an upload of {length_bytes} bytes holds nothing; choose the file again")
        if length_bytes > self.limits.max_bytes:
            raise TooLongError(
                f"an upload of {length_bytes} bytes is longer than the {self.limits.max_bytes} that are taken"
            )
        if length_bytes + self.limits.keep_free_bytes > shutil.disk_usage(self.folder).free:
            raise NoRoomError(FULL)
        upload = PartialUpload(
            id=UploadId(secrets.token_hex(16)),
            owner=owner,
            length_bytes=length_bytes,
            expires_at=self._expiry(),
            metadata=metadata,
        )
        with room():
            self.bytes_of(upload.id).touch(exist_ok=False)
            self._write(upload)
        return upload

    def find(self, upload_id: str, owner: str) -> PartialUpload:
        """The upload of that id, if ``owner`` sends it.

        Raises:
            NotFoundError: There is none, it is somebody else's, or its time is over.
        """
        try:
            upload = RECORD.validate_json(self._record(upload_id).read_bytes())
        except (FileNotFoundError, ValueError) as error:
            raise NotFoundError("there is no such upload; start it again") from error
        if upload.owner != owner or upload.expires_at <= self._now():
            raise NotFoundError("there is no such upload; start it again")
        return upload

    def of(self, owner: str) -> tuple[PartialUpload, ...]:
        """What ``owner`` has begun and not handed in, what ends first in front."""
        found = []
        for path in self.folder.glob("*.json"):
            with contextlib.suppress(NotFoundError):
                found.append(self.find(path.stem, owner))
        return tuple(sorted(found, key=lambda upload: (upload.expires_at, upload.id)))

    @contextlib.contextmanager
    def appending(self, upload_id: str, owner: str, offset_bytes: int) -> Iterator["Appending"]:
        """Hold the upload and add bytes from ``offset_bytes`` on; what was added is safe when the block ends.

        Raises:
            NotFoundError: There is no such upload of ``owner``.
            HeldError: Another request is writing to it.
            WrongOffsetError: It does not stand at ``offset_bytes``.
        """
        self.find(upload_id, owner)
        with self._held(UploadId(upload_id)) as file:
            upload = self.find(upload_id, owner)
            if offset_bytes != upload.offset_bytes:
                raise WrongOffsetError
            file.truncate(upload.offset_bytes)
            file.seek(upload.offset_bytes)
            at, digest = self._running.pop(upload.id, (0, hashlib.sha256()))
            appending = Appending(self, upload, file, digest if at == upload.offset_bytes else None)
            try:
                yield appending
            finally:
                appending.sync()

    def sha256(self, upload: PartialUpload) -> str:
        """The sha256 of a complete upload; reads all of it where the server was restarted in between."""
        if upload.sha256 is None:
            with self.bytes_of(upload.id).open("rb") as file:
                upload = replace(upload, sha256=hashlib.file_digest(file, "sha256").hexdigest())
            self._write(upload)
        return str(upload.sha256)

    def remove(self, upload_id: str, owner: str) -> None:
        """Forget an upload and its bytes.

        Raises:
            NotFoundError: There is no such upload of ``owner``.
            HeldError: A request is writing to it.
        """
        upload = self.find(upload_id, owner)
        self._forget(upload.id)

    def remove_expired(self) -> int:
        """Forget every upload whose time is over and that nobody is writing to; how many those were.

        So are files that belong to no upload and that nobody has written to for as long: a process was killed there.
        """
        removed = 0
        for path in self.folder.glob("*.json"):
            upload_id = UploadId(path.stem)
            with contextlib.suppress(HeldError, FileNotFoundError, ValueError):
                upload = RECORD.validate_json(path.read_bytes())
                if upload.expires_at <= self._now():
                    self._forget(upload_id)
                    removed += 1
        self._remove_orphans()
        return removed

    def _remove_orphans(self) -> None:
        oldest = (self._now() - timedelta(hours=self.limits.keep_hours)).timestamp()
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if not path.with_suffix(".json").exists() and path.stat().st_mtime < oldest:
                    path.unlink()

    def bytes_of(self, upload_id: UploadId) -> Path:
        """Where the bytes of an upload are."""
        return self.folder / f"{upload_id}.part"

    def _record(self, upload_id: str) -> Path:
        if not ID.fullmatch(upload_id):
            raise NotFoundError("there is no such upload; start it again")
        return self.folder / f"{upload_id}.json"

    def _draft(self, upload_id: str) -> Path:
        return self._record(upload_id).with_suffix(".draft")

    def _expiry(self) -> datetime:
        return self._now() + timedelta(hours=self.limits.keep_hours)

    def _write(self, upload: PartialUpload) -> None:
        draft = self._draft(upload.id)
        with draft.open("wb") as file:
            file.write(RECORD.dump_json(upload))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._record(upload.id))

    def _forget(self, upload_id: UploadId) -> None:
        """Remove all that is left of an upload that nobody is writing to; its bytes may have become an original."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(FileNotFoundError):
                held.enter_context(self._held(upload_id))
            for path in (self._record(upload_id), self._draft(upload_id), self.bytes_of(upload_id)):
                path.unlink(missing_ok=True)
            self._running.pop(upload_id, None)

    @contextlib.contextmanager
    def _held(self, upload_id: UploadId) -> Iterator[BinaryIO]:
        """The bytes of an upload, open for writing and locked against everybody else."""
        with self.bytes_of(upload_id).open("r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HeldError from error
            yield file

    def _keep(self, upload: PartialUpload, digest: "hashlib._Hash | None") -> PartialUpload:
        """Record how far an upload has come, and that it is alive."""
        upload = replace(upload, expires_at=self._expiry())
        if digest is not None and upload.complete:
            upload = replace(upload, sha256=digest.hexdigest())
        self._write(upload)
        if digest is not None and not upload.complete:
            self._running[upload.id] = upload.offset_bytes, digest.copy()
        return upload


class Appending:
    """An upload held by one request. Not for two threads at once."""

    def __init__(
        self, partials: Partials, upload: PartialUpload, file: BinaryIO, digest: "hashlib._Hash | None"
    ) -> None:
        self.upload = upload
        """As recorded: its offset counts what is safe."""
        self._partials = partials
        self._file = file
        self._digest = digest
        self._began_at = self._at = upload.offset_bytes

    def write(self, content: bytes) -> None:
        """Add ``content``; it is safe after ``sync``, which happens by itself every 32 MiB.

        Raises:
            TooLongError: That is more than was declared; nothing of this request is kept.
            NoRoomError: The disk is full; what the record counts is safe.
        """
        if self._at + len(content) > self.upload.length_bytes:
            self.undo()
            raise TooLongError
        with room(), memoryview(content) as rest:
            written = 0
            while written < len(rest):
                written += self._file.write(rest[written:])
        self._at += len(content)
        if self._digest is not None:
            self._digest.update(content)
        if self._at - self.upload.offset_bytes >= SYNC_EVERY_BYTES:
            self.sync()

    def sync(self) -> None:
        """Make what was added safe, and record it; where the disk is full, the record stays as it was."""
        reached = self._at
        if reached == self.upload.offset_bytes:
            return
        with room():
            os.fsync(self._file.fileno())
            self.upload = self._partials._keep(replace(self.upload, offset_bytes=reached), self._digest)  # noqa: SLF001 - one thing in two classes

    def undo(self) -> None:
        """Forget all bytes of this request."""
        self._file.truncate(self._began_at)
        self._at, self._digest = self._began_at, None
        self.upload = self._partials._keep(replace(self.upload, offset_bytes=self._at), None)  # noqa: SLF001 - see above
