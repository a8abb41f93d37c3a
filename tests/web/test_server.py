"""The server listens where it is told, and says so."""

import pytest
from fastapi import FastAPI

from pipeline.errors import ConflictError
from pipeline.settings import WebSettings
from pipeline.web.server import address_of, listen, make_server


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen(WebSettings(port=0)) as first:
        port = first.getsockname()[1]
        assert address_of(first) == f"http://127.0.0.1:{port}"
        with pytest.raises(ConflictError, match=f"127.0.0.1:{port} cannot be listened on"):
            listen(WebSettings(port=port))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConflictError, match="192.0.2.1"):
        listen(WebSettings(host="192.0.2.1"))


def test_the_address_to_open_is_one_that_a_browser_can_open() -> None:
    with listen(WebSettings(host="0.0.0.0", port=0)) as everywhere:  # noqa: S104 the case under test
        assert address_of(everywhere).startswith("http://127.0.0.1:")


def test_the_server_does_not_say_what_it_is() -> None:
    assert make_server(FastAPI()).config.server_header is False
