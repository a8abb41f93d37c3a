"""The command that lets go of old imagery."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.cli.options import AsJson, Config
from pipeline.cli.storing import open_store
from pipeline.domain.retention import Keeps
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from pipeline.workflow.let_go import Old

Remove = Annotated[bool, typer.Option("--remove", help="Remove what is due now; a worker does it every hour.")]
WHY: Final = {
    None: "is due",
    Keeps.WORK: "is kept: the machine works on it",
    Keeps.QUESTION: "is kept: something of it still waits for verdicts",
    Keeps.FINDING: "is kept: a flag of it was confirmed",
    Keeps.KNOWN_GROUND: "is kept: readers are measured by its ground",
}
MEBI: Final = 1024**2


def retention(remove: Remove = False, config: Config = None, as_json: AsJson = False) -> None:
    """Say which old imagery is due to be removed and what keeps the rest, and with --remove, remove it.

    Imagery is the original, the working copy and the report. What was found by it stays, and its checksum.
    """
    from pipeline.workflow.let_go import let_go, old_imagery

    days = load_settings(config).retention.imagery_days
    with open_store(config) as store:
        old = old_imagery(store.database, store.files, days=days, now=store.now)
        gone = let_go(store.database, store.files, days=days, now=store.now) if remove else None
    said = {"imagery_days": days, "flights": [_as_json(one) for one in old]}
    if gone is not None:
        said |= {"removed": [flight.id for flight in gone.flights], "bytes_freed": gone.bytes_freed}
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    if not days:
        typer.echo("imagery is kept for good: retention.imagery_days is 0")
    for one in old:
        size = f"{one.bytes_kept / MEBI:,.1f} MiB"
        typer.echo(f"{one.flight.id}  {one.flight.received_at.date()}  {size}  {one.flight.name}: {WHY[one.keeps]}")
    due = sum(one.keeps is None for one in old)
    typer.echo(f"{len(old)} flights older than {days:g} days; imagery of {due} is due to be removed")
    if gone is not None:
        typer.echo(f"removed that of {len(gone.flights)}, {gone.bytes_freed / MEBI:,.1f} MiB")


def _as_json(one: "Old") -> dict[str, Any]:
    return {
        "id": one.flight.id,
        "name": one.flight.name,
        "received_at": one.flight.received_at.isoformat(),
        "bytes": one.bytes_kept,
        "kept_by": one.keeps.value if one.keeps else None,
    }
