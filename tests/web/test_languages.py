"""Every text is there in both languages, and each reader gets theirs."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import pipeline.web
from pipeline.web.languages import LOCALE, Language, choose, read_catalogue, read_translations
from pipeline.web.sentences import PLACE
from tests.sentences import every_template

WEB = Path(pipeline.web.__file__).parent
METHODS = [("**.py", "python"), ("**.jinja", "jinja2.ext:babel_extract")]


def extracted() -> Iterator[str]:
    keywords = DEFAULT_KEYWORDS | {"marked": None}
    found = extract_from_dir(WEB, METHODS, {"**.jinja": {"trimmed": "true"}}, keywords=keywords)
    for _, _, message, _, _ in found:
        yield message if isinstance(message, str) else message[0]


def places(text: object) -> set[str]:
    """The numbers and names in braces of a message, whatever kind a value is."""
    return set(re.findall(r"\{(\w+)(?::\w+)?\}", str(text)))


def test_every_message_of_the_pages_has_a_chinese_translation() -> None:
    catalogue = read_catalogue(Language.CHINESE)
    missing = {text for text in extracted() if not (catalogue.get(text) and catalogue.get(text).string)}
    assert not missing


def test_no_translation_is_kept_for_a_message_that_is_gone() -> None:
    known = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in read_catalogue(Language.CHINESE)
        if message.id
    }
    assert known - set(extracted()) - every_template() == set()


def test_a_translation_has_the_places_of_its_message_and_no_doubt() -> None:
    catalogue = read_catalogue(Language.CHINESE)
    for message in catalogue:
        if message.id:
            # the percent sign of a sentence with places is one, and no place of gettext
            assert PLACE.search(str(message.id)) or not list(message.check(catalogue)), message.id
            assert places(message.string) == places(message.id), message.id
            assert not message.fuzzy, message.id


def test_no_message_is_translated_twice_in_two_ways() -> None:
    seen: dict[str, str] = {}
    for path in (LOCALE / "zh_Hans").glob("*.po"):
        for message in read_po(io.BytesIO(path.read_bytes()), locale="zh_Hans"):
            if message.id:
                key = f"{message.context}: {message.id}"
                assert seen.setdefault(key, str(message.string)) == str(message.string), path.name


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, None, "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        (None, "zh-TW", "zh-Hans"),
        (None, "en;q=0.3, zh;q=0.4", "zh-Hans"),
        (None, "fr,de;q=0.5", "en"),
        (None, "zh;q=0, en;q=nonsense", "en"),
        ("zh-Hans", "en", "zh-Hans"),
        ("en", "zh", "en"),
        ("xx", "zh", "zh-Hans"),
    ],
)
def test_a_reader_gets_the_language_they_chose_or_their_browser_prefers(
    chosen: str | None, accepted: str | None, language: str
) -> None:
    assert choose(chosen, accepted) == language


def test_english_says_what_is_written_and_chinese_does_not() -> None:
    assert read_translations(Language.ENGLISH).gettext("Flights") == "Flights"
    assert read_translations(Language.CHINESE).gettext("Flights") == "航次"
