"""The interpretation key: what targets and their look-alikes look like from above, by stage of growth."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from pipeline.errors import InvalidInputError

KeyEntryId = NewType("KeyEntryId", str)
LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 600
MOST_RANK: Final = 999
STARTER_VERSION: Final = 0
"""The version of an entry that came with the program and that nobody of the bureau has checked."""
_IDENTITY: Final = re.compile(r"[a-z0-9-]{1,80}")


class Likeness(StrEnum):
    """Whether an entry shows what is looked for."""

    TARGET = "target"
    """What is looked for."""
    LOOK_ALIKE = "look_alike"
    """What is taken for it."""


class Stage(StrEnum):
    """A stage of growth."""

    SEEDLING = "seedling"
    LEAF = "leaf"
    FLOWER = "flower"
    FRUIT = "fruit"
    AFTER = "after"
    """Harvested, or dry."""
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What an entry says, in both languages. ``about`` is the class that is looked for, or taken to be there.

    ``picture_sha256`` is of the JPEG beside the text, None where there is none.
    """

    likeness: Likeness
    about: str
    stage: Stage
    rank: int
    name_en: str
    name_zh: str
    text_en: str
    text_zh: str
    picture_sha256: str | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be shown in either language.

        Raises:
            InvalidInputError: A name or text is missing or too long, or the rank is no place in an order.
        """
        for words, most in (
            (self.about, LONGEST_NAME),
            (self.name_en, LONGEST_NAME),
            (self.name_zh, LONGEST_NAME),
            (self.text_en, LONGEST_TEXT),
            (self.text_zh, LONGEST_TEXT),
        ):
            if not words.strip() or len(words) > most:
                raise InvalidInputError(
                    "an entry of the key needs its class, a name of at most 80 and a text of at most 600 characters, "
                    "in English and in Chinese"
                )
        if not 0 <= self.rank <= MOST_RANK:
            raise InvalidInputError("the place of an entry in the key is a number from 0 to 999")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """A version of an entry, counted from 1; ``STARTER_VERSION`` came with the program."""

    id: KeyEntryId
    version: int
    described: Described

    @property
    def is_starter(self) -> bool:
        """Whether nobody of the bureau has checked it."""
        return self.version == STARTER_VERSION


def must_be_identity(entry: str) -> KeyEntryId:
    """An id of an entry.

    Raises:
        InvalidInputError: It is none.
    """
    if not _IDENTITY.fullmatch(entry):
        raise InvalidInputError("the id of an entry of the key has at most 80 letters a to z, digits and hyphens")
    return KeyEntryId(entry)


def in_force(starter: Iterable[KeyEntry], kept: Iterable[KeyEntry]) -> tuple[KeyEntry, ...]:
    """The newest version of each entry, withdrawn ones among them, in the order in which they are shown."""
    newest: dict[KeyEntryId, KeyEntry] = {}
    for entry in (*starter, *kept):
        if entry.id not in newest or entry.version > newest[entry.id].version:
            newest[entry.id] = entry
    return tuple(sorted(newest.values(), key=_place))


def _place(entry: KeyEntry) -> tuple[str, bool, int, str]:
    described = entry.described
    return described.about, described.likeness is Likeness.LOOK_ALIKE, described.rank, entry.id
