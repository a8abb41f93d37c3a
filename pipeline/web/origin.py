"""Origin: a change is only taken from a page of ours (the first of two locks against forged requests)."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.web.journal import Refusal

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN: Final = frozenset({"same-origin", "none"})
"""What ``Sec-Fetch-Site`` says of our own pages, and of an address that a person typed."""


class OwnOrigin:
    """Refuses requests that would change something and that another site made a browser send.

    Whoever sends neither ``Sec-Fetch-Site`` nor ``Origin`` is no browser of this decade; there the second lock, the
    token in the form, has to hold.
    """

    def __init__(self, app: ASGIApp, refuse: Refusal) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application, or refuse."""
        foreign = scope["type"] == "http" and scope["method"] not in READING and is_foreign(Headers(scope=scope))
        answer = self._refuse(Request(scope), "") if foreign else self._app
        await answer(scope, receive, send)


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that the request comes from a page of another site."""
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None and site not in OWN:
        return True
    return origin is not None and urlsplit(origin).netloc != headers.get("Host")
