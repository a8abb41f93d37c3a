"""Sentences: what errors, notes and steps say, with the values in them, in the language of their reader.

The record keeps such sentences as they were raised, in English. A catalogue has them as templates with numbered places,
``a flight that is {0} cannot become {1}``, and a sentence is read against these. In a translation a place may say that
its value is words too: ``{0:part}`` are some with the context ``part``, ``{0:said}`` is a whole sentence. A template
whose words are not known does not fit, so that what people typed stays as they typed it.
"""

import gettext
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final, Self

from babel.messages.catalog import Catalog

PART: Final = "part"
SAID: Final = "said"
PLACE: Final = re.compile(r"\{(\d+)\}")
DEEPEST: Final = 3
"""A sentence within a sentence within a sentence: none of ours goes further, and text from outside shall not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A sentence with places: the text around them, the number of each, and its translation."""

    around: tuple[str, ...]
    numbers: tuple[int, ...]
    translation: str
    part: bool = False

    @classmethod
    def of(cls, message: str, translation: str, *, part: bool = False) -> Self:
        """The template of a message with numbered places."""
        pieces = PLACE.split(message)
        numbers = tuple(int(number) for number in pieces[1::2])
        return cls(around=tuple(pieces[::2]), numbers=numbers, translation=translation, part=part)

    def order(self) -> tuple[bool, int]:
        """When to try it: sentences about sentences first, then whatever settles more of the text itself."""
        return f":{SAID}}}" not in self.translation, -sum(map(len, self.around))

    def readings(self, text: str) -> Iterator[dict[int, str]]:
        """The values that ``text`` has at the places: read from the end, and from the beginning.

        A value may hold text that also stands around a place; mostly it is a name, and names come first.
        """
        backwards = _values(text[::-1], [piece[::-1] for piece in reversed(self.around)])
        if backwards is None:
            return
        yield dict(zip(self.numbers, [value[::-1] for value in reversed(backwards)], strict=True))
        yield dict(zip(self.numbers, _values(text, self.around) or (), strict=True))


def _values(text: str, around: Sequence[str]) -> list[str] | None:
    """What stands between the pieces ``around``, each found as early as it can be; None where ``text`` does not fit.

    In time that grows with the length of ``text``: it may come from anybody.
    """
    first, *between, last = around
    if not (text.startswith(first) and text.endswith(last)):
        return None
    values, at = [], len(first)
    for piece in between:
        found = text.find(piece, at + 1)
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(piece)
    end = len(text) - len(last)
    return [*values, text[at:end]] if at < end else None


class Sentences:
    """Says sentences in one language; what the catalogue does not know stays as it is."""

    def __init__(self, translations: gettext.NullTranslations, catalogue: Catalog | None = None) -> None:
        """``catalogue`` has the templates; English has none and says what is written."""
        self._translations = translations
        self._templates = sorted(templates_of(catalogue or Catalog()), key=Template.order)

    def say(self, text: str) -> str:
        """``text`` in the language; the same where it has no words for it."""
        return self._known(text) or text

    def _known(self, text: str, *, part: bool = False, depth: int = 0) -> str | None:
        if not text:
            return None
        exact = self._translations.pgettext(PART, text) if part else self._translations.gettext(text)
        if exact != text:
            return exact
        fitting = (one for one in self._templates if one.part is part and depth < DEEPEST)
        filled = (self._filled(one, values, depth) for one in fitting for values in one.readings(text))
        return next((said for said in filled if said is not None), None)

    def _filled(self, template: Template, values: dict[int, str], depth: int) -> str | None:
        """The translation with its values; None where one of them should be words and is none that is known."""
        said = ""
        for before, number, kind, _ in Formatter().parse(template.translation):
            said += before
            if number is None:
                continue
            value: str | None = values[int(number)]
            if kind and value is not None:
                value = self._known(value, part=kind == PART, depth=depth + 1)
            if value is None:
                return None
            said += value
        return said


def templates_of(catalogue: Catalog) -> Iterator[Template]:
    """The templates among the messages of a catalogue."""
    for message in catalogue:
        if isinstance(message.id, str) and PLACE.search(message.id):
            yield Template.of(message.id, str(message.string), part=message.context == PART)
