"""The command that shows the machine at work: farmland of known truth, its scan, and the pages around it."""

import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli.scanning import summary_of
from pipeline.cli.serving import check_address, serve_pages
from pipeline.cli.waiting import bars
from pipeline.errors import ConflictError
from pipeline.settings import Settings, in_continuous_integration, load_settings, with_address, with_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.workflow.demo import Demonstration
    from pipeline.workflow.open_bureau import OpenBureau, Premises

BUREAU: Final = "bureau"
MARK: Final = "made-by-plotwatch-demo"
"""A folder with this file was made by the demo, and may be made anew."""
Port = Annotated[int, typer.Option(help="Port of the pages on this machine; 0 takes any that is free.")]
Serve = Annotated[
    bool | None, typer.Option("--serve/--no-serve", help="Whether pages are served at the end; where CI is set, not.")
]


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the scene and the results.")] = Path("out/demo"),
    model: Annotated[Path | None, typer.Option(help="Model bundle, a folder with bundle.json.")] = None,
    size_px: Annotated[int, typer.Option(help="Width and height of the scene in pixels of 2 cm.")] = 8000,
    seed: Annotated[int, typer.Option(help="Another seed, other land; demo-poppy knows 101-114.")] = 7,
    serve: Serve = None,
    port: Port = 8000,
) -> None:
    """Render farmland with known truth, scan it, print what was found, and serve the pages with it until Ctrl-C."""
    from pipeline.workflow.demo import Land, demonstrate

    settings = load_settings()
    settings = replace(settings, model=model or settings.model)
    wanted = not in_continuous_integration() if serve is None else serve
    bureau = with_address(with_data(settings, out / BUREAU), "127.0.0.1", port)
    if wanted:
        check_address(bureau)
    _make_anew(out / BUREAU)
    with bars() as report, _premises(bureau) as premises:
        shown = demonstrate(premises, out / "scene", land=Land(size_px=size_px, seed=seed), report=report)
    _tell(shown)
    _introduce(shown.bureau)
    if wanted:
        serve_pages(bureau, worker=True)


def _tell(shown: "Demonstration") -> None:
    """What was found, and where it lies."""
    effort = shown.record.effort
    typer.echo("synthetic farmland: this shows that the machine works, not how a model does on real land")
    typer.echo(shown.comparison.sentence())
    typer.echo(summary_of(shown.record.flags, shown.record.area_m2, shown.record.not_assessable_because))
    typer.echo(f"scored in {effort.seconds:.1f} s ({effort.mpix_per_s:.1f} MPix/s), {effort.peak_rss_mb} MB at most")
    typer.echo(
        f"report:  {shown.bureau.results / 'report.html'}\nresults: {shown.bureau.results}\n"
        f"truth:   {shown.scene / 'truth.gpkg'}"
    )


def _make_anew(folder: Path) -> None:
    """Make an empty folder for the demo's bureau; what an earlier demo left there goes.

    Raises:
        ConflictError: There is something that no demo made.
    """
    if folder.exists():
        if not (folder / MARK).is_file():
            raise ConflictError(f"{folder} was not made by a demo and is left as it is; choose another --out")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


@contextmanager
def _premises(settings: Settings) -> "Iterator[Premises]":
    """The demo's store, with its tables."""
    from pipeline.store.database import open_database
    from pipeline.store.migration import migrate
    from pipeline.store.passwords import Passwords
    from pipeline.workflow.open_bureau import Premises

    database = open_database(settings.store.url)
    try:
        migrate(database)
        yield Premises(
            database=database, settings=settings, passwords=Passwords.of_cost(), now=lambda: datetime.now(UTC)
        )
    finally:
        database.close()


def _introduce(opened: "OpenBureau") -> None:
    """Who can sign in to the demo's pages."""
    typer.echo(f"\nthe demo's bureau has one flight, {opened.flight.state.value}; its accounts were made just now:")
    width = max(len(account.name) for account in opened.accounts)
    for account in opened.accounts:
        typer.echo(f"  {account.name:<{width}}  {account.password}")
