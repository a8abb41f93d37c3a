"""The interpretation key: a page, and the same beside the plot where the workstation asks for it; and its editor."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import FileResponse, RedirectResponse, Response

from pipeline.domain.key import Described, KeyEntry, Likeness, Stage
from pipeline.errors import ConflictError, InvalidInputError, NotFoundError
from pipeline.web.languages import Language, marked
from pipeline.web.renderer import Renderer, language_of
from pipeline.web.services import Pages, Served
from pipeline.web.sessions import Sender, SignedIn
from pipeline.workflow.keep_key import Change, change_key, key_picture, key_to_edit, open_key

LIKENESSES: Final = {
    Likeness.TARGET: marked("What is looked for"),
    Likeness.LOOK_ALIKE: marked("What is taken for it"),
}
STAGES: Final = {
    Stage.SEEDLING: marked("Seedling"),
    Stage.LEAF: marked("In leaf"),
    Stage.FLOWER: marked("In flower"),
    Stage.FRUIT: marked("In fruit"),
    Stage.AFTER: marked("Dry or harvested"),
    Stage.ANY: marked("Any stage"),
}
CLASSES: Final = {
    "opium poppy": marked("Opium poppy"),
    "poppy": marked("Poppy"),
    "cannabis": marked("Cannabis"),
    "weed": marked("Weed"),
    "plot": marked("Plot"),
}
KEPT_LONG: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
"""The address of a picture changes with its bytes."""

router = APIRouter(prefix="/review/key", include_in_schema=False)


def _described(  # noqa: PLR0913, PLR0917 the fields of a form
    likeness: Annotated[Likeness, Form()],
    about: Annotated[str, Form(max_length=80)],
    stage: Annotated[Stage, Form()],
    rank: Annotated[int, Form(ge=0, le=999)],
    name_en: Annotated[str, Form(max_length=80)],
    name_zh: Annotated[str, Form(max_length=80)],
    text_en: Annotated[str, Form(max_length=700)],
    text_zh: Annotated[str, Form(max_length=700)],
    *,
    withdrawn: Annotated[bool, Form()] = False,
) -> Described:
    return Described(
        likeness=likeness,
        about=about.strip(),
        stage=stage,
        rank=rank,
        name_en=name_en.strip(),
        name_zh=name_zh.strip(),
        text_en=" ".join(text_en.split()),
        text_zh=" ".join(text_zh.split()),
        withdrawn=withdrawn,
    )


def _change(
    described: Annotated[Described, Depends(_described)],
    entry: Annotated[str, Form(max_length=80)] = "",
    after: Annotated[int, Form(ge=0)] = 0,
    picture: Annotated[UploadFile | None, File()] = None,
    *,
    unpictured: Annotated[bool, Form()] = False,
) -> Change:
    sent = picture.file.read() if picture is not None else b""
    return Change(entry=entry, after=after, described=described, picture=sent, unpictured=unpictured)


@router.get("")
def show_key(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The key: a page, or only its content where htmx asks for it."""
    key = open_key(services.database, reader.session, now=services.now())
    template = "key_content.jinja" if request.headers.get("HX-Request") else "key.html.jinja"
    return pages.show(request, template, key=key, **_names(request))


@router.get("/pictures/{sha256}")
def show_picture(sha256: str, reader: SignedIn, services: Served) -> Response:
    """A picture of the key."""
    path = key_picture(services.database, services.desk.files, reader.person, sha256)
    return FileResponse(path, media_type="image/jpeg", headers=KEPT_LONG)


@router.get("/edit")
def show_editor(request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """Every entry, withdrawn ones too, each with a way to change it."""
    key = key_to_edit(services.database, reader.person)
    return pages.show(request, "key_edit.html.jinja", key=key, **_names(request))


@router.get("/edit/{entry}")
def show_form(entry: str, request: Request, reader: SignedIn, services: Served, pages: Pages) -> Response:
    """The form of an entry; of a new one under ``new``."""
    key = key_to_edit(services.database, reader.person)
    held = next((one for one in key.entries if one.id == entry), None)
    if held is None and entry != "new":
        raise NotFoundError("there is no such entry of the key")
    return _form(request, pages, held)


@router.post("/edit")
def save(
    request: Request, sender: Sender, services: Served, pages: Pages, change: Annotated[Change, Depends(_change)]
) -> Response:
    """The editor with the new version; or the form as it was sent, with what is wrong."""
    try:
        change_key(services.database, services.desk.files, sender.person, change, now=services.now())
    except (InvalidInputError, ConflictError) as error:
        status = 409 if isinstance(error, ConflictError) else 422
        return _form(request, pages, None, change=change, wrong=str(error), status=status)
    return RedirectResponse("/review/key/edit", 303)


def _form(
    request: Request,
    pages: Renderer,
    held: KeyEntry | None,
    *,
    change: Change | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    return pages.show(
        request,
        "key_form.html.jinja",
        status,
        entry=change.entry if change else held.id if held else "",
        after=change.after if change else held.version if held else 0,
        told=change.described if change else held.described if held else None,
        wrong=wrong,
        **_names(request),
    )


def _names(request: Request) -> dict[str, Any]:
    return {
        "likenesses": LIKENESSES,
        "stages": STAGES,
        "class_names": CLASSES,
        "chinese": language_of(request) is Language.CHINESE,
    }
