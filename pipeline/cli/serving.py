"""Commands that serve the pages."""

from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Config
from pipeline.settings import Settings, load_settings, with_address, with_data

if TYPE_CHECKING:
    from collections.abc import Iterator

Host = Annotated[str | None, typer.Option(help="Address to listen on; beyond this machine, put TLS in front.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any that is free.")]
Data = Annotated[Path | None, typer.Option(help="Folder of originals, results and, by default, the database.")]
Worker = Annotated[bool, typer.Option(help="Whether to work on flights too, in a process beside this one.")]


def serve(
    host: Host = None, port: Port = None, data: Data = None, worker: Worker = True, config: Config = None
) -> None:
    """Serve the pages, and work on the flights that come in, until Ctrl-C."""
    serve_pages(with_address(with_data(load_settings(config), data), host, port), worker=worker)


def serve_pages(settings: Settings, *, worker: bool) -> None:
    """Serve the pages of ``settings`` until Ctrl-C, with a worker beside them where that is wanted.

    Raises:
        ConflictError: The address is taken.
    """
    from pipeline.web.app import build_app
    from pipeline.web.journal import start_journal
    from pipeline.web.opening import open_services
    from pipeline.web.server import address_of, listen, make_server

    services = open_services(settings)
    with closing(listen(settings.web)) as listener, _worker(settings, wanted=worker), suppress(KeyboardInterrupt):
        typer.echo(f"pages: {address_of(listener)}")
        start_journal()
        make_server(build_app(services)).run(sockets=[listener])
    services.database.close()


def check_address(settings: Settings) -> None:
    """See before long work whether its pages could be served afterwards.

    Raises:
        ConflictError: The address is taken.
    """
    from pipeline.web.server import listen

    listen(settings.web).close()


@contextmanager
def _worker(settings: Settings, *, wanted: bool) -> "Iterator[None]":
    """A worker beside the server while it serves, where that is wanted."""
    if not wanted:
        yield
        return
    from pipeline.jobs import start_worker

    handle = start_worker(settings)
    try:
        yield
    finally:
        handle.stop()
