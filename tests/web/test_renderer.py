"""Dates, numbers and areas are written as the reader writes them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from starlette.requests import Request

from pipeline.errors import NotFoundError
from pipeline.web.assets import Assets, read_assets
from pipeline.web.languages import Language
from pipeline.web.renderer import Renderer, hectares, sentence


def asked(language: str) -> Request:
    headers = [(b"accept-language", language.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers, "state": {}})


@pytest.mark.parametrize(
    ("area_m2", "words"),
    [(0.0, "0.00 ha"), (3_100.0, "0.31 ha"), (124_000.0, "12.4 ha"), (12_400_000.0, "1,240 ha")],
)
def test_an_area_has_the_digits_that_matter(area_m2: float, words: str) -> None:
    assert hectares(area_m2, Language.ENGLISH) == words


def test_a_moment_is_written_in_the_time_zone_and_the_language_of_the_reader() -> None:
    renderer = Renderer(read_assets(), "Asia/Shanghai")
    filters = {language: renderer._environments[language].filters for language in Language}
    moment = datetime(2026, 11, 26, 17, 30, 5, tzinfo=UTC)
    assert filters[Language.ENGLISH]["moment"](moment) == "27\u00a0Nov\u00a02026 01:30:05"
    assert filters[Language.CHINESE]["minute"](moment) == "2026年11月27日 01:30"
    assert filters[Language.ENGLISH]["day"](date(2026, 11, 2)) == "2\u00a0Nov\u00a02026"
    assert filters[Language.CHINESE]["decimal"](1234.5) == "1,234.5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("the disk is full", "The disk is full."), ("Done!", "Done!"), ("磁盘已满", "磁盘已满"), ("", "")],
)
def test_what_an_error_says_is_shown_as_a_sentence(text: str, shown: str) -> None:
    assert sentence(text) == shown


def test_a_message_is_said_in_the_language_of_the_reader() -> None:
    renderer = Renderer(read_assets(), "UTC")
    assert renderer.say(asked("zh"), "Flights") == "航次"
    assert renderer.say(asked("en"), "Flights") == "Flights"


def test_an_asset_that_was_not_built_is_named() -> None:
    assert Assets(names={"app.css": "app-1.css"}).address("app.css") == "/static/built/app-1.css"
    with pytest.raises(NotFoundError, match=r"no map\.js was built, there is app\.css"):
        Assets(names={"app.css": "app-1.css"}).address("map.js")


def test_pages_that_are_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="make demo"):
        read_assets(tmp_path)
