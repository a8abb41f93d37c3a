"""API tokens for scripts: shown once, kept as sha256, good for a few scopes, and never good for a verdict."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from pipeline.domain.people import Person, PersonId
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.store.columns import new_id
from pipeline.store.ledger import Entry, Kind, record
from pipeline.store.people import person_by_id
from pipeline.store.tables import api_tokens

PREFIX: Final = "plotwatch"
LONGEST: Final = timedelta(days=366)
USED_EVERY: Final = timedelta(minutes=5)
"""``used_at`` is written no more often than this."""
MOST: Final = 20
"""Live tokens a person; a script needs one."""


class Scope(StrEnum):
    """What a token may be used for, within what its person may do."""

    READ = "flights:read"
    UPLOAD = "flights:upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret."""

    id: str
    name: str
    person: PersonId
    scopes: frozenset[Scope]
    added_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked: bool = False

    def is_live(self, now: datetime) -> bool:
        """Whether a script can still come in with it."""
        return not self.revoked and self.expires_at > now


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to be made. ``name`` says which script has it."""

    name: str
    person: PersonId
    scopes: frozenset[Scope]
    lasts: timedelta

    def __post_init__(self) -> None:
        """Refuse a token for nothing or for ever.

        Raises:
            InvalidInputError: It has no scope or no name, or lasts for no time or for more than a year.
        """
        if not self.scopes or not self.name or not timedelta(0) < self.lasts <= LONGEST:
            raise InvalidInputError("a token has a name, a scope, and lasts 1 to 366 days")


def add_token(connection: Connection, new: NewToken, *, by: PersonId | None, now: datetime) -> tuple[str, Token]:
    """The token as the script will send it, shown this once, and its record.

    Raises:
        ConflictError: The person has ``MOST`` live tokens.
    """
    if sum(token.is_live(now) for token in tokens_of(connection, [new.person])) >= MOST:
        raise ConflictError(f"a person has at most {MOST} tokens; revoke one that is not needed any more")
    secret = secrets.token_urlsafe(32)
    token = Token(
        id=new_id(), name=new.name, person=new.person, scopes=new.scopes, added_at=now, expires_at=now + new.lasts
    )
    values: dict[str, Any] = {
        "id": token.id,
        "person_id": new.person,
        "name": new.name,
        "secret_sha256": _hashed(secret),
    }
    values |= {"scopes": " ".join(sorted(new.scopes)), "added_at": now, "expires_at": token.expires_at}
    connection.execute(insert(api_tokens).values(values))
    body = {"name": new.name, "of": new.person, "scopes": new.scopes, "expires_at": token.expires_at}
    record(connection, Entry(kind=Kind.TOKEN_ADDED, subject=token.id, person=by, body=body), now)
    return f"{PREFIX}_{token.id}_{secret}", token


def person_of_token(connection: Connection, sent: str, scope: Scope, *, now: datetime) -> Person | None:
    """Whose live token of that scope this is; None where it is none, ran out, was revoked, or its person is locked."""
    secret = sent.removeprefix(f"{PREFIX}_{_id(sent)}_")
    row = connection.execute(select(api_tokens).where(api_tokens.c.id == _id(sent))).mappings().first()
    if row is None or not secrets.compare_digest(row["secret_sha256"], _hashed(secret)):
        return None
    if row["revoked_at"] is not None or row["expires_at"] <= now or scope.value not in row["scopes"].split():
        return None
    person = person_by_id(connection, PersonId(row["person_id"]))
    return None if person.locked else person


def use_token(connection: Connection, sent: str, *, now: datetime) -> None:
    """Note that a token is in use, at most once in ``USED_EVERY``."""
    unused = api_tokens.c.used_at.is_(None) | (api_tokens.c.used_at <= now - USED_EVERY)
    connection.execute(update(api_tokens).where(api_tokens.c.id == _id(sent), unused).values(used_at=now))


def was_used_lately(connection: Connection, sent: str, *, now: datetime) -> bool:
    """Whether ``use_token`` has nothing to write."""
    used_at = connection.execute(select(api_tokens.c.used_at).where(api_tokens.c.id == _id(sent))).scalar()
    return used_at is not None and used_at > now - USED_EVERY


def tokens_of(connection: Connection, people: Iterable[PersonId]) -> tuple[Token, ...]:
    """The tokens of some people, newest first."""
    chosen = select(api_tokens).where(api_tokens.c.person_id.in_(list(people))).order_by(api_tokens.c.added_at.desc())
    return tuple(
        Token(
            id=row["id"],
            name=row["name"],
            person=PersonId(row["person_id"]),
            scopes=frozenset(Scope(scope) for scope in row["scopes"].split()),
            added_at=row["added_at"],
            expires_at=row["expires_at"],
            used_at=row["used_at"],
            revoked=row["revoked_at"] is not None,
        )
        for row in connection.execute(chosen).mappings()
    )


def revoke_token(connection: Connection, token_id: str, *, by: PersonId | None, now: datetime) -> None:
    """End a token.

    Raises:
        NotFoundError: There is none of that id that is not revoked already.
    """
    ended = connection.execute(
        update(api_tokens).where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if not ended.rowcount:
        raise NotFoundError("there is no such token, or it is revoked already")
    record(connection, Entry(kind=Kind.TOKEN_REVOKED, subject=token_id, person=by), now)


def _id(sent: str) -> str:
    """The id in a token as a script sends it; empty where it is none of ours."""
    prefix, _, rest = sent.partition("_")
    return rest.partition("_")[0] if prefix == PREFIX else ""


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
