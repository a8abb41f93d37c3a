"""Headers: what every answer tells the browser to refuse (OWASP ASVS 5.0, chapter 3), and for how long to keep it."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.assets import ADDRESS
from pipeline.web.problems import PROGRAMMING_INTERFACE

DIRECTIVES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",  # MapLibre decodes tiles through blobs
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
"""No inline script or style, nothing from elsewhere, and no page of ours inside a page of others."""

ALWAYS: Final = {
    "Content-Security-Policy": "; ".join(DIRECTIVES),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOCATED: Final = ("/visits", "geolocation=()", "geolocation=(self)")
"""Pages whose reader may be shown where they stand: the beginning of their addresses, and what changes there."""
STRICT_TRANSPORT: Final = "max-age=31536000; includeSubDomains"
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For built files: their name changes with their content."""


class SafeHeaders:
    """Gives every answer the headers of this file; one that says how long it may be kept keeps its word."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application, with our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add(headers: MutableHeaders, scope: Scope) -> None:
    """Put what belongs on the answer to ``scope`` into its ``headers``."""
    for name, value in ALWAYS.items():
        headers[name] = value
    located, never, here = LOCATED
    if scope["path"] == located or scope["path"].startswith(f"{located}/"):
        headers["Permissions-Policy"] = ALWAYS["Permissions-Policy"].replace(never, here)
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    built = scope["path"].startswith(f"{ADDRESS}/built/")
    headers.setdefault("Cache-Control", FOR_EVER if built else "no-store")
    if scope["path"].startswith(PROGRAMMING_INTERFACE):
        headers.setdefault("Content-Language", "en")
