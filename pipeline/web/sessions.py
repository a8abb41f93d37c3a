"""Sessions: who asks, known by a cookie, and the token that each of their forms sends back.

The cookie holds a secret that no script can read; over TLS it has the prefix that binds it to this host alone.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from pipeline.domain.people import Person
from pipeline.errors import NotAllowedError, PlotwatchError
from pipeline.store.sessions import SEEN_EVERY, Session, find_session, see_session
from pipeline.web.languages import marked
from pipeline.web.services import Served, Services, services_of

COOKIE: Final = "plotwatch"
FIELD: Final = "csrf"
HEADER: Final = "X-CSRF-Token"
WITH_A_ONE_TIME_PASSWORD: Final = frozenset({"/account", "/account/password", "/sign-out"})
"""All that is open to somebody who has not chosen a password of their own yet."""
STALE: Final = marked("this page is older than your sign-in; load it again and send it once more")


class SignInNeededError(NotAllowedError):
    """Sign in first."""


class OwnPasswordNeededError(NotAllowedError):
    """Choose a password of your own first: somebody else made the one you signed in with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is signed in, by their session."""

    person: Person
    session: Session


def cookie_of(request: Request) -> str:
    """The name of the cookie: over TLS browsers refuse it from any other host or path (the prefix says so to them)."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def secret_of(request: Request) -> str:
    """What the cookie of ``request`` holds, empty where there is none."""
    return request.cookies.get(cookie_of(request), "")


def keep(response: Response, request: Request, secret: str, session: Session) -> None:
    """Let the browser hold ``secret`` as long as the session can last."""
    seconds = int((session.expires_at - session.started_at).total_seconds())
    secure = request.url.scheme == "https"
    response.set_cookie(cookie_of(request), secret, seconds, secure=secure, httponly=True, samesite="lax")


def forget(response: Response, request: Request) -> None:
    """Let the browser drop the cookie."""
    secure = request.url.scheme == "https"
    response.delete_cookie(cookie_of(request), secure=secure, httponly=True, samesite="lax")


def reader_of(request: Request, services: Served) -> Reader:
    """Who asks; the frame of the page is then theirs.

    Raises:
        SignInNeededError: Nobody is signed in, or not any more.
        OwnPasswordNeededError: Somebody else made their password, and this is not the page to choose another.
    """
    session = _session(request, services)
    if session is None:
        raise SignInNeededError
    request.state.person = session.person
    request.state.csrf = session.csrf
    if session.person.one_time_since is not None and request.url.path not in WITH_A_ONE_TIME_PASSWORD:
        raise OwnPasswordNeededError
    return Reader(person=session.person, session=session)


async def sender_of(request: Request, reader: Annotated[Reader, Depends(reader_of)]) -> Reader:
    """Who sends a form or an upload, from a page that was made for them (the second lock against forged requests).

    Raises:
        NotAllowedError: The token is not the one of their session.
    """
    sent = request.headers.get(HEADER) or (await _field(request))
    if not secrets.compare_digest(sent.encode(), reader.session.csrf.encode()):
        raise NotAllowedError(STALE)
    return reader


SignedIn = Annotated[Reader, Depends(reader_of)]
"""For pages that are read."""
Sender = Annotated[Reader, Depends(sender_of)]
"""For whatever changes something."""


def recognise(request: Request) -> None:
    """Give a page that anybody may see the frame of whoever is signed in; without one if that cannot be found out."""
    if hasattr(request.state, "person"):
        return
    try:
        reader_of(request, services_of(request))
    except PlotwatchError:
        request.state.person = None


def _session(request: Request, services: Services) -> Session | None:
    secret = secret_of(request)
    if not secret:
        return None
    now = services.now()
    with services.database.snapshot() as connection:
        session = find_session(connection, secret, now=now)
    if session is not None and session.seen_at <= now - SEEN_EVERY:
        with services.database.transaction() as connection:
            see_session(connection, session, now=now)
    return session


async def _field(request: Request) -> str:
    """The token in a form; empty where there is no form."""
    if not request.headers.get("Content-Type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return ""
    value = (await request.form()).get(FIELD, "")
    return value if isinstance(value, str) else ""
