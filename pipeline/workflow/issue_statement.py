"""Issue a statement: write it once, enter its sha256 in the ledger, sign a checkpoint; read it; withdraw it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import shapely

from pipeline.domain.freshness import Window
from pipeline.domain.people import District, DistrictId, Person, Role
from pipeline.errors import ConflictError, NotAllowedError, NotFoundError
from pipeline.store.checkpoints import Checkpoint, sign_checkpoint, signing_key
from pipeline.store.database import Database
from pipeline.store.districts import list_districts
from pipeline.store.files import Files
from pipeline.store.ground import Region, regions_of
from pipeline.store.ledger import canonical
from pipeline.store.proofs import prove
from pipeline.store.statements import (
    Issued,
    NewStatement,
    NewWithdrawal,
    checkpoint_of,
    find_issued,
    issue_statement,
    issued_in,
    withdraw_statement,
)
from pipeline.workflow.state_coverage import state
from pipeline.workflow.tell_coverage import Gap, window_of

ONLY_MANAGERS: Final = "only managers see statements"
A_PAGE: Final = 20
"""Issued statements in a list: the file of each is read to see whether it is whole."""
OF_THE_MOMENT: Final = ("made_at", "ledger", "software")
"""What of a statement changes although nothing that it speaks of does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a statement is wanted of: a region, its district, and days from first to last."""

    region: Region
    district: District
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a statement is made, and the time zone of its days."""

    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A statement that was issued, and whether its file is still the one that the ledger names."""

    issued: Issued
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A page of what was issued, newest first; ``is_last`` where nothing older follows."""

    listed: tuple[Listed, ...]
    page: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An issued statement with its file (None where that is not the one that was issued) and its checkpoint."""

    issued: Issued
    content: bytes | None
    checkpoint: Checkpoint

    @property
    def said(self) -> dict[str, Any]:
        """The statement.

        Raises:
            ConflictError: Its file is not the one that was issued.
        """
        if self.content is None:
            raise ConflictError("the kept file is not the one that was issued; bring it back from a backup")
        found: dict[str, Any] = json.loads(self.content)
        return found


def regions_for(database: Database, person: Person) -> tuple[tuple[District, tuple[Region, ...]], ...]:
    """What a manager may ask about: the regions of each of their districts that has any.

    Raises:
        NotAllowedError: The person is no manager.
    """
    _must_manage(person)
    with database.snapshot() as connection:
        districts = [one for one in list_districts(connection) if one.id in person.sees]
        regions = regions_of(connection, person.sees)
    found = ((one, tuple(region for region in regions if region.district == one.id)) for one in districts)
    return tuple((district, theirs) for district, theirs in found if theirs)


def ground_for(database: Database, person: Person, region: str, days: Mapping[str, Any]) -> Ground:
    """The ground of a statement; ``days`` are ``first``, ``last`` (dates or None) and ``today``.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is no such region, or it is of a district that is not theirs.
        InvalidInputError: The window ends before it begins.
    """
    for district, theirs in regions_for(database, person):
        for one in theirs:
            if one.id == region:
                window = window_of(database, {district.id}, **days)
                return Ground(region=one, district=district, window=window)
    raise NotFoundError("there is no such survey area")


def preview(database: Database, ground: Ground, moment: Moment) -> dict[str, Any]:
    """The statement as it would be issued at this moment."""
    return state(database, ground.region, ground.district, ground.window, now=moment.now, zone=moment.zone)


def content_of(said: Mapping[str, Any]) -> str:
    """The sha256 of all that a statement says but when it was made: equal where nothing has changed."""
    lasting = {name: value for name, value in said.items() if name not in OF_THE_MOMENT}
    return hashlib.sha256(canonical(lasting).encode()).hexdigest()


def written(said: Mapping[str, Any]) -> bytes:
    """A statement as a file."""
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def issue(
    database: Database, files: Files, person: Person, ground: Ground, moment: Moment, *, looked_at: str | None = None
) -> Issued:
    """Issue the statement of this moment; ``looked_at`` is the content that the manager had before them.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: The district is none of theirs.
        ConflictError: It says something else by now, or was issued already.
    """
    _must_manage(person)
    said = preview(database, ground, moment)
    if looked_at is not None and content_of(said) != looked_at:
        raise ConflictError("the record has changed since you opened this page; look again before you issue")
    content = written(said)
    new = NewStatement(
        district=DistrictId(ground.district.id),
        area=ground.region.area,
        window=ground.window,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content_of(said),
    )
    with database.transaction() as connection:
        leaf = issue_statement(connection, new, person, now=moment.now)
        sign_checkpoint(connection, signing_key(files.key), now=leaf.at)
        files.keep_statement(content, sha256=new.sha256)
    with database.snapshot() as connection:
        return find_issued(connection, person, new.sha256)


def withdraw(database: Database, files: Files, person: Person, new: NewWithdrawal, *, now: datetime) -> Issued:
    """Withdraw an issued statement, and sign that; its file stays as it is.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is no such statement, or it is of a district that is not theirs.
        InvalidInputError: The reason is none, or what is named cannot replace it.
        ConflictError: It was withdrawn before.
    """
    with database.transaction() as connection:
        leaf = withdraw_statement(connection, new, person, now=now)
        sign_checkpoint(connection, signing_key(files.key), now=leaf.at)
    with database.snapshot() as connection:
        return find_issued(connection, person, new.sha256)


def replacements(database: Database, issued: Issued) -> tuple[Issued, ...]:
    """The statements that may be named as what replaces one, newest first."""
    with database.snapshot() as connection:
        others = issued_in(connection, {issued.district})
    return tuple(one for one in others if one.may_replace(issued))[:A_PAGE]


def list_issued(database: Database, files: Files, person: Person, page: int = 1) -> Shelf:
    """The statements that were issued of a manager's districts, a page of them; the file of each is read again.

    Raises:
        NotAllowedError: The person is no manager.
    """
    _must_manage(person)
    with database.snapshot() as connection:
        found = issued_in(connection, person.sees)
    here = found[(page - 1) * A_PAGE : page * A_PAGE]
    listed = tuple(Listed(issued=one, is_whole=_content(files, one) is not None) for one in here)
    return Shelf(listed=listed, page=page, is_last=page * A_PAGE >= len(found))


def read_issued(database: Database, files: Files, person: Person, sha256: str) -> Kept:
    """An issued statement.

    Raises:
        NotAllowedError: The person is no manager.
        NotFoundError: There is none, or it is of a district that is not theirs.
    """
    _must_manage(person)
    with database.snapshot() as connection:
        issued = find_issued(connection, person, sha256)
        checkpoint = checkpoint_of(connection, issued)
    return Kept(issued=issued, content=_content(files, issued), checkpoint=checkpoint)


def proof_of(database: Database, kept: Kept) -> bytes:
    """The proof, as a file, that the leaf of a statement is in the ledger that its checkpoint signs."""
    with database.snapshot() as connection:
        proof = prove(connection, kept.issued.leaf, kept.checkpoint)
    return (json.dumps(proof, ensure_ascii=False, indent=1) + "\n").encode()


def gaps_in(said: Mapping[str, Any]) -> tuple[Gap, ...]:
    """The uncovered ground of a statement."""
    return tuple(
        Gap(
            district=said["coverage"]["district"],
            area=one["properties"]["area"],
            state=one["properties"]["state"],
            outline=shapely.geometry.shape(one["geometry"]),
            area_m2=one["properties"]["area_m2"],
        )
        for one in said["uncovered"]["features"]
    )


def _content(files: Files, issued: Issued) -> bytes | None:
    """The kept file, while its sha256 is the one in the ledger."""
    path = files.statement(issued.sha256)
    content = path.read_bytes() if path.is_file() else b""
    return content if hashlib.sha256(content).hexdigest() == issued.sha256 else None


def _must_manage(person: Person) -> None:
    if not person.has(Role.MANAGER):
        raise NotAllowedError(ONLY_MANAGERS)
