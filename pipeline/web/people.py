"""People: the list of everybody with an account, and the form for somebody new. For administrators."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import DistrictId, Person, Role
from pipeline.errors import ConflictError, InvalidInputError
from pipeline.store.districts import list_districts
from pipeline.store.people import list_people
from pipeline.web.failures import status_of
from pipeline.web.languages import marked
from pipeline.web.roles import ROLE_NAMES, ROLE_TASKS
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Sender, SignedIn
from pipeline.workflow.keep_people import Access, admit, must_keep_people, open_district

router = APIRouter(prefix="/people", include_in_schema=False)


class Standing(StrEnum):
    """How it stands with an account."""

    ANY = ""
    LOCKED = "locked"
    """Somebody keeps them out."""
    PAUSED = "paused"
    """Too many wrong passwords: the door opens by itself."""
    INVITED = "invited"
    """They have not chosen a password of their own yet."""


STANDINGS: Final = (
    (Standing.ANY, marked("All")),
    (Standing.LOCKED, marked("Locked")),
    (Standing.PAUSED, marked("Sign-in paused")),
    (Standing.INVITED, marked("Has a one-time password")),
)
WORDS: Final[dict[str, Any]] = {"role_names": ROLE_NAMES, "role_tasks": ROLE_TASKS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to list; what is empty leaves nobody out."""

    text: str = ""
    role: str = ""
    district: str = ""
    standing: Standing = Standing.ANY

    def fits(self, person: Person, now: datetime) -> bool:
        """Whether somebody is one of them."""
        return (
            self.text.casefold() in person.name.casefold()
            and (not self.role or self.role in person.roles)
            and (not self.district or self.district in person.districts)
            and (self.standing is Standing.ANY or self.standing in standings_of(person, now))
        )

    @property
    def is_narrow(self) -> bool:
        """Whether somebody may be left out."""
        return self != Wanted()


def standings_of(person: Person, now: datetime) -> frozenset[Standing]:
    """What is special about an account at the moment."""
    found = {
        Standing.LOCKED: person.locked,
        Standing.PAUSED: person.paused_until is not None and person.paused_until > now,
        Standing.INVITED: person.one_time_since is not None,
    }
    return frozenset(standing for standing, holds in found.items() if holds)


def _wanted(
    text: Annotated[str, Query(max_length=100)] = "",
    role: Annotated[str, Query(max_length=20)] = "",
    district: Annotated[str, Query(max_length=80)] = "",
    standing: Standing = Standing.ANY,
) -> Wanted:
    return Wanted(text=text.strip(), role=role, district=district, standing=standing)


def access_given(
    role: Annotated[list[Role] | None, Form()] = None,
    district: Annotated[list[str] | None, Form()] = None,
) -> Access:
    """The ticks of a form."""
    return Access(roles=frozenset(role or ()), districts=frozenset(DistrictId(one) for one in district or ()))


Given = Annotated[Access, Depends(access_given)]


@router.get("")
def show_people(
    request: Request,
    reader: SignedIn,
    services: Served,
    pages: Pages,
    wanted: Annotated[Wanted, Depends(_wanted)],
) -> Response:
    """The list.

    Raises:
        NotAllowedError: The reader is no administrator.
    """
    must_keep_people(reader.person)
    now = services.now()
    with services.database.snapshot() as connection:
        everybody = list_people(connection)
        districts = list_districts(connection)
    return pages.show(
        request,
        "people.html.jinja",
        people=[(person, standings_of(person, now)) for person in everybody if wanted.fits(person, now)],
        wanted=wanted,
        standings=STANDINGS,
        districts=districts,
        role_names=ROLE_NAMES,
    )


@router.post("/districts")
def add_a_district(
    sender: Sender, services: Served, name: Annotated[str, Form(min_length=1, max_length=200)]
) -> RedirectResponse:
    """A new district."""
    open_district(services.database, sender.person, name, now=services.now())
    return RedirectResponse("/people", 303)


@router.get("/new")
def show_form(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The empty form.

    Raises:
        NotAllowedError: The reader is no administrator.
    """
    must_keep_people(reader.person)
    return pages.show(request, "person_new.html.jinja", **_form(services))


@router.post("/new")
def add_somebody(
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    name: Annotated[str, Form(max_length=200)],
    access: Given,
) -> Response:
    """The account and its password, shown this once; or the form as it was sent, and why."""
    try:
        admitted = admit(services.database, services.passwords, sender.person, name.strip(), access, now=services.now())
    except (InvalidInputError, ConflictError) as error:
        content = _form(services, name=name, access=access, wrong=str(error))
        return pages.show(request, "person_new.html.jinja", status_of(error), **content)
    return pages.show(request, "password_made.html.jinja", 201, admitted=admitted, is_new=True)


def _form(services: Services, *, name: str = "", access: Access | None = None, wrong: str = "") -> dict[str, Any]:
    with services.database.snapshot() as connection:
        districts = list_districts(connection)
    given = access or Access(roles=frozenset(), districts=frozenset())
    return {"name": name, "given": given, "wrong": wrong, "districts": districts} | WORDS
