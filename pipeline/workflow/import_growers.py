"""Import growers: licensed ground from a vector file, without anything that tells whose it is."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pipeline.domain.grower import GrowerKind, Licence
from pipeline.errors import InvalidInputError
from pipeline.imagery.areas import read_areas, read_fields
from pipeline.store.growers import LicensedGround

FIELDS: Final = ("licence", "kind", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGrowers:
    """What a file says; ``left_out`` fields were not even read, since they might name people."""

    grounds: tuple[LicensedGround, ...]
    left_out: int


def read_growers(path: Path) -> ReadGrowers:
    """Licensed ground from a file with the fields ``FIELDS``.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, lacks a field, or has a licence that is none.
    """
    areas, fields = read_areas(path, name_field=FIELDS[0]), read_fields(path, FIELDS)
    rows = enumerate(zip(areas, fields.rows, strict=True), start=1)
    grounds = [LicensedGround(licence=_licence(row, number), outline=area.outline) for number, (area, row) in rows]
    return ReadGrowers(grounds=tuple(grounds), left_out=fields.left_out)


def _licence(row: dict[str, str], number: int) -> Licence:
    if row["kind"] not in set(GrowerKind):
        kinds = ", ".join(GrowerKind)
        raise InvalidInputError(f"polygon {number} has the kind {row['kind']!r}; write one of: {kinds}")
    return Licence(
        number=row["licence"],
        kind=GrowerKind(row["kind"]),
        valid_from=_day(row["valid_from"], number),
        valid_until=_day(row["valid_until"], number),
    )


def _day(text: str, number: int) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise InvalidInputError(f"polygon {number} has the day {text!r}; write it as 2026-05-31") from error
