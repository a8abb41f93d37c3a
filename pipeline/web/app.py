"""App: the web application, put together from its parts. There is no global one: who serves it builds it."""

from importlib.metadata import version
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipeline.web import (
    account,
    catalogue,
    conflicts,
    coverage,
    coverage_plan,
    coverage_tiles,
    exports,
    features,
    field,
    flight_change,
    flight_files,
    flight_page,
    flights,
    flights_api,
    flying_again,
    frame,
    health,
    installing,
    key,
    models,
    not_flown,
    overview,
    own_access,
    people,
    person_page,
    reading_pictures,
    readings,
    receiving,
    review_figures,
    review_page,
    signing_in,
    stac,
    statement,
    statement_issued,
    statements_api,
    upload_page,
    uploads,
    visit_sheet,
    visits,
)
from pipeline.web.assets import ADDRESS, STATIC
from pipeline.web.coverage_tiles import Drawn
from pipeline.web.failures import answer, explain_failures
from pipeline.web.headers import SafeHeaders
from pipeline.web.journal import Journal
from pipeline.web.languages import marked
from pipeline.web.limits import BodyLimit
from pipeline.web.metrics import Metrics
from pipeline.web.origin import OwnOrigin
from pipeline.web.services import Services
from pipeline.workflow.draw_marks import KeptMarks

API: Final = "/api/v1"
ROUTERS: Final = (
    frame.router,
    health.router,
    signing_in.router,
    account.router,
    own_access.router,
    people.router,
    person_page.router,
    not_flown.router,
    flights.router,
    flights_api.router,
    uploads.router,
    receiving.router,
    upload_page.router,
    flight_page.router,
    flight_files.router,
    flight_change.router,
    flying_again.router,
    catalogue.router,
    coverage.router,
    coverage_plan.router,
    coverage_tiles.router,
    statement.router,
    statement_issued.router,
    statements_api.router,
    exports.router,
    features.router,
    stac.router,
    review_page.router,
    readings.router,
    reading_pictures.router,
    review_figures.router,
    key.router,
    models.router,
    field.router,
    installing.router,
    overview.router,
    visit_sheet.router,
    visits.router,
    conflicts.router,
)
"""Every page and every door for scripts, a file each."""
FOREIGN: Final = marked("this was sent from a page of another site; open the page here and try again")


def build_app(services: Services) -> FastAPI:
    """The application that serves ``services``."""
    metrics = Metrics()
    app = FastAPI(
        title="Plotwatch",
        summary="Drone orthomosaics to candidate plots, for human field verification.",
        version=version("plotwatch"),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # FastAPI's pages of documentation load scripts from elsewhere
        redoc_url=None,
        middleware=_middleware(services, metrics),
    )
    app.state.services = services
    app.state.metrics = metrics
    app.state.coverage = Drawn()
    app.state.marks = KeptMarks()
    for router in ROUTERS:
        app.include_router(router)
    app.mount(ADDRESS, StaticFiles(directory=STATIC), name="static")
    explain_failures(app)
    return app


def _middleware(services: Services, metrics: Metrics) -> list[Middleware]:
    """What every request passes through, outermost first."""
    return [
        Middleware(SafeHeaders),
        Middleware(Journal, refuse=_unforeseen, observe=metrics.observe),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(services.settings.hosts), www_redirect=False),
        Middleware(OwnOrigin, refuse=_foreign),
        Middleware(BodyLimit),
    ]


def _unforeseen(request: Request, error_id: str) -> Response:
    return answer(request, 500, error_id=error_id)


def _foreign(request: Request, _: str) -> Response:
    return answer(request, 403, detail=FOREIGN)
