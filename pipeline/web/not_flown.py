"""Not flown: the form for ground that could not be flown, with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import District, DistrictId, Role
from pipeline.errors import NotAllowedError
from pipeline.store.districts import list_districts
from pipeline.store.ground import Region, regions_of
from pipeline.web.languages import marked
from pipeline.web.renderer import Renderer
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.workflow.skip import Cause, Skipped, skip

CAUSES: Final = (
    (Cause.WEATHER, marked("Weather")),
    (Cause.ACCESS, marked("No way to a place to start from")),
    (Cause.AIRSPACE, marked("No permission to fly there")),
    (Cause.EQUIPMENT, marked("The drone or its camera")),
    (Cause.TERRAIN, marked("Terrain or power lines")),
    (Cause.OTHER, marked("Something else")),
)
NO_NAME: Final = marked("Say which ground it is.")
NO_DISTRICT: Final = marked("Choose one of your districts.")
NO_AREA: Final = marked("Choose a survey area of this district, or none.")
NO_DAY: Final = marked("Choose a day that is not in the future.")
NO_CAUSE: Final = marked("Choose why.")
NO_DETAILS: Final = marked("Say what happened, when it is something else.")
ONLY_SURVEYORS: Final = marked("only surveyors record what could not be flown")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was typed, as it was typed."""

    name: str = ""
    district: str = ""
    planned_on: str = ""
    cause: str = ""
    details: str = ""
    area: str = ""


def _given(
    name: Annotated[str, Form(max_length=120)] = "",
    district: Annotated[str, Form(max_length=80)] = "",
    planned_on: Annotated[str, Form(max_length=20)] = "",
    cause: Annotated[str, Form(max_length=20)] = "",
    details: Annotated[str, Form(max_length=1000)] = "",
    area: Annotated[str, Form(max_length=80)] = "",
) -> Given:
    return Given(name=name, district=district, planned_on=planned_on, cause=cause, details=details, area=area)


@router.get("/flights/not-flown")
def show_form(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The empty form."""
    return _page(request, reader, services, pages, Given(), {})


@router.post("/flights/not-flown")
def record(
    request: Request, sender: Sender, services: Served, pages: Pages, given: Annotated[Given, Depends(_given)]
) -> Response:
    """The flight that it became; or the form as it was sent, with what is wrong marked in it."""
    districts, areas = _districts(sender, services)
    wrong = complaints(given, services.today, {district.id for district in districts}, areas)
    if wrong:
        return _page(request, sender, services, pages, given, wrong)
    skipped = Skipped(
        name=given.name,
        district=DistrictId(given.district),
        planned_on=date.fromisoformat(given.planned_on),
        cause=Cause(given.cause),
        details=given.details,
        area=given.area,
    )
    flight = skip(services.database, sender.person, skipped, now=services.now())
    return RedirectResponse(f"/flights/{flight.id}", 303)


def complaints(given: Given, today: date, districts: set[DistrictId], areas: Iterable[Region] = ()) -> dict[str, str]:
    """What is wrong with each field, in words for the person; empty if nothing is."""
    theirs = {area.id for area in areas if area.district == given.district}
    found = {
        "name": NO_NAME if not given.name.strip() else "",
        "district": NO_DISTRICT if given.district not in districts else "",
        "area": NO_AREA if given.area and given.area not in theirs else "",
        "planned_on": NO_DAY if not _is_past(given.planned_on, today) else "",
        "cause": NO_CAUSE if given.cause not in set(Cause) else "",
        "details": NO_DETAILS if given.cause == Cause.OTHER and not given.details.strip() else "",
    }
    return {field: words for field, words in found.items() if words}


def _is_past(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) <= today
    except ValueError:
        return False


def _districts(reader: Reader, services: Services) -> tuple[list[District], list[Region]]:
    """The districts of a person, and their survey areas."""
    with services.database.snapshot() as connection:
        districts = [district for district in list_districts(connection) if district.id in reader.person.sees]
        regions = regions_of(connection, [district.id for district in districts])
    return districts, [region for region in regions if region.area is not None]


def _page(
    request: Request, reader: Reader, services: Services, pages: Renderer, given: Given, wrong: dict[str, str]
) -> Response:
    if not reader.person.has(Role.SURVEYOR):
        raise NotAllowedError(ONLY_SURVEYORS)
    districts, areas = _districts(reader, services)
    return pages.show(
        request,
        "not_flown.html.jinja",
        422 if wrong else 200,
        given=given,
        wrong=wrong,
        districts=districts,
        areas=areas,
        causes=CAUSES,
        today=services.today.isoformat(),
    )
