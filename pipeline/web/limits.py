"""Limits: no form and no order of a script is long; only a piece of an upload may be, and it is read as it comes."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1024**2
ROOMIER: Final = {
    ("POST", "/review/key/edit"): 8 * 1024**2 + 64 * 1024,
    ("POST", "/visits/findings"): 13 * 1024**2,
    ("POST", "/visits/findings/sent"): 13 * 1024**2,
}
"""Forms with a picture, by method and address."""
STREAMED: Final = ("PATCH", "/api/v1/uploads/")
"""Method and beginning of the address of the one door that never holds what it is sent in memory."""


class BodyLimit:
    """Stops reading a body longer than ``MOST_BYTES``, or than ``ROOMIER`` allows, whatever its sender said of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application, which reads so much and no more."""
        if scope["type"] != "http" or _is_streamed(scope):
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("Content-Length", "")
        most = ROOMIER.get((scope["method"], scope["path"]), MOST_BYTES)
        read = int(said) if said.isdecimal() else 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            if not said.isdecimal():
                read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, receive_some, send)


def _is_streamed(scope: Scope) -> bool:
    method, beginning = STREAMED
    return bool(scope["method"] == method and scope["path"].startswith(beginning))
