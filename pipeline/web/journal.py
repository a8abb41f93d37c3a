"""Journal: one line of JSON a request, without names, addresses or what was written in forms.

A line says which route answered (its pattern, not what stood in its place), how, and how long it took. An error that
nobody foresaw adds its kind and where it was raised, never its message: messages carry values.
"""

import json
import logging
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGGER: Final = logging.getLogger("plotwatch.web")
Refusal = Callable[[Request, str], Response]
"""Makes the answer to a request that failed, given the id under which the journal has the error."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: when, how grave, what, and the fields given as ``extra={"fields": ...}``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break in it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line |= _without_message(record.exc_info[1])
        return json.dumps(line | getattr(record, "fields", {}), ensure_ascii=False)


def start_journal(level: int = logging.INFO) -> None:
    """Let the journal, and the server's own words, go to standard error as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name in ("plotwatch", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class Journal:
    """Writes down each request, and turns an error that nobody foresaw into a page with an id."""

    def __init__(self, app: ASGIApp, refuse: Refusal, observe: Callable[[str, str, int, float], None]) -> None:
        """``observe`` is told route, method, status and seconds of each request."""
        self._app = app
        self._refuse = refuse
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application, and write down how that went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        except Exception as error:  # noqa: BLE001 the entry point of requests: kept in the log, shown as an id
            error_id = _write_error(error)
            if status == 0:
                await self._refuse(Request(scope), error_id)(scope, receive, note_status)
        seconds = time.perf_counter() - started
        self._observe(route_of(scope), scope["method"], status, seconds)
        _write("request", _fields(scope, status, seconds))


def route_of(scope: Scope) -> str:
    """The pattern of the route that answered, such as ``/flights/{flight_id}``; never a value of a reader."""
    return getattr(scope.get("route"), "path", "") or ("/static" if scope["path"].startswith("/static/") else "none")


def _fields(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    return {
        "method": scope["method"],
        "route": route_of(scope),
        "status": status,
        "milliseconds": round(1000 * seconds, 1),
    }


def _write_error(error: Exception) -> str:
    """Keep ``error`` without its message; returns the id to find it by."""
    error_id = uuid.uuid4().hex[:12]
    LOGGER.error("unforeseen error", extra={"fields": {"id": error_id} | _without_message(error)})
    return error_id


def _without_message(error: BaseException) -> dict[str, Any]:
    """Of what kind an error is and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "kind": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _write(event: str, fields: dict[str, Any]) -> None:
    LOGGER.info(event, extra={"fields": fields})
