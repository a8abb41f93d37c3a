"""Sign-in and sign-out. The page says no more than it must: whether a name exists is nobody's business."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import Person
from pipeline.store.sessions import begin_session, end_session
from pipeline.store.signing_in import PAUSE, Attempt, Refusal, sign_in, try_password
from pipeline.web.frame import inside
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import Sender, forget, keep, recognise, secret_of

PAGE: Final = "sign_in.html.jinja"

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def ask(request: Request, pages: Pages, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form; who is signed in already goes on."""
    recognise(request)
    if request.state.person:
        return RedirectResponse(inside(onward), 303)
    return pages.show(
        request, PAGE, **_content(next=inside(onward), ended=bool(secret_of(request)) and inside(onward) != "/")
    )


@router.post("/sign-in")
def let_in(
    request: Request,
    services: Served,
    pages: Pages,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    onward: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """A new session, and the end of the one that the browser had; or the form again, and why."""
    now = services.now()
    attempt = Attempt(name=name.strip(), password=password, source=request.client.host if request.client else "")
    tried = try_password(services.database, attempt, services.passwords, now=now)
    with services.database.transaction() as connection:
        found = sign_in(connection, tried, now=now)
        if isinstance(found, Person):
            end_session(connection, secret_of(request), now=now)
            secret, session = begin_session(connection, found.id, now=now)
    if isinstance(found, Refusal):
        paused = found is Refusal.PAUSED
        content = _content(name=name, next=inside(onward), wrong=True, waits_until=now + PAUSE if paused else None)
        return pages.show(request, PAGE, 429 if paused else 401, **content)
    response = RedirectResponse(inside(onward), 303)
    keep(response, request, secret, session)
    return response


@router.post("/sign-out")
def let_out(request: Request, sender: Sender, services: Served) -> Response:
    """The end of the session; the browser is told to forget what it kept of us."""
    del sender
    with services.database.transaction() as connection:
        end_session(connection, secret_of(request), now=services.now())
    response = RedirectResponse("/sign-in", 303, {"Clear-Site-Data": '"cache", "storage"'})
    forget(response, request)
    return response


def _content(**given: Any) -> dict[str, Any]:
    return {"name": "", "next": "/", "ended": False, "wrong": False, "waits_until": None} | given
