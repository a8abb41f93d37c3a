"""Words: what is written in a language where no template writes it: sentences, numbers, areas and days."""

import math
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from pipeline.web import measures
from pipeline.web.languages import Language, read_catalogue, read_translations
from pipeline.web.sentences import Sentences
from pipeline.workflow.see_coverage import down, up

TENTHS: Final = 1000
"""Of a whole: shares are said in tenths of a percent."""
HAIR: Final = 1e-9
"""What floating point adds to a share that is a whole number of tenths."""


class Words:
    """Says things in one language. What bounds a claim is rounded to the side on which it claims less."""

    def __init__(self, language: Language, time_zone: str) -> None:
        """``time_zone`` (IANA) is that of times of day."""
        catalogue = read_catalogue(language) if language is not Language.ENGLISH else None
        self.language = language
        self._zone = ZoneInfo(time_zone)
        self.translations = read_translations(language)
        self.sentences = Sentences(self.translations, catalogue)

    def gettext(self, message: str, **values: Any) -> str:
        """``message`` in the language, with its values; a percent sign is written twice."""
        return self.translations.gettext(message) % values

    def say(self, text: str) -> str:
        """A whole sentence of the record, with a capital letter and a full stop."""
        said = self.sentences.say(text)
        if not said.isascii():
            return said if said.endswith("。") else f"{said}。"
        return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")

    def number(self, value: float) -> str:
        """A number with its separators."""
        return str(format_decimal(value, locale=self.language.locale))

    def at_least(self, share: float) -> str:
        """A lower bound in tenths of a percent, rounded down."""
        return self._percent(math.floor(share * TENTHS + HAIR))

    def at_most(self, share: float) -> str:
        """An upper bound in tenths of a percent, rounded up."""
        return self._percent(math.ceil(share * TENTHS - HAIR))

    def percent(self, share: float) -> str:
        """A share as it was counted, to a tenth of a percent; 100 % is all of it and 0 % nothing."""
        near = round(share * TENTHS)
        return self._percent(max(1, min(TENTHS - 1, near)) if 0 < share < 1 else near)

    def area_down(self, area_m2: float) -> str:
        """An area, rounded down."""
        return measures.area(down(area_m2), self.language.locale)

    def area_up(self, area_m2: float) -> str:
        """An area, rounded up."""
        return measures.area(up(area_m2), self.language.locale)

    def day(self, day: date) -> str:
        """A day."""
        return str(format_date(day, self.language.day, locale=self.language.locale))

    def month(self, day: date) -> str:
        """The month of a day."""
        pattern = "LLLL y" if self.language is Language.ENGLISH else "y年M月"
        return str(format_date(day, pattern, locale=self.language.locale))

    def minute(self, moment: datetime) -> str:
        """A day and a time of day."""
        pattern = f"{self.language.day} HH:mm"
        return str(format_datetime(moment, pattern, tzinfo=self._zone, locale=self.language.locale))

    def _percent(self, tenths: int) -> str:
        pattern = "0" if tenths in {0, TENTHS} else "0.0"
        return f"{format_decimal(tenths / 10, pattern, locale=self.language.locale)}\u00a0%"
