"""Services: what the pages stand on, made once at the start and handed to each request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from pipeline.settings import RetentionSettings, ReviewSettings, WebSettings
from pipeline.store.database import Database
from pipeline.store.passwords import Passwords
from pipeline.web.renderer import Renderer
from pipeline.workflow.receive import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that the server needs to work; ``holds`` says whether it is there at this moment."""

    name: str
    holds: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that routes may use. ``now`` gives an aware time in UTC."""

    settings: WebSettings
    renderer: Renderer
    database: Database
    passwords: Passwords
    desk: Desk
    now: Callable[[], datetime]
    review: ReviewSettings = field(default_factory=ReviewSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    checks: tuple[Check, ...] = ()

    @property
    def today(self) -> date:
        """The day it is where the people are."""
        return self.now().astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the people."""
        return ZoneInfo(self.settings.time_zone)


def services_of(request: Request) -> Services:
    """The services of the application that answers ``request``."""
    services: Services = request.app.state.services
    return services


def renderer_of(request: Request) -> Renderer:
    """What writes the pages of the application that answers ``request``."""
    return services_of(request).renderer


Served = Annotated[Services, Depends(services_of)]
Pages = Annotated[Renderer, Depends(renderer_of)]
