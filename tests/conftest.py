"""What every test may ask for."""

import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from pipeline.settings import in_continuous_integration, silence_calls_home

silence_calls_home()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

hypothesis_settings.register_profile("plotwatch", deadline=None)  # time is never asserted
hypothesis_settings.load_profile("plotwatch")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real imagery beside the checkout; skips elsewhere, fails in CI."""
    if not SHARED_DATA.is_dir():
        if in_continuous_integration():
            pytest.fail(f"{SHARED_DATA} must be there in CI")
        pytest.skip(f"no real imagery at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def nobody_calls_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection but to this machine fails the test that made it."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def only_here(here: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            pytest.fail(f"a connection to {address} was tried")
        connect(here, address)

    def only_names_of_here(host: Any, *arguments: Any, **named: Any) -> Any:
        if host not in {None, "localhost", "127.0.0.1", "::1"}:
            pytest.fail(f"the address of {host} was asked for")
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    monkeypatch.setattr(socket, "getaddrinfo", only_names_of_here)
