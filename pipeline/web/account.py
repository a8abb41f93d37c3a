"""Account: what a person is here, their tokens and sessions, and a new password for them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import SEES_FLIGHTS, Person, Role
from pipeline.store.districts import list_districts
from pipeline.store.passwords import LONGEST, SHORTEST
from pipeline.store.people import set_password
from pipeline.store.sessions import begin_session, end_all, sessions_of
from pipeline.store.signing_in import Attempt, Refusal, sign_in, try_password
from pipeline.store.tokens import Scope, tokens_of
from pipeline.web.languages import marked
from pipeline.web.renderer import Renderer
from pipeline.web.roles import ROLE_NAMES
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn, keep

NOT_RIGHT: Final = marked("The password you have now is not right.")
TOO_MANY: Final = marked("Too many wrong passwords. Try again in a quarter of an hour.")
TOO_SHORT: Final = marked("The new password is too short.")
TOO_LONG: Final = marked("The new password is too long.")
THE_SAME: Final = marked("The new password is the one you have.")
SCOPE_NAMES: Final = {Scope.READ: marked("Read flights"), Scope.UPLOAD: marked("Upload flights")}
DONE: Final = {
    "password": marked("Your password was changed. Everywhere else you were signed out."),
    "revoked": marked("The token was revoked. No script gets in with it any more."),
    "ended": marked("Signed out there."),
}

router = APIRouter(prefix="/account", include_in_schema=False)


@router.get("")
def show_account(request: Request, reader: SignedIn, services: Served, pages: Pages, *, done: str = "") -> Response:
    """Name, roles, districts, tokens, sessions, and the form for a new password."""
    return show(request, reader, services, pages, done=DONE.get(done, ""))


@router.post("/password")
def change_password(
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    current: Annotated[str, Form(max_length=1000)],
    new: Annotated[str, Form(max_length=1000)],
) -> Response:
    """A new password, and a new session here; every other one ends."""
    wrong = _complaint(current, new)
    if wrong:
        return show(request, sender, services, pages, 422, wrong=wrong)
    now, me = services.now(), sender.person
    attempt = Attempt(name=me.name, password=current, source=request.client.host if request.client else "")
    tried = try_password(services.database, attempt, services.passwords, now=now)
    hashed = services.passwords.hash(new) if tried.right else ""
    with services.database.transaction() as connection:
        found = sign_in(connection, tried, now=now)
        if isinstance(found, Person):
            set_password(connection, me.id, hashed, by=me.id, now=now)
            end_all(connection, me.id, now=now)
            secret, session = begin_session(connection, me.id, now=now)
    if isinstance(found, Refusal):
        paused = found is Refusal.PAUSED
        words = TOO_MANY if paused else NOT_RIGHT
        return show(request, sender, services, pages, 429 if paused else 422, wrong=words)
    response = RedirectResponse("/account?done=password", 303)
    keep(response, request, secret, session)
    return response


def _complaint(current: str, new: str) -> str:
    """What is wrong with a new password, empty if nothing."""
    if len(new) < SHORTEST:
        return TOO_SHORT
    if len(new) > LONGEST:
        return TOO_LONG
    return THE_SAME if new == current else ""


def scopes_of(person: Person) -> tuple[Scope, ...]:
    """What a token of theirs could be used for: more than they may do themselves it never opens."""
    wanted = {Scope.READ: person.roles & SEES_FLIGHTS, Scope.UPLOAD: person.roles & {Role.SURVEYOR}}
    return tuple(scope for scope, roles in wanted.items() if roles)


def show(
    request: Request, reader: Reader, services: Services, pages: Renderer, status: int = 200, **said: Any
) -> Response:
    """The page; ``said`` is what is to be told: ``done``, ``wrong`` (of the password), ``token_wrong``."""
    me, now = reader.person, services.now()
    with services.database.snapshot() as connection:
        mine = [district for district in list_districts(connection) if district.id in me.districts]
        tokens = [token for token in tokens_of(connection, [me.id]) if not token.revoked]
        sessions = sessions_of(connection, me, now=now)
    content: dict[str, Any] = {"done": "", "wrong": "", "token_wrong": "", "given": None}
    return pages.show(
        request,
        "account.html.jinja",
        status,
        **(content | said),
        districts=mine,
        least=SHORTEST,
        role_names=ROLE_NAMES,
        tokens=[(token, token.is_live(now)) for token in tokens],
        scopes=[(scope, SCOPE_NAMES[scope]) for scope in scopes_of(me)],
        scope_names=SCOPE_NAMES,
        sessions=sessions,
        this_session=reader.session.id,
        one_time=me.one_time_since is not None,
    )
