"""Health: whether the server lives, whether it can work, and its counts. For machines, not for people."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from pipeline.errors import NotFoundError
from pipeline.store.flight_list import count_by_state
from pipeline.web.metrics import CONTENT_TYPE, Metrics
from pipeline.web.services import Served

FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def live() -> PlainTextResponse:
    """The process answers: nothing more is said."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def ready(services: Served) -> JSONResponse:
    """Each check by name, ``ok`` or ``failed``; 503 if one failed."""
    found = {check.name: "ok" if check.holds() else "failed" for check in services.checks}
    good = "failed" not in found.values()
    return JSONResponse(found, HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE)


@router.get("/metrics")
def counts(request: Request, services: Served) -> Response:
    """The counts, for a reader on this machine; for others they do not exist."""
    if not is_of_this_machine(request):
        raise NotFoundError
    metrics: Metrics = request.app.state.metrics
    with services.database.snapshot() as connection:
        metrics.count_flights(count_by_state(connection))
    return Response(metrics.exposition(), media_type=CONTENT_TYPE)


def is_of_this_machine(request: Request) -> bool:
    """Whether a program on this machine asks for itself, and not a server in front on behalf of somebody."""
    forwarded = any(name in request.headers for name in FORWARDED)
    host = request.client.host if request.client else ""
    try:
        return not forwarded and ip_address(host).is_loopback
    except ValueError:
        return False
