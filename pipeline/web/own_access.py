"""Own access: the tokens a person made for their scripts, and the places where they are signed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.errors import ConflictError, NotFoundError
from pipeline.store.sessions import end_one, sessions_of
from pipeline.store.tokens import NewToken, Scope, add_token, revoke_token, tokens_of
from pipeline.web.account import scopes_of, show
from pipeline.web.languages import marked
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import Sender

NO_NAME: Final = marked("Say which script will have it.")
NO_SCOPE: Final = marked("Say what it is for: tick at least one.")
NOT_YOURS: Final = marked("A token opens no more than its person may do.")

router = APIRouter(prefix="/account", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The token that somebody asks for, as their form said it."""

    name: str
    days: int
    scopes: frozenset[Scope]

    def wrong(self, allowed: Iterable[Scope]) -> str:
        """Why there is no such token for somebody who is ``allowed`` these; empty if there may be one."""
        if not self.name:
            return NO_NAME
        if not self.scopes:
            return NO_SCOPE
        return "" if self.scopes <= frozenset(allowed) else NOT_YOURS


def _asked(
    name: Annotated[str, Form(max_length=100)] = "",
    days: Annotated[int, Form(ge=1, le=366)] = 90,
    scope: Annotated[list[Scope] | None, Form()] = None,
) -> Asked:
    return Asked(name=" ".join(name.split()), days=days, scopes=frozenset(scope or ()))


@router.post("/tokens")
def make_token(
    request: Request, sender: Sender, services: Served, pages: Pages, asked: Annotated[Asked, Depends(_asked)]
) -> Response:
    """A token, shown this once; or the page again, and why there is none."""
    me = sender.person
    wrong = asked.wrong(scopes_of(me))
    if wrong:
        return show(request, sender, services, pages, 422, token_wrong=wrong, given=asked)
    new = NewToken(name=asked.name, person=me.id, scopes=asked.scopes, lasts=timedelta(days=asked.days))
    try:
        with services.database.transaction() as connection:
            secret, token = add_token(connection, new, by=me.id, now=services.now())
    except ConflictError as error:
        return show(request, sender, services, pages, 409, token_wrong=str(error), given=asked)
    return pages.show(request, "token_made.html.jinja", 201, secret=secret, token=token)


@router.post("/tokens/{token_id}/revoke")
def revoke(token_id: str, sender: Sender, services: Served) -> RedirectResponse:
    """The end of a token of one's own.

    Raises:
        NotFoundError: It is none of theirs, or revoked already; which of these is not said.
    """
    with services.database.transaction() as connection:
        if token_id not in {token.id for token in tokens_of(connection, [sender.person.id])}:
            raise NotFoundError("there is no such token, or it is revoked already")
        revoke_token(connection, token_id, by=sender.person.id, now=services.now())
    return RedirectResponse("/account?done=revoked", 303)


@router.post("/sessions/{session_id}/end")
def end_there(session_id: str, sender: Sender, services: Served) -> RedirectResponse:
    """The end of one of one's own sessions."""
    with services.database.transaction() as connection:
        end_one(connection, sender.person.id, session_id, now=services.now())
    return RedirectResponse("/account?done=ended", 303)


@router.post("/sessions/end-others")
def end_elsewhere(sender: Sender, services: Served) -> RedirectResponse:
    """The end of all of one's own sessions but this one."""
    now = services.now()
    with services.database.transaction() as connection:
        for session in sessions_of(connection, sender.person, now=now):
            if session.id != sender.session.id:
                end_one(connection, sender.person.id, session.id, now=now)
    return RedirectResponse("/account?done=ended", 303)
