"""The page of a person, for administrators: what they may do, whether they get in, and a new password."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import PersonId
from pipeline.store.districts import list_districts
from pipeline.store.ledger import Kind, Leaf, history
from pipeline.store.people import list_people, person_by_id
from pipeline.web.languages import marked
from pipeline.web.people import Given, Standing, standings_of
from pipeline.web.roles import ROLE_NAMES, ROLE_TASKS
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import Sender, SignedIn
from pipeline.workflow.keep_people import entrust, let_in_again, lock_out, must_keep_people, renew_password

DONE: Final = {
    "access": marked("Roles and districts were changed. They hold at once."),
    "locked": marked("Locked, and signed out everywhere."),
    "unlocked": marked("They can sign in again."),
}
CHANGES: Final = {
    Kind.PERSON_ADDED.value: marked("Added"),
    Kind.PERSON_CHANGED.value: marked("Roles or districts changed"),
    Kind.PERSON_LOCKED.value: marked("Locked"),
    Kind.PERSON_UNLOCKED.value: marked("Unlocked"),
}
NEW_PASSWORD: Final = marked("New password")
PAUSED: Final = marked("Sign-in paused")
MOST_CHANGES: Final = 20

router = APIRouter(prefix="/people/{person_id}", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A change of an account: what in words, when, by whom (empty where the machine did it or somebody at a shell)."""

    what: str
    at: datetime
    by: str
    why: str = ""


@router.get("")
def show_person(
    request: Request,
    person_id: str,
    reader: SignedIn,
    services: Served,
    pages: Pages,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """All of it.

    Raises:
        NotAllowedError: The reader is no administrator.
        NotFoundError: There is no such person.
    """
    must_keep_people(reader.person)
    with services.database.snapshot() as connection:
        found = person_by_id(connection, PersonId(person_id))
        districts = list_districts(connection)
        names = {known.id: known.name for known in list_people(connection)}
        happened = list(_happened(history(connection, found.id), names))
    standings = standings_of(found, services.now())
    return pages.show(
        request,
        "person.html.jinja",
        found=found,
        standings=standings,
        may_unlock=bool(standings & {Standing.LOCKED, Standing.PAUSED}),
        is_me=found.id == reader.person.id,
        districts=districts,
        role_names=ROLE_NAMES,
        role_tasks=ROLE_TASKS,
        happened=happened[:MOST_CHANGES],
        done=DONE.get(done, ""),
    )


@router.post("/access")
def change_access(person_id: str, sender: Sender, services: Served, access: Given) -> RedirectResponse:
    """Other roles and districts."""
    entrust(services.database, sender.person, PersonId(person_id), access, now=services.now())
    return RedirectResponse(f"/people/{person_id}?done=access" if person_id != sender.person.id else "/account", 303)


@router.post("/lock")
def lock(
    person_id: str, sender: Sender, services: Served, reason: Annotated[str, Form(min_length=1, max_length=500)]
) -> RedirectResponse:
    """Keep them out."""
    lock_out(services.database, sender.person, PersonId(person_id), why=reason, now=services.now())
    return RedirectResponse(f"/people/{person_id}?done=locked", 303)


@router.post("/unlock")
def unlock(person_id: str, sender: Sender, services: Served) -> RedirectResponse:
    """Let them in again."""
    let_in_again(services.database, sender.person, PersonId(person_id), now=services.now())
    return RedirectResponse(f"/people/{person_id}?done=unlocked", 303)


@router.post("/password")
def reset_password(request: Request, person_id: str, sender: Sender, services: Served, pages: Pages) -> Response:
    """A new password, shown this once."""
    admitted = renew_password(
        services.database, services.passwords, sender.person, PersonId(person_id), now=services.now()
    )
    return pages.show(request, "password_made.html.jinja", admitted=admitted, is_new=False)


def _happened(leaves: tuple[Leaf, ...], names: Mapping[PersonId, str]) -> Iterator[Happened]:
    """The changes of an account that ``leaves`` tell of, newest first; ``names`` of everybody by their id."""
    for leaf in reversed(leaves):
        if leaf.kind in CHANGES:
            body = json.loads(leaf.body)
            by = names.get(PersonId(leaf.person), "") if leaf.person else ""
            yield Happened(what=_what(leaf, body), at=leaf.at, by=by, why=body.get("why", ""))


def _what(leaf: Leaf, body: dict[str, object]) -> str:
    if "password" in body:
        return NEW_PASSWORD
    return PAUSED if body.get("until") else CHANGES[leaf.kind]
