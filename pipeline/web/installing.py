"""Installing: what a phone is told so that visits stand among its apps. Open to all: it says nothing of anybody."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipeline.web.assets import ADDRESS
from pipeline.web.languages import Language, marked
from pipeline.web.services import Pages

NAME: Final = marked("Plotwatch field visits")
SHORT_NAME: Final = marked("Visits")
ABOUT: Final = marked("The visits of a field team, with what was found there, also without a signal.")
START: Final = "/visits"
ACCENT: Final = "#1f5c4d"
GROUND: Final = "#f5f6f3"
"""Colours of the style sheet."""
ICONS: Final = (
    {"src": f"{ADDRESS}/mark.svg", "sizes": "any", "type": "image/svg+xml"},
    {"src": f"{ADDRESS}/icon-192.png", "sizes": "192x192", "type": "image/png"},
    {"src": f"{ADDRESS}/icon-512.png", "sizes": "512x512", "type": "image/png"},
    {"src": f"{ADDRESS}/icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
)
"""The mark of the pages; phones cut the last one to their own shape."""

router = APIRouter(include_in_schema=False)


@router.get("/manifest.webmanifest")
def describe(pages: Pages, language: Language = Language.ENGLISH) -> JSONResponse:
    """The manifest; browsers ask for it without a cookie, so that its address names the language."""
    say = pages.words[language].sentences.say
    content: dict[str, Any] = {
        "id": START,
        "name": say(NAME),
        "short_name": say(SHORT_NAME),
        "description": say(ABOUT),
        "lang": language.value,
        "start_url": START,
        "scope": "/",
        "display": "standalone",
        "theme_color": ACCENT,
        "background_color": GROUND,
        "icons": ICONS,
    }
    return JSONResponse(content, media_type="application/manifest+json")
