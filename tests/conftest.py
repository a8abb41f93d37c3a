"""What every test may ask for."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import emptied, migrated_file, opened, sqlite_copy
from hypothesis import settings as hypothesis_settings
from postgresql import Cluster, binaries, start, stop

from pipeline.settings import in_continuous_integration, silence_calls_home
from pipeline.store.database import Database
from pipeline.store.migration import migrate

silence_calls_home()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

hypothesis_settings.register_profile("plotwatch", deadline=None)  # time is never asserted
hypothesis_settings.load_profile("plotwatch")


LONG = {
    "test_jobs",
    "test_real_data",
    "test_review_in_a_browser",
    "test_roles_in_a_browser",
    "test_visits_without_signal",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all that train among them: what is left to the end is short, and no worker idles."""
    items.sort(key=lambda item: "learning" not in item.keywords and item.path.stem not in LONG)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Coverage rests in tests that are uncounted, and in their fixtures; to count makes Python a third slower."""
    counting = item.config.pluginmanager.getplugin("_cov")
    if not counting or not is_uncounted(item):
        return (yield)
    counting.cov_controller.pause()
    try:
        return (yield)
    finally:
        counting.cov_controller.resume()


def is_uncounted(item: pytest.Item) -> bool:
    """Whether other tests run the same lines: it is marked so, a browser drives it, or PostgreSQL repeats SQLite."""
    asks_a_browser = "browser" in getattr(item, "fixturenames", ())
    on = item.callspec.params.values() if hasattr(item, "callspec") else ()
    repeats = any(isinstance(value, str) and value == "postgresql" for value in on)
    return bool(asks_a_browser or repeats or item.get_closest_marker("uncounted"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real imagery beside the checkout; skips elsewhere, fails in CI."""
    if not SHARED_DATA.is_dir():
        if in_continuous_integration():
            pytest.fail(f"{SHARED_DATA} must be there in CI")
        pytest.skip(f"no real imagery at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def red_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training on red squares, as ``plotwatch train`` leaves it; one for all workers."""
    import trained

    own = tmp_path_factory.getbasetemp()
    return trained.red_run(own.parent if hasattr(request.config, "workerinput") else own)


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


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """A real PostgreSQL server of this test run; skips where none is installed, fails in CI."""
    programs = binaries()
    if programs is None:
        if in_continuous_integration():
            pytest.fail("PostgreSQL must be installed in CI")
        pytest.skip("no PostgreSQL server is installed")
    cluster = start(programs)
    yield cluster
    stop(cluster)


@pytest.fixture(scope="session")
def postgresql_url(postgresql_cluster: Cluster) -> str:
    """The address of a PostgreSQL database with tables and laws."""
    url = postgresql_cluster.url(postgresql_cluster.new_database())
    with opened(url) as database:
        migrate(database)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with tables and laws, to be copied."""
    return migrated_file(tmp_path_factory.mktemp("store"))


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty store in a SQLite file."""
    with sqlite_copy(sqlite_template, tmp_path) as database:
        yield database


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    """An empty store in PostgreSQL."""
    with emptied(postgresql_url) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty store, on each engine in turn."""
    opened_on: Database = request.getfixturevalue(f"{request.param}_database")
    return opened_on
