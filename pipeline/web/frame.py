"""Frame: what belongs to every page and to none: the way in, and the language."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from pipeline.domain.people import SEES_FLIGHTS, Person, Role
from pipeline.web.languages import COOKIE, Language
from pipeline.web.sessions import recognise

YEAR_S: Final = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> RedirectResponse:
    """The way in leads readers to what waits for them, others to flights or people, and the rest to themselves."""
    recognise(request)
    return RedirectResponse(_first_place(request.state.person), 303)


@router.post("/language")
def speak(
    request: Request, language: Annotated[Language, Form()], back: Annotated[str, Form()] = "/"
) -> RedirectResponse:
    """Remember the language for a year, and show the page ``back`` again."""
    response = RedirectResponse(inside(back), 303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, language.value, YEAR_S, secure=secure, httponly=True, samesite="lax")
    return response


def _first_place(person: Person | None) -> str:
    if person is not None and person.has(Role.REVIEWER):
        return "/review"
    if person is None or person.roles & SEES_FLIGHTS:
        return "/flights"
    return "/people" if person.has(Role.ADMINISTRATOR) else "/account"


def inside(address: str) -> str:
    """``address`` if it is a path of this server, else the way in: nobody is sent elsewhere by a link."""
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if own else "/"
