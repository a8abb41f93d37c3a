"""Languages: English, which the pages are written in, and Simplified Chinese, from the catalogues in ``locale/``.

A catalogue is one ``.po`` file a group of pages; they are read as they are when the server starts, so that there is no
compiled file to forget. A message without a translation fails the tests.
"""

import gettext
import io
from enum import StrEnum
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE: Final = Path(__file__).parent / "locale"
COOKIE: Final = "language"


class Language(StrEnum):
    """A language of the pages, as HTML names it."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return {Language.ENGLISH: "English", Language.CHINESE: "简体中文"}[self]

    @property
    def day(self) -> str:
        """How its speakers write a day (the letters of CLDR), unbroken and not to be misread: 11/10 is two days."""
        return {Language.ENGLISH: "d\u00a0MMM\u00a0y", Language.CHINESE: "y年M月d日"}[self]

    @property
    def date(self) -> str:
        """The same without the year, where there is little room."""
        return {Language.ENGLISH: "d\u00a0MMM", Language.CHINESE: "M月d日"}[self]

    @property
    def locale(self) -> Locale:
        """How its speakers write dates and numbers."""
        return Locale.parse(self.value, sep="-")


def marked(message: str) -> str:
    """``message`` as it is, marked for the catalogues: whoever shows it translates it."""
    return message


def choose(chosen: str | None, accepted: str | None) -> Language:
    """The language of a page: ``chosen`` by its reader (the cookie), else the first ``accepted`` by the browser.

    Any kind of Chinese gets Simplified Chinese, and whoever asks for neither language gets English.
    """
    if chosen in set(Language):
        return Language(chosen)
    for tag in _by_preference(accepted or ""):
        if tag.split("-")[0] == "zh":
            return Language.CHINESE
        if tag.split("-")[0] == "en":
            return Language.ENGLISH
    return Language.ENGLISH


def _by_preference(header: str) -> list[str]:
    """The tags of an Accept-Language header, most wanted first (RFC 9110, 12.5.4)."""
    weighted = [(_weight(part), part.split(";")[0].strip().lower()) for part in header.split(",")]
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]


def _weight(part: str) -> float:
    """The q of one part of an Accept-Language header; 0 where it is no number."""
    _, found, quality = part.partition("q=")
    try:
        return float(quality) if found else 1.0
    except ValueError:
        return 0.0


def read_translations(language: Language) -> gettext.NullTranslations:
    """What turns the messages of pages into ``language``; English stays as it is written."""
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    return compiled(read_catalogue(language))


def compiled(catalogue: Catalog) -> gettext.GNUTranslations:
    """What turns the messages of a catalogue into its language."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return gettext.GNUTranslations(file)


def read_catalogue(language: Language) -> Catalog:
    """All messages of all ``.po`` files of ``language`` as one catalogue."""
    folder = LOCALE / str(language.locale)
    whole = Catalog(locale=language.locale)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language.locale):
                if message.id:
                    whole[message.id] = message
    return whole
