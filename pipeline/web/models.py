"""Models: which one scans, which ones would like to and what is known of them; a manager signs with their password."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.people import Role
from pipeline.domain.registry import Outcome, Step
from pipeline.errors import ConflictError, NotAllowedError
from pipeline.web.languages import Language, marked
from pipeline.web.renderer import Renderer, language_of
from pipeline.web.services import Pages, Served, Services
from pipeline.web.sessions import Reader, Sender, SignedIn
from pipeline.workflow.promote import Desk, Signing, promote, roll_back
from pipeline.workflow.show_models import show_model, show_models

OUTCOMES: Final = {
    Outcome.BETTER: (marked("Better"), "good", "done"),
    Outcome.NOT_SHOWN: (marked("Not shown to be better"), "wait", "waiting"),
    Outcome.WORSE: (marked("Finds less"), "bad", "failed"),
    Outcome.FOUNDING: (marked("There from the beginning"), "", "land"),
}
STEPS: Final = {
    Step.FOUNDING: marked("Entered as the one that was there"),
    Step.PROMOTION: marked("Made champion"),
    Step.ROLL_BACK: marked("Rolled back to"),
}
DONE: Final = {
    "promoted": marked("Signed. Flights that are handed in from now on are scanned with it."),
    "rolled-back": marked("Signed. The champion before scans again whatever is handed in from now on."),
}
ONLY_MANAGERS: Final = marked("only a manager promotes a model")

router = APIRouter(prefix="/models", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a manager sends: why, and their password once more."""

    password: str
    reason: str
    override: str


def _signed(
    password: Annotated[str, Form(max_length=1000)],
    reason: Annotated[str, Form(max_length=500)],
    override: Annotated[str, Form(max_length=500)] = "",
) -> Signed:
    return Signed(password=password, reason=" ".join(reason.split()), override=" ".join(override.split()))


Signature = Annotated[Signed, Depends(_signed)]


@router.get("")
def show(request: Request, reader: SignedIn, services: Served, pages: Pages, *, done: str = "") -> Response:
    """The champion, challengers, what was champion before, and every signature."""
    return _all(request, reader, services, pages, done=DONE.get(done, ""))


@router.post("/roll-back")
def go_back(
    request: Request,
    sender: Sender,
    services: Served,
    pages: Pages,
    signed: Signature,
    onto: Annotated[str, Form(max_length=80)],
) -> Response:
    """The champion before the present one takes its place; or the page again, and why not."""
    try:
        roll_back(_desk(services), _signing(request, sender, signed), onto=onto, now=services.now())
    except (NotAllowedError, ConflictError) as error:
        return _all(request, sender, services, pages, **_refused(error, signed))
    return RedirectResponse("/models?done=rolled-back", 303)


@router.get("/{model}")
def show_one(model: str, request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """A model with its report, and a place to sign."""
    return _one(request, reader, services, pages, model)


@router.post("/{model}/promote")
def make_champion(
    model: str, request: Request, sender: Sender, services: Served, pages: Pages, signed: Signature
) -> Response:
    """The model scans from now on; or the page again, and why not."""
    shown = show_model(services.database, services.desk.files, sender.person, model)
    try:
        promote(_desk(services), shown.model.name, _signing(request, sender, signed), now=services.now())
    except (NotAllowedError, ConflictError) as error:
        return _one(request, sender, services, pages, model, **_refused(error, signed))
    return RedirectResponse("/models?done=promoted", 303)


def _all(request: Request, reader: Reader, services: Services, pages: Renderer, **said: Any) -> Response:
    """The overview; ``said`` is what is to be told: ``done``, ``wrong``, ``given``, ``status``."""
    found = show_models(services.database, services.desk.files, reader.person)
    return _page(request, reader, pages, "models.html.jinja", said | {"found": found})


def _one(request: Request, reader: Reader, services: Services, pages: Renderer, model: str, **said: Any) -> Response:
    shown = show_model(services.database, services.desk.files, reader.person, model)
    return _page(request, reader, pages, "model.html.jinja", said | {"shown": shown})


def _page(request: Request, reader: Reader, pages: Renderer, template: str, content: dict[str, Any]) -> Response:
    told = {"done": "", "wrong": "", "given": None} | content
    return pages.show(
        request,
        template,
        told.pop("status", 200),
        **told,
        outcomes=OUTCOMES,
        steps=STEPS,
        may_sign=reader.person.has(Role.MANAGER),
        chinese=language_of(request) is Language.CHINESE,
    )


def _signing(request: Request, sender: Reader, signed: Signed) -> Signing:
    """The signature of whoever sits before the page, and of nobody else.

    Raises:
        NotAllowedError: They are no manager; the password is not even tried.
    """
    if not sender.person.has(Role.MANAGER):
        raise NotAllowedError(ONLY_MANAGERS)
    return Signing(
        name=sender.person.name,
        password=signed.password,
        reason=signed.reason,
        override=signed.override,
        source=request.client.host if request.client else "",
    )


def _refused(error: Exception, signed: Signed) -> dict[str, Any]:
    status = 409 if isinstance(error, ConflictError) else 403
    return {"wrong": str(error), "given": signed, "status": status}


def _desk(services: Services) -> Desk:
    return Desk(database=services.database, files=services.desk.files, passwords=services.passwords)
