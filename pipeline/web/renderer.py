"""Renderer: a page in the language of its reader, from a template in ``pages/``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.domain.coverage import HECTARE_M2
from pipeline.web import measures
from pipeline.web.assets import Assets
from pipeline.web.languages import COOKIE, Language, choose
from pipeline.web.navigation import place_at, places_of
from pipeline.web.words import Words

PAGES: Final = Path(__file__).parent / "pages"


class Renderer:
    """Writes pages. Templates escape what they are given; a name that nobody gave them is an error."""

    def __init__(self, assets: Assets, time_zone: str) -> None:
        """``time_zone`` (IANA) is that of the times on pages."""
        self.assets = assets
        self._zone = ZoneInfo(time_zone)
        self.words: Final = {language: Words(language, time_zone) for language in Language}
        self._environments = {language: self._environment(language, assets) for language in Language}

    def show(self, request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
        """The page that ``template`` makes of ``content``, for the person and in the language of ``request``."""
        language = language_of(request)
        page = self._environments[language].get_template(template).render(_frame(request, language) | content)
        return HTMLResponse(page, status, {"Content-Language": language.value, "Vary": "Accept-Language, Cookie"})

    def say(self, request: Request, message: str) -> str:
        """``message`` in the language of ``request``."""
        return self.words[language_of(request)].sentences.say(message)

    def _environment(self, language: Language, assets: Assets) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(  # type: ignore[attr-defined]  # the extension adds it
            self.words[language].translations, newstyle=True
        )
        environment.globals["asset"] = assets.address
        # `_()` marks its text as safe HTML: what is not written in a template goes through this filter instead.
        environment.filters["said"] = self.words[language].sentences.say
        environment.filters["sentence"] = sentence
        environment.filters["moment"] = self._moment(language, f"{language.day} HH:mm:ss")
        environment.filters["minute"] = self._moment(language, f"{language.day} HH:mm")
        environment.filters["moment_day"] = self._moment(language, language.day)
        environment.filters["moment_date"] = self._moment(language, language.date)
        environment.filters["hectares"] = lambda m2: hectares(m2, language)
        environment.filters["day"] = lambda day: format_date(day, language.day, locale=language.locale)
        environment.filters["capitalised"] = lambda text: text[:1].upper() + text[1:]
        environment.filters["area"] = lambda area_m2: measures.area(area_m2, language.locale)
        environment.filters["duration"] = lambda span: measures.duration(span, language.locale)
        environment.filters["percent"] = lambda share: measures.percent(share, language.locale)
        environment.filters["decimal"] = lambda number: format_decimal(number, locale=language.locale)
        return environment

    def _moment(self, language: Language, pattern: str) -> Callable[[datetime], str]:
        """How ``language`` writes a date and a time of day, in the time zone of the pages."""
        return lambda moment: format_datetime(moment, pattern, tzinfo=self._zone, locale=language.locale)


def language_of(request: Request) -> Language:
    """The language in which ``request`` is answered."""
    return choose(request.cookies.get(COOKIE), request.headers.get("Accept-Language"))


def _frame(request: Request, language: Language) -> dict[str, Any]:
    """What the frame of every page names: who reads it, where they are, and where they may go."""
    person = getattr(request.state, "person", None)
    places = places_of(person.roles) if person else ()
    query = f"?{request.url.query}" if request.url.query else ""
    return {
        "person": person,
        "csrf": getattr(request.state, "csrf", ""),
        "places": places,
        "current": place_at(request.url.path, places),
        "path": request.url.path,
        "here": request.url.path + query if request.method == "GET" else "/",
        "language": language,
        "languages": tuple(Language),
    }


def hectares(area_m2: float, language: Language) -> str:
    """An area in hectares, with the digits that tell one plot from two: ``0.31 ha``, ``12.4 ha``, ``1,240 ha``."""
    whole = area_m2 / HECTARE_M2
    digits = "#,##0.00" if whole < 1 else "#,##0.0" if whole < 100 else "#,##0"  # noqa: PLR2004 three digits
    return f"{format_decimal(whole, digits, locale=language.locale)} ha"


def sentence(text: str) -> str:
    """``text`` with a capital letter and a full stop, where its script has such; errors are written without."""
    if not text or not text.isascii():
        return text
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?", ":")) else ".")
