"""What errors, notes and steps say reaches a Chinese reader in Chinese, with its values as they are."""

import itertools
import re
from ast import unparse
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog

from pipeline.domain.assessability import Reason
from pipeline.domain.flight import ALLOWED, FlightState
from pipeline.domain.orthomosaic import MaskOrigin
from pipeline.domain.usability import SAID as SAID_OF_REASONS
from pipeline.domain.usability import Usability
from pipeline.imagery.signature import OTHER_STARTS
from pipeline.store.laws.enactment import LAWS
from pipeline.web.languages import Language, compiled, read_catalogue, read_translations
from pipeline.web.sentences import PART, Sentences, Template, templates_of
from tests.sentences import Module, raised, shown_modules, told

CATALOGUE = read_catalogue(Language.CHINESE)
CHINESE = Sentences(read_translations(Language.CHINESE), CATALOGUE)
PASSED_ON = {
    "imagery/enclosure.py: said": "what the enclosed process raised",
    "store/database.py: said.split(LAW, 1)[1].splitlines()[0]": "a law: all of them are tried below",
    "workflow/apart.py: str(answer['refusal'])": "what the process of a stage raised",
}
"""Raises whose sentence was said by somebody else before."""
NAMES = ("清河 north (2).tif", "3", "bundle.json", "0.25", "tiff", "512", "x", "7 b")


@pytest.mark.parametrize("module", shown_modules(), ids=lambda module: module.name)
def test_every_sentence_that_can_reach_a_page_has_a_chinese_one(module: Module) -> None:
    said = {text for _, _, texts in raised(module) for text in texts} | set(told(module))
    missing = {text for text in said if text and not CATALOGUE.get(text) and CHINESE.say(text) == text}
    assert missing == set()


@pytest.mark.parametrize("module", shown_modules(), ids=lambda module: module.name)
def test_no_error_is_raised_with_words_that_the_source_does_not_show(module: Module) -> None:
    hidden = {f"{module.name}: {unparse(expression)}" for _, expression, texts in raised(module) if not texts}
    assert hidden <= set(PASSED_ON)


@pytest.mark.parametrize("law", sorted({law.sentence for law in LAWS}))
def test_every_law_is_said_in_chinese(law: str) -> None:
    assert CHINESE.say(law) != law


def samples(template: Template) -> Iterator[str]:
    """Values for the places of a template: names and numbers, or words that the catalogue knows."""
    kinds = dict(re.findall(r"\{(\d+):(\w+)\}", template.translation))
    words = {
        "part": [message.id for message in CATALOGUE if message.context == PART and "{" not in str(message.id)],
        "said": ["the file is damaged or cut off; copy or upload it again, or export it anew"],
    }
    for number in template.numbers:
        kind = kinds.get(str(number))
        yield words[kind][number % len(words[kind])] if kind else NAMES[number % len(NAMES)]


def filled(template: Template) -> str:
    return "".join(itertools.chain(*itertools.zip_longest(template.around, samples(template), fillvalue="")))


TEMPLATES = [pytest.param(one, id="{}".join(one.around)) for one in templates_of(CATALOGUE)]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_reads_its_own_sentences_and_no_other_swallows_them(template: Template) -> None:
    text = filled(template)
    others = (one for one in templates_of(CATALOGUE) if one.part is template.part and one != template)
    tried_before = [one for one in others if one.order() <= template.order() and ":said" not in one.translation]
    assert not [one for one in tried_before if next(one.readings(text), None)]
    assert dict(zip(template.numbers, samples(template), strict=True)) in list(template.readings(text))


@pytest.mark.parametrize("template", [one for one in TEMPLATES if not one.values[0].part])  # type: ignore[union-attr]
def test_a_sentence_goes_to_chinese_and_back_with_its_values(template: Template) -> None:
    text = filled(template)
    said = CHINESE.say(text)
    plain = set(template.numbers) - {int(number) for number in re.findall(r"\{(\d+):\w+\}", template.translation)}
    values = dict(zip(template.numbers, samples(template), strict=True))
    assert said != text
    assert all(values[number] in said for number in plain)
    assert ENGLISH_AGAIN.say(said) == text


def reversed_catalogue() -> Catalog:
    """From Chinese to English; a place keeps its kind."""
    turned = Catalog(locale="en")
    for message in CATALOGUE:
        if isinstance(message.id, str) and message.id and message.string:
            english = message.id
            for number, kind in re.findall(r"\{(\d+):(\w+)\}", str(message.string)):
                english = english.replace(f"{{{number}}}", f"{{{number}:{kind}}}")
            turned.add(re.sub(r":\w+\}", "}", str(message.string)), english, context=message.context)
    return turned


ENGLISH_AGAIN = Sentences(compiled(reversed_catalogue()), reversed_catalogue())


@pytest.mark.parametrize("name", sorted(SAID_OF_REASONS))
def test_the_verdict_on_a_flight_is_said_in_chinese_whatever_is_wrong(name: str) -> None:
    said = CHINESE.say(usability({name: 0.9}).sentence)
    assert said.startswith("不可用：")
    assert not re.search("[a-z]{3}", said)


def test_a_usable_flight_is_said_to_be_in_chinese() -> None:
    assert CHINESE.say(usability({}).sentence) == "可用：地面采样距离 3.10 cm，抽查地面中 100% 可以判读"


def usability(poor: dict[str, float]) -> Usability:
    return Usability(
        gsd_m=0.031,
        coarsest_gsd_m=0.025,
        flown_m2=1.0,
        not_flown_m2=0.0,
        cells_looked_at=10,
        poor_shares=poor,
        least_share=0.5,
    )


def test_a_refusal_of_a_named_file_is_said_in_chinese_as_a_whole() -> None:
    damaged = "the file is damaged or cut off; copy or upload it again, or export it anew"
    assert CHINESE.say(f"a: b.tif: {damaged}") == f"a: b.tif：{CHINESE.say(damaged)}"


def test_reasons_of_verdicts_are_those_of_cells() -> None:
    assert set(SAID_OF_REASONS) <= {reason.name.lower() for reason in Reason}


@pytest.mark.parametrize("state", list(FlightState))
def test_every_step_that_a_flight_cannot_take_is_said_in_chinese(state: FlightState) -> None:
    for to in set(FlightState) - ALLOWED[state]:
        assert not re.search("[a-z]", CHINESE.say(f"a flight that is {state} cannot become {to}"))
    needed = f"a reason is needed to make a flight {state.replace('_', ' ')}"
    assert not re.search("[a-z]", CHINESE.say(needed))


@pytest.mark.parametrize("kind", sorted({kind for _, kind in OTHER_STARTS} | {"some other kind of file"}))
def test_every_kind_of_a_wrong_file_is_said_in_chinese(kind: str) -> None:
    said = CHINESE.say(f"清河.zip/a is b.tif is {kind}, not a GeoTIFF; export the orthomosaic as GeoTIFF")
    assert said.startswith("清河.zip/a is b.tif 是")
    assert " is a" not in said


@pytest.mark.parametrize("origin", [MaskOrigin.ALPHA, MaskOrigin.MASK_BAND, MaskOrigin.NODATA])
def test_every_note_on_what_was_not_flown_is_said_in_chinese(origin: MaskOrigin) -> None:
    note = f"Not flown, by the {origin.value} of the original: 12.5 % of the picture (40000 px)."
    assert CHINESE.say(note).endswith("，画面的 12.5 %（40000 像素）未飞。")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "5 orthomosaics",
        "the bridge: closed",
        "white",
        "degrees",
        "没有什么",
        "{0}",
        "a: a: a: a: a: a",
        ": ",
        "x: ",
    ],
)
def test_what_people_type_stays_as_it_is(typed: str) -> None:
    assert CHINESE.say(typed) == typed


def test_a_long_text_made_to_be_hard_to_read_is_given_back_soon() -> None:
    nasty = "a pixel covers " + " x ".join(["(, "] * 150) + " m of ground; only"
    assert CHINESE.say(nasty[:500]) == nasty[:500]
    assert CHINESE.say(": ".join(["a"] * 170)) == ": ".join(["a"] * 170)


def test_english_says_what_is_written() -> None:
    english = Sentences(read_translations(Language.ENGLISH))
    assert (
        english.say("a flight that is failed cannot become scanned") == "a flight that is failed cannot become scanned"
    )
