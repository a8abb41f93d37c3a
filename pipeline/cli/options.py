"""Options that several commands have."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import InvalidInputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Out = Annotated[Path | None, typer.Option(help="Folder for the results.")]
Config = Annotated[Path | None, typer.Option(help="Settings, a TOML file; configs/plotwatch.toml shows every key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.")]


def day(said: str | None) -> date | None:
    """The date that somebody typed, None where nobody did.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise InvalidInputError(f"{said!r} is no date; write it as 2026-11-26") from error


def time_zone(config: Path | None) -> "ZoneInfo":
    """The time zone of the bureau, by which pages count days too."""
    from zoneinfo import ZoneInfo

    from pipeline.settings import load_settings

    return ZoneInfo(load_settings(config).web.time_zone)
