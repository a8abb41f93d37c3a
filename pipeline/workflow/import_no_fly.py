"""Import no-fly zones: polygons from a vector file, with the days on which they hold where it has them."""

from datetime import date
from pathlib import Path
from typing import Final

from pipeline.errors import InvalidInputError
from pipeline.imagery.areas import field_names, read_areas, read_fields
from pipeline.store.no_fly import Barred

DAYS: Final = ("valid_from", "valid_until")


def read_zones(path: Path, *, name_field: str | None = None) -> tuple[Barred, ...]:
    """The zones of a file; fields of ``DAYS`` that it lacks, or that are empty, are open ends.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, or has a zone that never holds.
    """
    areas = read_areas(path, name_field=name_field)
    known = tuple(field for field in DAYS if field in field_names(path))
    rows = read_fields(path, known).rows if known else ({},) * len(areas)
    return tuple(
        Barred(name=area.name, outline=area.outline, **{field: _day(row[field], area.name) for field in known})
        for area, row in zip(areas, rows, strict=True)
    )


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text[:10].replace("/", "-")) if text else None
    except ValueError as error:
        raise InvalidInputError(f"{name} has the day {text!r}; write it as 2026-05-31") from error
