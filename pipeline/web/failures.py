"""Failures: one table from errors to answers, for people as a page, for htmx as a notice, for scripts as a problem.

What went wrong inside is never shown: an error that nobody foresaw shows an id, under which the log has it.
"""

import errno
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipeline.errors import (
    ConflictError,
    InvalidInputError,
    NoRoomError,
    NotAllowedError,
    NotFoundError,
    PlotwatchError,
    UnavailableError,
)
from pipeline.web.languages import Language
from pipeline.web.place_and_time import BadQueryError
from pipeline.web.problems import GEOGRAPHIC, PROGRAMMING_INTERFACE, problem
from pipeline.web.renderer import language_of
from pipeline.web.services import renderer_of
from pipeline.web.sessions import HEADER, OwnPasswordNeededError, SignInNeededError, recognise

STATUSES: Final[Mapping[type[PlotwatchError], HTTPStatus]] = {
    BadQueryError: HTTPStatus.BAD_REQUEST,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    NoRoomError: HTTPStatus.INSUFFICIENT_STORAGE,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
}
"""One table from families to statuses of HTTP, the narrower first; an error outside it is 500."""

DESIGNED: Final = frozenset({403, 404, 409, 413, 422, 429, 503, 507})
"""Statuses that the failure page has words for; any other shows those of 500 (ours) or 400 (theirs)."""
RETRY_S: Final = "5"
"""When to try again, where something is busy."""


def status_of(error: PlotwatchError) -> HTTPStatus:
    """The status of the family that ``error`` belongs to, 500 where it belongs to none."""
    found = (status for family, status in STATUSES.items() if isinstance(error, family))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def answer(request: Request, status: int, *, detail: str = "", error_id: str = "") -> Response:
    """``status`` said to whoever asked. ``detail`` is a sentence for them, ``error_id`` names an entry of the log.

    That something is not there is said without detail: not there and not yours must look the same.
    """
    told = "" if status == HTTPStatus.NOT_FOUND else detail
    if is_script(request):
        return _answer_script(request, status, told, error_id)
    words = status if status in DESIGNED else 500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400
    template = "failure_notice.html.jinja" if request.headers.get("HX-Request") else "failure.html.jinja"
    return renderer_of(request).show(request, template, status, words=words, detail=told, error_id=error_id)


def _answer_script(request: Request, status: int, detail: str, error_id: str) -> Response:
    """English, which programs are written against; what a page of ours asked for, with its token, is for a reader."""
    of_a_page = HEADER in request.headers
    language = language_of(request) if of_a_page else Language.ENGLISH
    response = problem(status, renderer_of(request).say(request, detail) if of_a_page else detail, error_id)
    response.headers["Content-Language"] = language.value
    return response


def is_script(request: Request) -> bool:
    """Whether a program asks: at a door of programs, or a script of a page that says so."""
    return request.url.path.startswith(PROGRAMMING_INTERFACE) or "application/json" in request.headers.get("Accept", "")


def explain_failures(app: FastAPI) -> None:
    """Let ``app`` answer every error that was foreseen."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        SignInNeededError: _to_sign_in,
        OwnPasswordNeededError: _to_own_password,
        PlotwatchError: _explained,
        HTTPException: _refused,
        RequestValidationError: _malformed,
        OSError: _out_of_room,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _explained(request: Request, error: PlotwatchError) -> Response:
    status = status_of(error)
    await run_in_threadpool(recognise, request)
    response = answer(request, status, detail=str(error))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = RETRY_S
    return response


async def _to_sign_in(request: Request, error: SignInNeededError) -> Response:
    """Scripts are told so; a page that was asked for is shown after sign-in; htmx lets the whole page go there."""
    if is_script(request):
        refused = answer(request, HTTPStatus.UNAUTHORIZED, detail=str(error))
        geographic = request.url.path.startswith(GEOGRAPHIC)
        refused.headers["WWW-Authenticate"] = 'Basic realm="plotwatch", charset="UTF-8"' if geographic else "Bearer"
        return refused
    asked = request.headers.get("HX-Current-URL", "") if "HX-Request" in request.headers else str(request.url)
    parts = urlsplit(asked)
    wanted = f"{parts.path}?{parts.query}" if parts.query else parts.path
    onward = wanted if request.method == "GET" and wanted not in {"", "/"} else ""
    address = f"/sign-in?{urlencode({'next': onward})}" if onward else "/sign-in"
    if "HX-Request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": address})
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


async def _to_own_password(request: Request, error: OwnPasswordNeededError) -> Response:
    """Scripts of a page are told so; everybody else is led to where they can choose one."""
    if is_script(request):
        return answer(request, HTTPStatus.FORBIDDEN, detail=str(error))
    if "HX-Request" in request.headers:
        return Response(status_code=HTTPStatus.FORBIDDEN, headers={"HX-Redirect": "/account"})
    return RedirectResponse("/account", HTTPStatus.SEE_OTHER)


async def _refused(request: Request, error: HTTPException) -> Response:
    await run_in_threadpool(recognise, request)
    response = answer(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _out_of_room(request: Request, error: OSError) -> Response:
    """A full disk is said as what it is; nothing else of the system's errors is for people."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        raise error
    return answer(request, HTTPStatus.INSUFFICIENT_STORAGE)


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    """Which field is wrong and why, without repeating what was sent."""
    wrong = [f"{'.'.join(str(part) for part in entry['loc'][1:])}: {entry['msg']}" for entry in error.errors()]
    await run_in_threadpool(recognise, request)
    return answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail="; ".join(wrong))
